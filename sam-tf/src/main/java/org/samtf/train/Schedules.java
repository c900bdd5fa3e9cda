package org.samtf.train;

import org.samtf.internal.graph.Numbers;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat64;

/**
 * The usual schedules. Steps are counted from 0; a schedule that has an end keeps its last value
 * after it.
 */
public final class Schedules {

  private Schedules() {}

  /**
   * The same in each step.
   *
   * @param value finite
   * @return the schedule
   * @throws IllegalArgumentException if {@code value} is not finite
   */
  public static Schedule constant(double value) {
    Numbers.finite("value", value);
    return (tf, step) -> tf.constant(value);
  }

  /**
   * In a straight line: {@code first} at step 0, {@code last} at step {@code steps} and after it. A
   * warm-up is {@code linear(0, rate, steps).then(steps, …)}.
   *
   * @param first finite
   * @param last finite
   * @param steps at least 1
   * @return the schedule
   * @throws IllegalArgumentException if a number is out of range
   */
  public static Schedule linear(double first, double last, long steps) {
    return polynomial(first, last, steps, 1);
  }

  /**
   * A power of what is left: {@code last + (first − last)(1 − t/steps)^power}.
   *
   * @param first finite
   * @param last finite
   * @param steps at least 1
   * @param power more than 0
   * @return the schedule
   * @throws IllegalArgumentException if a number is out of range
   */
  public static Schedule polynomial(double first, double last, long steps, double power) {
    Numbers.finite("first", first);
    Numbers.finite("last", last);
    Numbers.atLeast("steps", steps, 1);
    Numbers.positive("power", power);
    return (tf, step) -> {
      Operand<TFloat64> left = tf.math.sub(tf.constant(1.0), share(tf, step, steps));
      Operand<TFloat64> factor = power == 1 ? left : tf.math.pow(left, tf.constant(power));
      return tf.math.add(tf.constant(last), tf.math.mul(factor, tf.constant(first - last)));
    };
  }

  /**
   * Half a cosine (Loshchilov and Hutter 2017, "SGDR: Stochastic Gradient Descent with Warm
   * Restarts", equation 5, without restarts): {@code last + ½(first − last)(1 + cos(πt/steps))}.
   *
   * @param first finite
   * @param last finite
   * @param steps at least 1
   * @return the schedule
   * @throws IllegalArgumentException if a number is out of range
   */
  public static Schedule cosine(double first, double last, long steps) {
    Numbers.finite("first", first);
    Numbers.finite("last", last);
    Numbers.atLeast("steps", steps, 1);
    return (tf, step) -> {
      Operand<TFloat64> angle = tf.math.mul(share(tf, step, steps), tf.constant(Math.PI));
      Operand<TFloat64> height = tf.math.add(tf.math.cos(angle), tf.constant(1.0));
      return tf.math.add(tf.constant(last), tf.math.mul(height, tf.constant((first - last) / 2)));
    };
  }

  /**
   * Half a cosine again and again (Loshchilov and Hutter 2017, "SGDR: Stochastic Gradient Descent
   * with Warm Restarts", equation 5), each time {@code factor} times as long, as PyTorch's {@code
   * CosineAnnealingWarmRestarts} has it. It has no end.
   *
   * @param first finite: where each begins
   * @param last finite: what each falls towards
   * @param steps of the first, at least 1
   * @param factor at least 1
   * @return the schedule
   * @throws IllegalArgumentException if a number is out of range
   */
  public static Schedule cosineRestarts(double first, double last, long steps, int factor) {
    Numbers.finite("first", first);
    Numbers.finite("last", last);
    Numbers.atLeast("steps", steps, 1);
    Numbers.atLeast("factor", factor, 1);
    return (tf, step) -> {
      Operand<TFloat64> length = tf.constant((double) steps);
      Operand<TFloat64> since;
      if (factor == 1) {
        since = tf.math.floorMod(step, length);
      } else {
        // n restarts are over after steps·(factorⁿ − 1)/(factor − 1).
        Operand<TFloat64> one = tf.constant(1.0);
        Operand<TFloat64> ratio = tf.constant(factor - 1.0);
        Operand<TFloat64> power = tf.math.add(tf.math.div(tf.math.mul(step, ratio), length), one);
        Operand<TFloat64> over = tf.math.div(tf.math.log(power), tf.constant(Math.log(factor)));
        // What rounding takes from a whole number is given back; a step is more than that.
        Operand<TFloat64> n = tf.math.floor(tf.math.add(over, tf.constant(1e-12)));
        Operand<TFloat64> now = tf.math.pow(tf.constant((double) factor), n);
        Operand<TFloat64> before = tf.math.div(tf.math.mul(length, tf.math.sub(now, one)), ratio);
        since = tf.math.sub(step, before);
        length = tf.math.mul(length, now);
      }
      Operand<TFloat64> angle = tf.math.mul(tf.math.div(since, length), tf.constant(Math.PI));
      Operand<TFloat64> height = tf.math.add(tf.math.cos(angle), tf.constant(1.0));
      return tf.math.add(tf.constant(last), tf.math.mul(height, tf.constant((first - last) / 2)));
    };
  }

