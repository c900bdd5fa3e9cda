package org.samtf.examples.model;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.types.TFloat32;

/**
 * Finds the batch statistics that a step computes anyway.
 *
 * <p>An optimizer that cuts the batch computes copies of the training pass, one a part. To read the
 * statistics of the pass itself would compute the whole batch once more.
 */
final class StepStatistics {

  /** Of the inputs of a normalisation: x, scale, offset, mean, variance. */
  private static final int SCALE = 1;

  private final List<GraphOperation> behindLoss = new ArrayList<>();

  /** Looks at all that the loss of the step is computed from. */
  StepStatistics(Operand<?> loss) {
    Set<GraphOperation> seen = new HashSet<>();
    Deque<GraphOperation> todo = new ArrayDeque<>();
    todo.add((GraphOperation) loss.op());
    while (!todo.isEmpty()) {
      GraphOperation op = todo.remove();
      if (seen.add(op)) {
        behindLoss.add(op);
        op.inputs().forEach(input -> todo.add((GraphOperation) input.op()));
      }
    }
  }

  /**
   * A statistic as each part of the step has it: the original or its copies, which are known by the
   * scale that they read.
   */
  List<Operand<TFloat32>> of(Operand<TFloat32> statistic) {
    GraphOperation original = (GraphOperation) statistic.op();
    Output<?> scale = scale(original);
    List<Operand<TFloat32>> found = new ArrayList<>();
    for (GraphOperation op : behindLoss) {
      if (op.type().equals(original.type()) && scale(op).equals(scale)) {
        found.add(op.output(statistic.asOutput().index()));
      }
    }
    return found;
  }

  /** The variable; a part on another device reads it through an op there. */
  private static Output<?> scale(GraphOperation normalization) {
    Output<?> read = normalization.inputs().get(SCALE).asOutput();
    while (read.op().type().equals("Identity")) {
      read = ((GraphOperation) read.op()).inputs().get(0).asOutput();
    }
    return read;
  }
}
