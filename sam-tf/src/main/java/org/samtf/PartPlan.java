package org.samtf;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.samtf.internal.graph.Node;
import org.samtf.internal.graph.OpDefs;
import org.samtf.internal.graph.OpKinds;
import org.samtf.internal.graph.TwinPlan;
import org.samtf.internal.graph.Upstream;
import org.tensorflow.GraphOperation;
import org.tensorflow.Output;

/**
 * Decides which forward ops a part of a batch needs copies of: all that the batch inputs lead to.
 *
 * <p>A random op among them is drawn for each part. Another op with a side effect, such as the
 * assignment of a moving average, runs once a step: it is copied for the first part only, and the
 * others do without.
 */
final class PartPlan {

  private final Set<Output<?>> batchInputs;
  private final Set<Node> dependent = new HashSet<>();
  private final Node loss;
  private final Set<Node> ofFirst;
  private final Set<Node> ofOthers;

  /** The ops that parts other than the first do without. */
  private final Set<GraphOperation> leftOut = new HashSet<>();

  /**
   * Plans the parts.
   *
   * @throws IllegalArgumentException if an input does not lead to the loss, or an op on the way
   *     cannot be copied
   */
  PartPlan(Upstream forward, Set<Output<?>> batchInputs) {
    this.batchInputs = batchInputs;
    this.loss = forward.last();
    findDependent(forward);
    ofFirst = needed(true);
    ofOthers = needed(false);
    for (Node node : dependent) {
      if (!ofOthers.contains(node)) {
        leftOut.add(node.op);
      }
    }
    for (Node node : forward.feeding()) {
      if (dependent.contains(node)) {
        requireCopyable(node);
      }
    }
  }

  /** Whether it is computed from the batch inputs. */
  boolean isDependent(Node node) {
    return dependent.contains(node);
  }

  /** Whether the part has a copy of its own. */
  boolean isCopied(Node node, boolean first) {
    return (first ? ofFirst : ofOthers).contains(node);
  }

  /** Whether the copies of the part come after {@code control}, or its copy. */
  boolean keepsControl(GraphOperation control, boolean first) {
    return first || !leftOut.contains(control);
  }

  private void findDependent(Upstream forward) {
    Set<Output<?>> unused = new HashSet<>(batchInputs);
    int before;
    do {
      before = dependent.size();
      for (Node node : forward.inputsFirst()) {
        for (int i = 0; i < node.inputs.length; i++) {
          Node input = node.inputs[i];
          Output<?> output = input.op.output(node.inputOutputs[i]);
          if (batchInputs.contains(output)) {
            unused.remove(output);
            dependent.add(node);
          } else if (dependent.contains(input)) {
            dependent.add(node);
          }
        }
      }
    } while (dependent.size() > before);
    if (!unused.isEmpty()) {
      throw new IllegalArgumentException(
          "batch input \""
              + unused.iterator().next().op().name()
              + "\" does not lead to loss \""
              + loss.name
              + "\"; leave it out");
    }
    if (!dependent.contains(loss)) {
      throw new IllegalArgumentException(
          "loss \""
              + loss.name
              + "\" is not computed from the batch inputs; name those that it is");
    }
  }

  private Set<Node> needed(boolean first) {
    Set<Node> needed = new HashSet<>();
    Deque<Node> todo = new ArrayDeque<>();
    todo.add(loss);
    while (!todo.isEmpty()) {
      Node node = todo.remove();
      if (!dependent.contains(node) || !needed.add(node)) {
        continue;
      }
      todo.addAll(List.of(node.inputs));
      for (Node control : node.controls) {
        if (first || !hasSideEffect(control)) {
          todo.add(control);
        }
      }
    }
    return needed;
  }

  private static boolean hasSideEffect(Node node) {
    OpDefs.Definition definition = OpDefs.of(node.type);
    return !OpKinds.isGuard(node.type)
        && (definition.takesRef || definition.isStateful)
        && !OpKinds.isRandom(node.type)
        && !OpKinds.isCall(node.type);
  }

  private static void requireCopyable(Node node) {
    if (OpKinds.isLoop(node.type)) {
      throw TwinPlan.refuse(
          node, "is part of a loop with a back edge, which cannot be copied", "unroll the loop");
    }
    if (hasSideEffect(node) && !OpKinds.isPassThrough(node.type)) {
      throw TwinPlan.refuse(
          node,
          "has state or a side effect, so it runs once a step, and each part of the batch is"
              + " computed from it",
          "keep it off the path from the batch inputs to the loss");
    }
    refuseConstantBatchSize(node);
  }

  /** A Reshape to a constant number of rows, of a batch whose size is known only at run time. */
  private static void refuseConstantBatchSize(Node node) {
    if (!node.type.equals("Reshape") || !node.inputs[1].type.equals("Const")) {
      return;
    }
    var from = node.inputs[0].op.output(node.inputOutputs[0]).shape();
    var to = node.op.output(0).shape();
    if (from.numDimensions() > 0 && from.get(0) < 0 && to.numDimensions() > 0 && to.get(0) > 1) {
      throw TwinPlan.refuse(
          node,
          "has the batch size "
              + to.get(0)
              + " as a constant, which a part of the batch does not"
              + " have",
          "write -1 for it, or take it from tf.shape of the input");
    }
  }
}
