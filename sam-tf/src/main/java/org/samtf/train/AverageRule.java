package org.samtf.train;

import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat64;

/**
 * How much of the way to the weights an average goes: a ← a + r(w − a).
 *
 * <p>The first r is 1, so that the average begins with weights and not with zeros.
 */
@FunctionalInterface
interface AverageRule {

  /**
   * Adds the ops that compute r.
   *
   * @param number which weights are averaged, counted from 1
   */
  Operand<TFloat64> rate(Ops tf, Operand<TFloat64> number);

  /** The mean of all: r = 1/n. */
  static AverageRule mean() {
    return (tf, n) -> tf.math.div(tf.constant(1.0), n);
  }

  /** a ← da + (1−d)w, after the first. */
  static AverageRule exponential(double decay) {
    return (tf, n) -> afterFirst(tf, n, tf.constant(1 - decay));
  }

  /**
   * (1−d) Σ dⁿ⁻ⁱ wᵢ / (1−dⁿ), which is what Adam makes of its moments, without a number that is
   * small at first: r = (1−d)/(1−dⁿ).
   */
  static AverageRule corrected(double decay) {
    return (tf, n) ->
        tf.math.div(
            tf.constant(1 - decay),
            tf.math.sub(tf.constant(1.0), tf.math.pow(tf.constant(decay), n)));
  }

  /** With the decay min(d, (1+t)/(10+t)) after t others. */
  static AverageRule warmedUp(double decay) {
    return (tf, n) -> {
      // t = n − 1
      Operand<TFloat64> early = tf.math.div(n, tf.math.add(n, tf.constant(9.0)));
      Operand<TFloat64> now = tf.math.minimum(tf.constant(decay), early);
      return afterFirst(tf, n, tf.math.sub(tf.constant(1.0), now));
    };
  }

  private static Operand<TFloat64> afterFirst(
      Ops tf, Operand<TFloat64> number, Operand<TFloat64> rate) {
    return tf.select(tf.math.lessEqual(number, tf.constant(1.0)), tf.constant(1.0), rate);
  }
}