  /**
   * By the same factor in each step: {@code first · rate^(t/steps)}.
   *
   * @param first finite
   * @param rate more than 0: what is left after {@code steps}
   * @param steps at least 1
   * @return the schedule, which has no end
   * @throws IllegalArgumentException if a number is out of range
   */
  public static Schedule exponential(double first, double rate, long steps) {
    Numbers.finite("first", first);
    Numbers.positive("rate", rate);
    Numbers.atLeast("steps", steps, 1);
    return (tf, step) ->
        tf.math.mul(
            tf.constant(first),
            tf.math.pow(tf.constant(rate), tf.math.div(step, tf.constant((double) steps))));
  }

  /**
   * In stairs: {@code values[i]} before step {@code boundaries[i]}, the last value from the last
   * boundary on.
   *
   * @param boundaries steps, each more than the one before and the first at least 1
   * @param values finite, one more than boundaries
   * @return the schedule
   * @throws IllegalArgumentException if a number is out of range, or there are not as many
   */
  public static Schedule piecewise(long[] boundaries, double... values) {
    long[] ends = boundaries.clone();
    double[] stairs = values.clone();
    if (stairs.length != ends.length + 1) {
      throw new IllegalArgumentException(
          "piecewise has "
              + ends.length
              + " boundaries and "
              + stairs.length
              + " values; it takes one value more than boundaries");
    }
    for (int i = 0; i < stairs.length; i++) {
      Numbers.finite("value " + i, stairs[i]);
    }
    for (int i = 0; i < ends.length; i++) {
      Numbers.atLeast("boundary " + i, ends[i], i == 0 ? 1 : ends[i - 1] + 1);
    }
    return (tf, step) -> {
      Operand<TFloat64> value = tf.constant(stairs[ends.length]);
      for (int i = ends.length - 1; i >= 0; i--) {
        value =
            tf.select(
                tf.math.less(step, tf.constant((double) ends[i])), tf.constant(stairs[i]), value);
      }
      return value;
    };
  }

  /**
   * One cycle (Smith and Topin 2018, "Super-Convergence"): half a cosine up from {@code peak/25} to
   * {@code peak} in the first three tenths, and half a cosine down to {@code peak/250000} in the
   * rest, as PyTorch's {@code OneCycleLR} has it, with the momentum left alone.
   *
   * @param peak finite
   * @param steps at least 2
   * @return the schedule
   * @throws IllegalArgumentException if a number is out of range
   */
  public static Schedule oneCycle(double peak, long steps) {
    Numbers.finite("peak", peak);
    Numbers.atLeast("steps", steps, 2);
    double up = 0.3 * steps - 1;
    double down = steps - 1 - up;
    return (tf, step) -> {
      Operand<TFloat64> rise = cosine(tf, peak / 25, peak, step, up);
      Operand<TFloat64> fall =
          cosine(tf, peak, peak / 250_000, tf.math.sub(step, tf.constant(up)), down);
      return tf.select(tf.math.lessEqual(step, tf.constant(up)), rise, fall);
    };
  }

  private static Operand<TFloat64> cosine(
      Ops tf, double first, double last, Operand<TFloat64> step, double length) {
    Operand<TFloat64> share =
        length <= 0
            ? tf.constant(1.0)
            : tf.math.minimum(tf.math.div(step, tf.constant(length)), tf.constant(1.0));
    Operand<TFloat64> height =
        tf.math.add(tf.math.cos(tf.math.mul(share, tf.constant(Math.PI))), tf.constant(1.0));
    return tf.math.add(tf.constant(last), tf.math.mul(height, tf.constant((first - last) / 2)));
  }

  /** t/steps, at most 1. */
  private static Operand<TFloat64> share(Ops tf, Operand<TFloat64> step, long steps) {
    return tf.math.minimum(tf.math.div(step, tf.constant((double) steps)), tf.constant(1.0));
  }
}
