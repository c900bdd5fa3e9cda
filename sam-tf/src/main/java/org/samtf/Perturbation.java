package org.samtf;

import java.util.ArrayList;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.family.TNumber;

/** ε as a direction times a step length, so that neither loses small or large gradients. */
final class Perturbation {

  /** ε of each variable is {@code step} times this; entries of the order of 1. */
  final List<Operand<TNumber>> directions;

  /** A scalar. */
  final Operand<TNumber> step;

  /** ‖g‖_q, the norm of the gradient that is dual to that of the neighbourhood; a scalar. */
  final Operand<TNumber> dualNorm;

  Perturbation(
      List<Operand<TNumber>> directions, Operand<TNumber> step, Operand<TNumber> dualNorm) {
    this.directions = directions;
    this.step = step;
    this.dualNorm = dualNorm;
  }

  /** ε, one tensor a variable. */
  List<Operand<TNumber>> epsilons(Ops tf) {
    Reals reals = new Reals(tf);
    List<Operand<TNumber>> epsilons = new ArrayList<>();
    for (Operand<TNumber> direction : directions) {
      epsilons.add(tf.withName("epsilon").math.mul(direction, reals.cast(step, direction.type())));
    }
    return epsilons;
  }

  /** ‖ε‖_p, computed from the perturbation and not from rho. */
  Operand<TNumber> norm(Ops tf, double p) {
    Reals reals = new Reals(tf);
    List<Operand<TNumber>> parts = new ArrayList<>();
    for (Operand<TNumber> direction : directions) {
      parts.add(reals.cast(partOfNorm(tf, reals, direction, p), step.type()));
    }
    Operand<TNumber> all = tf.stack(parts);
    Operand<TNumber> directionNorm;
    if (p == Double.POSITIVE_INFINITY) {
      directionNorm = reals.max(all);
    } else if (p == 2) {
      directionNorm = tf.math.sqrt(tf.math.mul(reals.constant(2, step.type()), reals.sum(all)));
    } else {
      directionNorm = tf.math.pow(reals.sum(all), reals.constant(1 / p, step.type()));
    }
    return tf.math.mul(step, directionNorm);
  }

  private static Operand<TNumber> partOfNorm(
      Ops tf, Reals reals, Operand<TNumber> direction, double p) {
    if (p == 2) {
      return reals.halfSumOfSquares(direction);
    }
    Operand<TNumber> magnitude = tf.math.abs(direction);
    if (p == Double.POSITIVE_INFINITY) {
      return reals.max(magnitude);
    }
    if (p == 1) {
      return reals.sum(magnitude);
    }
    return reals.sum(tf.math.pow(magnitude, reals.constant(p, direction.type())));
  }
}
