package org.samtf;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.samtf.internal.graph.Assignments;
import org.samtf.internal.graph.Functions;
import org.samtf.internal.graph.LossGraph;
import org.samtf.internal.graph.LossGraph.Node;
import org.samtf.internal.graph.OpDefs;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;

/**
 * Decides which forward ops the second pass needs copies of, and refuses what cannot be copied.
 *
 * <p>Copied is what lies on a path from a perturbed variable to the loss and has no side effect;
 * the rest is shared by both passes. An op with state or a side effect runs once a step, so it is
 * shared too, but only if sharing it does not cut a path along which the loss depends on the
 * weights: a dropout mask does not depend on them (its shape may be read from an activation), an
 * activation written to a variable and read back does.
 */
final class TwinPlan {

  /** Ops that hand their first input on and have a side effect: the twin goes past them. */
  static final Set<String> PASS_THROUGH = Set.of("Print");

  /** Marked as stateful, so as not to be pruned or merged, yet without state or side effect. */
  private static final Set<String> STATELESS_IN_FACT =
      Set.of(
          "CheckNumerics",
          "CheckNumericsV2",
          "DeepCopy",
          "GuaranteeConst",
          "LookupTableFind",
          "LookupTableFindV2");

  static final Set<String> LOOPS =
      Set.of(
          "Enter", "RefEnter", "Exit", "RefExit", "NextIteration", "RefNextIteration", "LoopCond");

  /** Depend on the shape of their input and not on its values. */
  private static final Set<String> SHAPE_READERS =
      Set.of("Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike");

  /** The shape of their output depends on the values of an input. */
  private static final Set<String> SHAPED_BY_VALUES =
      Set.of(
          "Where",
          "Unique",
          "UniqueV2",
          "UniqueWithCounts",
          "UniqueWithCountsV2",
          "ListDiff",
          "DynamicPartition",
          "NonMaxSuppression",
          "NonMaxSuppressionV2",
          "NonMaxSuppressionV3",
          "NonMaxSuppressionV4",
          "NonMaxSuppressionV5",
          "NonMaxSuppressionWithOverlaps",
          "CombinedNonMaxSuppression",
          "Range",
          "LinSpace",
          "Fill",
          "Reshape",
          "Tile",
          "Slice",
          "StridedSlice",
          "BroadcastTo",
          "Pad",
          "PadV2",
          "MirrorPad",
          "OneHot",
          "SegmentSum",
          "SegmentMean",
          "SegmentMax",
          "SegmentMin",
          "SegmentProd",
          "UnsortedSegmentSum",
          "UnsortedSegmentMax",
          "UnsortedSegmentMin",
          "UnsortedSegmentProd",
          "SparseToDense",
          "ScatterNd",
          "Bincount",
          "DenseBincount",
          "RaggedRange",
          "PartitionedCall",
          "StatefulPartitionedCall",
          "StatelessIf",
          "StatelessWhile",
          "If",
          "While",
          "Case");

  private final Functions functions;
  private final Set<Node> perturbed;
  private final boolean inPlace;

  /** Ops whose outputs differ between the passes: copied or passed by, and the variables. */
  private final Set<Node> differing = new HashSet<>();

  private final Set<Node> passedBy = new HashSet<>();

  /** The part of {@link #differing} that does so by more than the shape of an activation. */
  private final Set<Node> differingInValue = new HashSet<>();

  private final Set<Node> differingInShape = new HashSet<>();

  private final Set<Node> copied = new HashSet<>();

  /**
   * Plans the twin.
   *
   * @param inPlace whether the second pass will read the variables themselves
   * @throws IllegalArgumentException if an op can be neither copied nor shared
   */
  TwinPlan(Graph graph, LossGraph forward, Set<Node> perturbed, boolean inPlace) {
    this.functions = new Functions(graph);
    this.perturbed = perturbed;
    this.inPlace = inPlace;
    findDiffering(forward.feedingLoss());
    keepWhatTheLossNeeds(forward.loss());
  }

  /** Whether the second pass has its own copy of this op. */
  boolean isCopied(Node node) {
    return copied.contains(node);
  }

