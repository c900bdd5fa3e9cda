package org.samtf;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.samtf.internal.graph.Magnitudes;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.family.TNumber;

/**
 * A neighbourhood that scales with the weights, so that sharpness does not change when a layer is
 * multiplied by a factor and the next one divided by it: Kwon et al. 2021, "ASAM: Adaptive
 * Sharpness-Aware Minimization for Scale-Invariant Learning of Deep Neural Networks", equation 9
 * for p = 2.
 *
 * <pre>
 * ε(w) = T · dual(T·g),   T = |w| + η,   so that ‖ε/T‖_p = ρ
 * </pre>
 *
 * <p>The paper's own code has T = 1 for biases; which variables have it is a setting here.
 */
final class Adaptive implements Ascent {

  private final Ascent inner;
  private final double eta;
  private final Set<String> notScaled;

  /**
   * A neighbourhood with scales around one without.
   *
   * @param notScaled the names of variables with T = 1; a group has either none of them or no other
   */
  Adaptive(Ascent inner, double eta, Set<String> notScaled) {
    this.inner = inner;
    this.eta = eta;
    this.notScaled = notScaled;
  }

  @Override
  public Perturbation perturb(
      Ops tf,
      List<Operand<TNumber>> gradients,
      Supplier<List<Operand<TNumber>>> weights,
      List<VariableGroup> groups,
      Operand<TNumber> rho) {
    Reals reals = new Reals(tf);
    List<Operand<TNumber>> w = weights.get();
    List<UnaryOperator<Operand<TNumber>>> scales = new ArrayList<>();
    List<Operand<TNumber>> scaled = new ArrayList<>();
    for (int i = 0; i < gradients.size(); i++) {
      Operand<TNumber> g = gradients.get(i);
      Reals there = reals.beside(g);
      UnaryOperator<Operand<TNumber>> scale =
          notScaled.contains(groups.get(i).names.get(0))
              ? UnaryOperator.identity()
              : scale(there.ops(), there.cast(w.get(i), g.type()), there.constant(eta, g.type()));
      scales.add(scale);
      scaled.add(scale.apply(g));
    }
    Perturbation dual = inner.perturb(tf, scaled, weights, groups, rho);
    List<Operand<TNumber>> directions = new ArrayList<>();
    for (int i = 0; i < gradients.size(); i++) {
      directions.add(scales.get(i).apply(dual.directions.get(i)));
    }
    Operand<TNumber> bound =
        tf.math.mul(dual.step, Magnitudes.largest(tf, reals, directions, rho.type()));
    return new Perturbation(directions, dual.step, bound, dual.dualNorm, dual.finite);
  }

  /** The product with T = |w| + η. */
  private static UnaryOperator<Operand<TNumber>> scale(
      Ops tf, Operand<TNumber> weight, Operand<TNumber> eta) {
    Operand<TNumber> t = tf.math.add(tf.math.abs(weight), eta);
    return x -> tf.math.mul(t, x);
  }
}
