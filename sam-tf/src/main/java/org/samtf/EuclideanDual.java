package org.samtf;

import java.util.ArrayList;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.SwitchCond;
import org.tensorflow.types.TBool;
import org.tensorflow.types.family.TNumber;

/**
 * The perturbation for the 2-norm, ε(w) = ρ g / ‖g‖₂, in as few passes over the gradient as it can
 * be had in.
 *
 * <p>If Σg² is well within the range of the type, as it is but for extreme or bad gradients, it is
 * used as it is. If not, the step takes another way: {@link HolderDual}, which scales first. A
 * condition in the graph chooses; the ops of the way that is not taken are not run.
 *
 * <p>The condition is read on the host. On a GPU that would hold up the step, so there the scaled
 * way is always taken.
 */
final class EuclideanDual implements Ascent {

  private final HolderDual scaled = new HolderDual(2);

  @Override
  public Perturbation perturb(
      Ops tf,
      List<Operand<TNumber>> gradients,
      List<? extends Operand<?>> weights,
      List<String> names,
      Operand<TNumber> rho) {
    Reals reals = new Reals(tf);
    Class<TNumber> type = rho.type();
    List<Operand<TNumber>> halves = new ArrayList<>();
    for (Operand<TNumber> g : gradients) {
      halves.add(reals.cast(reals.halfSumOfSquares(g), type));
    }
    Operand<TNumber> norm =
        tf.withName("norm").math.sqrt(tf.math.mul(tf.math.addN(halves), reals.constant(2, type)));
    Operand<TBool> inRange = inRange(tf, reals, norm, gradients);

    List<SwitchCond<TNumber>> ways = new ArrayList<>();
    List<Operand<TNumber>> outOfRange = new ArrayList<>();
    for (Operand<TNumber> g : gradients) {
      SwitchCond<TNumber> way = tf.switchCond(g, inRange);
      ways.add(way);
      outOfRange.add(way.outputFalse());
    }
    Perturbation other =
        scaled.perturb(tf.withSubScope("outOfRange"), outOfRange, weights, names, rho);

    List<Operand<TNumber>> directions = new ArrayList<>();
    for (int i = 0; i < ways.size(); i++) {
      directions.add(
          tf.withName("direction")
              .merge(List.of(ways.get(i).outputTrue(), other.directions.get(i)))
              .output());
    }
    Operand<TNumber> normInRange = tf.switchCond(norm, inRange).outputTrue();
    Operand<TNumber> step =
        tf.withName("step").merge(List.of(tf.math.div(rho, normInRange), other.step)).output();
    Operand<TNumber> dualNorm =
        tf.withName("dualNorm").merge(List.of(normInRange, other.dualNorm)).output();
    return new Perturbation(directions, null, step, dualNorm);
  }

  /**
   * Whether no square that counts was lost, and none was infinite; false if a gradient is not
   * finite.
   */
  private static Operand<TBool> inRange(
      Ops tf, Reals reals, Operand<TNumber> norm, List<Operand<TNumber>> gradients) {
    boolean isWide = gradients.stream().allMatch(g -> Reals.isFloat64(g.type()));
    // A float32 entry is lost below 1e-19: a billion of them are less than 1e-9 of a sum of 1e-20.
    Operand<TNumber> least = reals.constant(isWide ? 1e-100 : 1e-10, norm.type());
    Operand<TNumber> most = reals.constant(isWide ? 1e100 : 1e15, norm.type());
    return tf.withName("inRange")
        .math
        .logicalAnd(tf.math.greaterEqual(norm, least), tf.math.lessEqual(norm, most));
  }
}