  /** Whether the second pass uses the op's first input in place of its output. */
  boolean isPassedBy(Node node) {
    return passedBy.contains(node);
  }

  private void findDiffering(List<Node> feedingLoss) {
    // A loop leads back to an op that was seen before, so go on until nothing is found.
    int before;
    do {
      before = differing.size() + differingInValue.size() + differingInShape.size();
      for (Node node : feedingLoss) {
        if (perturbed.contains(node)) {
          differing.add(node);
          differingInValue.add(node);
        } else if (!anyIn(differing, node.inputs) || isShared(node)) {
          continue;
        } else {
          differing.add(node);
          findHowItDiffers(node);
        }
      }
    } while (differing.size() + differingInValue.size() + differingInShape.size() > before);
  }

  private void findHowItDiffers(Node node) {
    boolean shape =
        anyIn(differingInShape, node.inputs)
            || (SHAPED_BY_VALUES.contains(node.type) && anyIn(differingInValue, node.inputs));
    boolean value =
        SHAPE_READERS.contains(node.type)
            ? anyIn(differingInShape, node.inputs)
            : anyIn(differingInValue, node.inputs);
    if (value) {
      differingInValue.add(node);
    }
    if (shape && !differingInShape.contains(node) && !hasKnownShapes(node.op)) {
      differingInShape.add(node);
    }
  }

  /** Whether an op with an input that differs is nevertheless run only once. */
  private boolean isShared(Node node) {
    if (LOOPS.contains(node.type)) {
      throw refuse(
          node, "is part of a loop with a back edge, which cannot be copied", "unroll the loop");
    }
    OpDefs.Definition definition = OpDefs.of(node.type);
    if (definition.takesRef) {
      if (Assignments.areMadeBy(node.type)) {
        throw refuse(
            node,
            "assigns to a variable, and the loss is computed from what it returns",
            "compute the loss from the value that is assigned, and run the assignment beside it");
      }
      if (!inPlace) {
        throw refuse(
            node,
            "takes a variable itself and not its value, so it cannot be given w+epsilon",
            "read the variable through tf.identity, or build the optimizer with inPlace(true)");
      }
      return false;
    }
    if (Functions.CALLS.contains(node.type)) {
      String op = functions.opWithSideEffect(node.op, STATELESS_IN_FACT);
      if (op == null) {
        return false;
      }
      throw refuse(
          node,
          "calls a function with op "
              + op
              + " in it, which has state, a side effect or random"
              + " numbers and would run twice a step",
          "move that op out of the function");
    }
    if (!definition.isStateful || STATELESS_IN_FACT.contains(node.type)) {
      return false;
    }
    if (PASS_THROUGH.contains(node.type)) {
      passedBy.add(node);
      return false;
    }
    if (anyIn(differingInValue, node.inputs)) {
      throw refuse(
          node,
          "has state or a side effect, so it runs once a step, but the loss is computed from what"
              + " it makes of the weights",
          "keep it off the path from the weights to the loss");
    }
    return true;
  }

  private void keepWhatTheLossNeeds(Node loss) {
    Deque<Node> todo = new ArrayDeque<>();
    Set<Node> seen = new HashSet<>();
    todo.add(loss);
    while (!todo.isEmpty()) {
      Node node = todo.remove();
      if (!differing.contains(node) || perturbed.contains(node) || !seen.add(node)) {
        continue;
      }
      if (passedBy.contains(node)) {
        todo.add(node.inputs[0]);
      } else {
        copied.add(node);
        todo.addAll(List.of(node.inputs));
      }
    }
  }

  private static boolean hasKnownShapes(GraphOperation op) {
    for (int i = 0; i < op.numOutputs(); i++) {
      if (op.output(i).shape().hasUnknownDimension()) {
        return false;
      }
    }
    return true;
  }

  private static boolean anyIn(Set<Node> set, Node[] nodes) {
    for (Node node : nodes) {
      if (set.contains(node)) {
        return true;
      }
    }
    return false;
  }

  static IllegalArgumentException refuse(Node node, String why, String instead) {
    return new IllegalArgumentException(
        "op \"" + node.name + "\" (" + node.type + ") " + why + "; " + instead);
  }
}
