package org.samtf;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.LossGraph;
import org.samtf.internal.graph.LossGraph.Node;
import org.samtf.internal.graph.OpCopier;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operation;
import org.tensorflow.Output;

/**
 * The second pass: a copy of the forward ops in which each perturbed variable is read as another
 * tensor.
 *
 * <p>A graph runs each op once in a {@code session.run}, so a second pass needs ops of its own.
 */
final class Twin {

  private final Map<Node, Output<?>> readAs;
  private final TwinPlan plan;
  private final Map<Node, GraphOperation> copies = new HashMap<>();
  private final Output<?> loss;

  /**
   * Writes the twin.
   *
   * @param scope where the copies go, under their original names
   * @param readAs what the second pass reads in place of the value of each perturbed variable
   * @param readAfter the op after which the variables themselves hold w+ε, for ops that take these;
   *     null if they never do
   */
  Twin(
      GraphScope scope,
      LossGraph forward,
      TwinPlan plan,
      Output<?> loss,
      Map<Node, Output<?>> readAs,
      Operation readAfter) {
    this.plan = plan;
    this.readAs = readAs;
    OpCopier copier = new OpCopier(scope);
    for (Node node : forward.inputsFirst()) {
      if (plan.isCopied(node)) {
        copies.put(node, copier.copy(node.op, inputs(node), controls(node, readAfter)));
      }
    }
    this.loss = output(forward.loss(), loss.index());
  }

  /** The loss of the second pass. */
  Output<?> loss() {
    return loss;
  }

  private List<Output<?>> inputs(Node node) {
    List<Output<?>> inputs = new ArrayList<>(node.inputs.length);
    for (int i = 0; i < node.inputs.length; i++) {
      inputs.add(
          takesVariable(node, i)
              ? node.inputs[i].op.output(0)
              : output(node.inputs[i], node.inputOutputs[i]));
    }
    return inputs;
  }

  /** Whether an input is a perturbed variable itself and not its value. */
  private boolean takesVariable(Node node, int input) {
    return readAs.containsKey(node.inputs[input]) && node.takesRef(input);
  }

  /** What the second pass uses as output {@code index} of {@code node}. */
  private Output<?> output(Node node, int index) {
    Node source = node;
    int sourceIndex = index;
    while (plan.isPassedBy(source)) {
      sourceIndex = source.inputOutputs[0];
      source = source.inputs[0];
    }
    Output<?> perturbed = readAs.get(source);
    if (perturbed != null) {
      return perturbed;
    }
    return copies.getOrDefault(source, source.op).output(sourceIndex);
  }

  private List<GraphOperation> controls(Node node, Operation readAfter) {
    List<GraphOperation> controls = new ArrayList<>();
    for (Node control : node.controls) {
      controls.add(copies.getOrDefault(control, control.op));
    }
    for (int i = 0; i < node.inputs.length; i++) {
      if (takesVariable(node, i)) {
        controls.add((GraphOperation) readAfter);
        break;
      }
    }
    return controls;
  }
}
