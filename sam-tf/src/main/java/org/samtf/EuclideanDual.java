package org.samtf;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.samtf.internal.graph.NormRange;
import org.samtf.internal.graph.Places;
import org.samtf.internal.graph.Reals;
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
 * used as it is. If not, all is computed from the gradient times a power of two. A condition in the
 * graph chooses; the ops of the way that is not taken are not run.
 *
 * <p>The condition is read on the host. A GPU would have to wait for that, so for one {@link
 * HolderDual} is used.
 */
final class EuclideanDual implements Ascent {

  private final NotFinite rule;

  /**
   * The perturbation for the 2-norm.
   *
   * @param rule what is done if the gradient is not finite
   */
  EuclideanDual(NotFinite rule) {
    this.rule = rule;
  }

  @Override
  public Perturbation perturb(
      Ops tf,
      List<Operand<TNumber>> gradients,
      Supplier<List<Operand<TNumber>>> weights,
      List<VariableGroup> groups,
      Operand<TNumber> rho) {
    Class<TNumber> type = rho.type();
    if (gradients.stream().anyMatch(g -> !g.type().equals(type))) {
      // No one power of two brings both types into range.
      return new HolderDual(2, true, rule).perturb(tf, gradients, weights, groups, rho);
    }
    Reals reals = new Reals(tf);
    // Nobody else reads these, so AddN has but one order.
    Operand<TNumber> halfSum = tf.math.addN(halfSums(reals, gradients));
    Operand<TNumber> norm = norm(tf.withName("norm"), reals, halfSum);
    NormRange range = NormRange.of(type);
    Operand<TBool> small = tf.math.less(norm, reals.constant(range.least, type));
    Operand<TBool> inRange = range.holds(tf.withName("inRange"), reals, norm);

    Operand<TNumber> normInRange = tf.switchCond(norm, inRange).outputTrue();
    Operand<TNumber> stepInRange = tf.math.div(rho, normInRange);

    Ops other = tf.withSubScope("outOfRange");
    Reals otherReals = new Reals(other);
    Operand<TNumber> factor =
        other.select(
            small,
            otherReals.constant(range.factor, type),
            otherReals.constant(1 / range.factor, type));
    List<Operand<TNumber>> scaled = new ArrayList<>();
    // ρ/‖g‖ may be too small a number for the type, so the direction is what is scaled.
    List<Operand<TNumber>> directions = new ArrayList<>();
    for (Operand<TNumber> g : gradients) {
      Ops there = Places.beside(tf, g);
      SwitchCond<TNumber> taken = there.switchCond(g, inRange);
      Operand<TNumber> ofScaled = Places.beside(other, g).math.mul(taken.outputFalse(), factor);
      scaled.add(ofScaled);
      directions.add(
          there.withName("direction").merge(List.of(taken.outputTrue(), ofScaled)).output());
    }
    List<Operand<TNumber>> halfSums = halfSums(otherReals, scaled);
    Finite notInRange = new Finite(rule);
    for (int i = 0; i < scaled.size(); i++) {
      notInRange.add(halfSums.get(i), scaled.get(i), groups.get(i));
    }
    Operand<TBool> checked = notInRange.check(other, "gradient at w", List.of());
    Operand<TNumber> scaledNorm = norm(other, otherReals, otherReals.inOrder(halfSums));
    Operand<TNumber> stepOutOfRange =
        other
            .withControlDependencies(List.of(checked))
            .select(
                other.math.greater(scaledNorm, otherReals.constant(0, type)),
                other.math.div(rho, scaledNorm),
                other.zerosLike(scaledNorm));

    Operand<TNumber> step =
        tf.withName("step").merge(List.of(stepInRange, stepOutOfRange)).output();
    Operand<TNumber> dualNorm =
        tf.withName("dualNorm")
            .merge(List.of(normInRange, other.math.div(scaledNorm, factor)))
            .output();
    return new Perturbation(directions, step, rho, dualNorm, finite(tf, inRange, checked, step));
  }

  /** What is in range is finite; where that is no question any more, it is once ε is there. */
  private Operand<TBool> finite(
      Ops tf, Operand<TBool> inRange, Operand<TBool> checked, Operand<TNumber> step) {
    if (rule == NotFinite.FAIL) {
      return tf.withName("finite").withControlDependencies(List.of(step)).constant(true);
    }
    Operand<TBool> isInRange = tf.switchCond(inRange, inRange).outputTrue();
    return tf.withName("finite").merge(List.of(isInRange, checked)).output();
  }

  private static List<Operand<TNumber>> halfSums(Reals reals, List<Operand<TNumber>> gradients) {
    List<Operand<TNumber>> halfSums = new ArrayList<>();
    gradients.forEach(g -> halfSums.add(reals.beside(g).halfSumOfSquares(g)));
    return halfSums;
  }

  private static Operand<TNumber> norm(Ops tf, Reals reals, Operand<TNumber> half) {
    return tf.math.sqrt(tf.math.mul(half, reals.constant(2, half.type())));
  }
}
