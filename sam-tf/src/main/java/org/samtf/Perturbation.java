package org.samtf;

import java.util.ArrayList;
import java.util.List;
import org.samtf.internal.graph.Magnitudes;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.family.TNumber;

/** ε as a direction times a step length, so that neither loses small or large gradients. */
final class Perturbation {

  /** ε of each variable is {@code step} times this. */
  final List<Operand<TNumber>> directions;

  /** A scalar. */
  final Operand<TNumber> step;

  /** A scalar that no entry of ε exceeds in magnitude, and that is of the order of the largest. */
  final Operand<TNumber> bound;

  /** ‖g‖_q, the norm of the gradient that is dual to that of the neighbourhood; a scalar. */
  final Operand<TNumber> dualNorm;

  /** Whether the gradient is finite, a scalar; or what fails if it is not. */
  final Operand<TBool> finite;

  Perturbation(
      List<Operand<TNumber>> directions,
      Operand<TNumber> step,
      Operand<TNumber> bound,
      Operand<TNumber> dualNorm,
      Operand<TBool> finite) {
    this.directions = directions;
    this.step = step;
    this.bound = bound;
    this.dualNorm = dualNorm;
    this.finite = finite;
  }

  /** ε, one tensor for each direction. */
  List<Operand<TNumber>> epsilons(Ops tf) {
    Reals reals = new Reals(tf);
    List<Operand<TNumber>> epsilons = new ArrayList<>();
    for (Operand<TNumber> direction : directions) {
      Reals there = reals.beside(direction);
      epsilons.add(
          there.ops().withName("epsilon").math.mul(direction, there.cast(step, direction.type())));
    }
    return epsilons;
  }

  /**
   * ‖ε‖_p, computed from {@code epsilons} and not from what it should be.
   *
   * @param bound that of {@code epsilons}
   */
  static Operand<TNumber> norm(
      Ops tf, List<Operand<TNumber>> epsilons, Operand<TNumber> bound, double p) {
    Reals reals = new Reals(tf);
    Class<TNumber> type = bound.type();
    // Powers of very small or large entries would leave the range of the type.
    Operand<TNumber> divisor = Magnitudes.orOne(tf, reals, bound);
    List<Operand<TNumber>> parts = new ArrayList<>();
    for (Operand<TNumber> epsilon : epsilons) {
      Reals there = reals.beside(epsilon);
      Ops at = there.ops();
      Operand<TNumber> scaled = at.math.div(epsilon, there.cast(divisor, epsilon.type()));
      parts.add(there.cast(partOfNorm(at, there, scaled, p), type));
    }
    Operand<TNumber> all = tf.stack(parts);
    Operand<TNumber> scaledNorm;
    if (p == Double.POSITIVE_INFINITY) {
      // The largest of no entries is minus infinity.
      scaledNorm = tf.math.maximum(reals.max(all), reals.constant(0, type));
    } else if (p == 2) {
      scaledNorm = tf.math.sqrt(tf.math.mul(reals.constant(2, type), reals.sum(all)));
    } else {
      scaledNorm = tf.math.pow(reals.sum(all), reals.constant(1 / p, type));
    }
    return tf.math.mul(divisor, scaledNorm);
  }

  private static Operand<TNumber> partOfNorm(
      Ops tf, Reals reals, Operand<TNumber> scaled, double p) {
    if (p == 2) {
      return reals.halfSumOfSquares(scaled);
    }
    Operand<TNumber> magnitude = tf.math.abs(scaled);
    if (p == Double.POSITIVE_INFINITY) {
      return reals.max(magnitude);
    }
    if (p == 1) {
      return reals.sum(magnitude);
    }
    return reals.sum(tf.math.pow(magnitude, reals.constant(p, scaled.type())));
  }
}
