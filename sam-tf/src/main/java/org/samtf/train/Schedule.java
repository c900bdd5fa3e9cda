package org.samtf.train;

import org.samtf.internal.graph.Numbers;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt64;

/**
 * A number that changes from step to step: a learning rate, a weight decay, the ρ of SAM.
 *
 * <p>It is computed in the graph from a count of steps that is saved with the other variables, so
 * that a resumed training goes on where it was. {@link Schedules} has the usual ones; a function of
 * the step is one too:
 *
 * <pre>{@code
 * Schedule inverse = (tf, step) -> tf.math.div(tf.constant(1.0), tf.math.add(step, tf.constant(1.0)));
 * }</pre>
 */
@FunctionalInterface
public interface Schedule {

  /**
   * Adds the ops that compute the value.
   *
   * @param tf where they go
   * @param step how many steps were taken before this one, a scalar
   * @return the value, a scalar
   */
  Operand<TFloat64> at(Ops tf, Operand<TFloat64> step);

  /**
   * This schedule for some steps, then another, whose steps are counted from there.
   *
   * @param steps how many, at least 0
   * @param next the other
   * @return both
   * @throws IllegalArgumentException if {@code steps} is negative
   */
  default Schedule then(long steps, Schedule next) {
    Numbers.atLeast("steps", steps, 0);
    return (tf, step) -> {
      Operand<TFloat64> length = tf.constant((double) steps);
      return tf.select(
          tf.math.less(step, length), at(tf, step), next.at(tf, tf.math.sub(step, length)));
    };
  }

  /**
   * The product with another schedule.
   *
   * @param other the other
   * @return both, multiplied
   */
  default Schedule times(Schedule other) {
    return (tf, step) -> tf.math.mul(at(tf, step), other.at(tf, step));
  }

  /**
   * The value at a step that is counted as an integer.
   *
   * @param tf where the ops go
   * @param step how many steps were taken before this one, a scalar
   * @return the value, a scalar
   */
  default Operand<TFloat64> atStep(Ops tf, Operand<TInt64> step) {
    return at(tf, tf.dtypes.cast(step, TFloat64.class));
  }
}
