package org.samtf;

import java.util.ArrayList;
import java.util.List;
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
 */
final class Adaptive implements Ascent {

  private final Ascent inner;
  private final double eta;

  Adaptive(Ascent inner, double eta) {
    this.inner = inner;
    this.eta = eta;
  }

  @Override
  public Perturbation perturb(
      Ops tf,
      List<Operand<TNumber>> gradients,
      List<? extends Operand<?>> weights,
      List<String> names,
      Operand<TNumber> rho) {
    Reals reals = new Reals(tf);
    List<Operand<TNumber>> scales = new ArrayList<>();
    List<Operand<TNumber>> scaled = new ArrayList<>();
    for (int i = 0; i < gradients.size(); i++) {
      Operand<TNumber> g = gradients.get(i);
      Operand<TNumber> t =
          tf.math.add(
              tf.math.abs(reals.cast(weights.get(i), g.type())), reals.constant(eta, g.type()));
      scales.add(t);
      scaled.add(tf.math.mul(t, g));
    }
    Perturbation dual = inner.perturb(tf, scaled, weights, names, rho);
    List<Operand<TNumber>> directions = new ArrayList<>();
    for (int i = 0; i < gradients.size(); i++) {
      directions.add(tf.math.mul(scales.get(i), dual.directions.get(i)));
    }
    Operand<TNumber> bound =
        tf.math.mul(dual.step, HolderDual.largest(tf, reals, directions, rho.type()));
    return new Perturbation(directions, dual.step, bound, dual.dualNorm);
  }
}
