package org.samtf.internal.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operation;
import org.tensorflow.Output;

/**
 * A copy of the ops behind a tensor, such as a loss, in which some variables are read as other
 * tensors: SAM's second pass, or a loss at averages of the weights.
 *
 * <p>A graph runs each op once in a {@code session.run}, so a second pass needs ops of its own.
 */
public final class Twin {

  private final Output<?> loss;
  private final GraphCopy copy;
  private final Map<Output<?>, Output<?>> instead = new HashMap<>();

  /**
   * Writes the twin.
   *
   * @param scope where the copies go, under their original names
   * @param readAs what the copies read in place of the value of each of these variables
   * @param readAfter the op after which the variables themselves hold that, for ops that take
   *     these; null if they never do
   */
  public Twin(
      GraphScope scope,
      Upstream forward,
      TwinPlan plan,
      Output<?> loss,
      Map<Node, Output<?>> readAs,
      Operation readAfter) {
    readAs.forEach((variable, tensor) -> instead.put(variable.op.output(0), tensor));
    GraphCopy.Inputs reading =
        (reader, index, input) -> {
          Output<?> tensor = instead.get(input);
          return tensor == null || OpDefs.isRefInput(reader, index) ? input : tensor;
        };
    this.copy = GraphCopy.below(scope).reading(reading);
    List<GraphOperation> withLoops = new ArrayList<>();
    for (Node node : forward.inputsFirst()) {
      if (plan.isPassedBy(node)) {
        Output<?> input = node.input(0);
        instead.put(node.op.output(0), instead.getOrDefault(input, input));
      } else if (plan.isCopied(node) && plan.hasLoops()) {
        withLoops.add(node.op);
      } else if (plan.isCopied(node)) {
        boolean takesVariable = node.takesRefOf(readAs.keySet());
        copy.add(node.op, takesVariable ? List.of((GraphOperation) readAfter) : List.of());
      }
    }
    if (!withLoops.isEmpty()) {
      LoopCopy.of(scope, withLoops, reading).forEach(copy::put);
    }
    this.loss = of(loss);
  }

  /** A tensor that the loss is computed from, as the copy has it. */
  public Output<?> of(Output<?> tensor) {
    return copy.of(instead.getOrDefault(tensor, tensor));
  }

  /** The copy of the loss. */
  public Output<?> loss() {
    return loss;
  }
}
