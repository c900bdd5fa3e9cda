package org.samtf.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.family.TNumber;

/**
 * The statistics of batch normalization for averages of the weights (Izmailov et al. 2018, section
 * 3.2): the mean over batches of what each batch's are at these weights, as PyTorch's {@code
 * update_bn} has it.
 *
 * <pre>{@code
 * BatchStatistics statistics = average.statistics(Map.of(movingMean, mean, movingVariance, variance));
 * ...
 * session.run(statistics.reset());
 * for (Batch batch : training) {
 *   session.runner().feed(images, batch.images()).addTarget(statistics.add()).run();
 * }
 * }</pre>
 *
 * <p>They are variables of their own: those that training moves stay as they are. Take batches of
 * one size, as large as those of training, and no step in between.
 */
public final class BatchStatistics {

  private final Op reset;
  private final Op add;
  private final Map<Output<?>, Output<?>> reads;

  private BatchStatistics(Op reset, Op add, Map<Output<?>, Output<?>> reads) {
    this.reset = reset;
    this.add = add;
    this.reads = reads;
  }

  /**
   * Adds the ops.
   *
   * @param ofBatch the moving averages, each with a tensor
   * @param atAverages those tensors at the averages of the weights
   */
  static BatchStatistics write(
      GraphScope scope, Map<Output<?>, Output<?>> ofBatch, List<Output<?>> atAverages) {
    Ops tf = scope.ops();
    Variable<TFloat64> batches = tf.withName("batches").variable(tf.constant(0.0));
    Operand<TFloat64> number = tf.math.add(batches, tf.constant(1.0));
    Operand<TFloat64> share = tf.math.div(tf.constant(1.0), number);
    // All or none: what fails, fails before.
    List<Op> computed = new ArrayList<>(atAverages);
    computed.add(share);
    Ops after = scope.withControlDependencies(computed).ops();
    Ops restart = scope.withSubScope("reset").ops();
    List<Op> added = new ArrayList<>();
    List<Op> resets = new ArrayList<>();
    Map<Output<?>, Output<?>> reads = new LinkedHashMap<>();
    Operand<TBool> any = tf.math.greater(batches, tf.constant(0.0));
    int next = 0;
    for (Output<?> variable : ofBatch.keySet()) {
      Variable<TNumber> mean = WeightAverage.zeros(variable, scope);
      Reals reals = new Reals(after);
      Operand<TNumber> value = reals.cast(atAverages.get(next++), mean.type());
      // m ← m − (m − x)/n
      added.add(
          after.train.applyGradientDescent(
              mean, after.dtypes.cast(share, mean.type()), after.math.sub(mean, value)));
      resets.add(restart.assign(mean, restart.zerosLike(mean)));
      reads.put(variable, WeightAverage.read(scope.withSubScope("read"), any, variable, mean));
    }
    added.add(scope.withControlDependencies(List.copyOf(added)).ops().assign(batches, number));
    resets.add(restart.assign(batches, restart.constant(0.0)));
    return new BatchStatistics(all(scope, "reset", resets), all(scope, "add", added), reads);
  }

  private static Op all(GraphScope scope, String name, List<Op> ops) {
    return scope.withName(name).withControlDependencies(ops).ops().noOp();
  }

  /**
   * Forgets what was added: run it before the first batch.
   *
   * @return the op to run
   */
  public Op reset() {
    return reset;
  }

  /**
   * Adds a batch: run it with the feeds of the pass in training mode.
   *
   * @return the op to run
   */
  public Op add() {
    return add;
  }

  /** What to read in place of the moving averages. */
  Map<Output<?>, Output<?>> reads() {
    return reads;
  }
}
