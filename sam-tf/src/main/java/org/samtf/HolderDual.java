package org.samtf;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.samtf.internal.graph.Magnitudes;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.family.TNumber;

/**
 * The perturbation of SAM for any p-norm: Foret et al. 2021, "Sharpness-Aware Minimization for
 * Efficiently Improving Generalization", equation 2.
 *
 * <pre>
 * ε(w) = ρ · sign(g) · |g|^(q−1) / (‖g‖_q^q)^(1/p),   1/p + 1/q = 1
 * </pre>
 *
 * <p>It is the vector of p-norm ρ for which Hölder's inequality is an equality: ⟨ε, g⟩ = ρ‖g‖_q.
 * The norm runs over all variables together.
 *
 * <p>Powers of very small or large gradients would underflow or overflow, so they are taken of u =
 * g/s, with s = max|g|. With S = Σ|u|^q,
 *
 * <pre>
 * ε = ρ · sign(u) · |u|^(q−1) / S^(1/p),   ‖g‖_q = s · S^(1/q)
 * </pre>
 *
 * <p>The largest |u| is 1, so S is at least 1 unless the gradient is zero, and then u is zero and
 * so is ε. For p = 1, |u|^(q−1) in the limit is 1 for the entries where |g| is largest and 0 for
 * all others.
 */
final class HolderDual implements Ascent {

  private final double p;

  /** The exponent of u in the formula; infinite for p = 1. */
  private final double qMinusOne;

  private final boolean isCheckedFirst;
  private final NotFinite rule;

  /**
   * The perturbation for a norm.
   *
   * @param isCheckedFirst whether ε is there only once g is known to be finite; if not, it may have
   *     NaNs, and {@link Perturbation#finite} tells before the step assigns
   * @param rule what is done if it is not finite
   */
  HolderDual(double p, boolean isCheckedFirst, NotFinite rule) {
    this.p = p;
    this.isCheckedFirst = isCheckedFirst;
    this.rule = rule;
    this.qMinusOne = 1 / (p - 1);
  }

  @Override
  public Perturbation perturb(
      Ops tf,
      List<Operand<TNumber>> gradients,
      Supplier<List<Operand<TNumber>>> weights,
      List<VariableGroup> groups,
      Operand<TNumber> rho) {
    Reals reals = new Reals(tf);
    Class<TNumber> type = rho.type();

    Operand<TNumber> scale = Magnitudes.largest(tf, reals, gradients, type);
    Map<List<?>, Operand<TNumber>> divisors = new HashMap<>();

    List<Operand<TNumber>> directions = new ArrayList<>();
    List<Operand<TNumber>> sums = new ArrayList<>();
    Finite finite = new Finite(rule);
    for (Operand<TNumber> g : gradients) {
      Reals there = reals.beside(g);
      Ops at = there.ops();
      Operand<TNumber> divisor =
          divisors.computeIfAbsent(
              List.of(g.type(), at.scope().getDeviceString()),
              key -> Magnitudes.orOne(at, there, there.cast(scale, g.type())));
      Operand<TNumber> u = at.withName("u").math.div(g, divisor);
      Operand<TNumber> direction = direction(at, there, u, g, scale);
      Operand<TNumber> sum = sum(at, there, u, direction);
      directions.add(direction);
      sums.add(there.cast(sum, type));
      // For p = 1 the sum is a count, in which a NaN would not show.
      finite.add(p == 1 ? there.sum(u) : sum, u, groups.get(sums.size() - 1));
    }
    Operand<TBool> checked = finite.check(tf, "gradient at w", List.of());
    Operand<TNumber> total = reals.inOrder(sums);
    if (p == 2) {
      total = tf.math.mul(total, reals.constant(2, type));
    }

    Operand<TNumber> step =
        tf.withName("step")
            .withControlDependencies(isCheckedFirst ? List.of(checked) : List.of())
            .math
            .div(rho, root(tf, reals, tf.math.maximum(total, reals.constant(1, type)), p));
    Operand<TNumber> dualNorm =
        tf.withName("dualNorm").math.mul(scale, root(tf, reals, total, 1 + qMinusOne));
    return new Perturbation(directions, step, rho, dualNorm, checked);
  }

  /** sign(u) · |u|^(q−1). */
  private Operand<TNumber> direction(
      Ops tf, Reals reals, Operand<TNumber> u, Operand<TNumber> g, Operand<TNumber> scale) {
    if (p == 2) {
      return u;
    }
    if (p == Double.POSITIVE_INFINITY) {
      // Of g: a quotient may be too small to be told from zero.
      return tf.math.sign(g);
    }
    if (p == 1) {
      // Ties are found on g itself: a division could round a neighbour of the largest to 1.
      Operand<TBool> isLargest = tf.math.equal(reals.cast(tf.math.abs(g), scale.type()), scale);
      return tf.math.mul(tf.math.sign(g), tf.dtypes.cast(isLargest, g.type()));
    }
    Operand<TNumber> magnitude = tf.math.abs(u);
    if (qMinusOne == 2) {
      return tf.math.mul(u, magnitude);
    }
    Operand<TNumber> power =
        qMinusOne == 0.5
            ? tf.math.sqrt(magnitude)
            : tf.math.pow(magnitude, reals.constant(qMinusOne, u.type()));
    return tf.math.mul(tf.math.sign(u), power);
  }

  /** Σ|u|^q of one variable; half of it for p = 2, and for p = 1 the number of ties. */
  private Operand<TNumber> sum(
      Ops tf, Reals reals, Operand<TNumber> u, Operand<TNumber> direction) {
    if (p == 2) {
      return reals.halfSumOfSquares(u);
    }
    if (p == 1) {
      return reals.sum(tf.math.abs(direction));
    }
    return reals.sum(tf.math.mul(direction, u));
  }

  /** x^(1/n); n may be infinite. */
  private static Operand<TNumber> root(Ops tf, Reals reals, Operand<TNumber> x, double n) {
    if (n == 1) {
      return x;
    }
    if (n == Double.POSITIVE_INFINITY) {
      return reals.constant(1, x.type());
    }
    if (n == 2) {
      return tf.math.sqrt(x);
    }
    return tf.math.pow(x, reals.constant(1 / n, x.type()));
  }
}
