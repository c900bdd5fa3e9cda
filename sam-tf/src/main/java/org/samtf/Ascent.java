package org.samtf;

import java.util.List;
import java.util.function.Supplier;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.family.TNumber;

/**
 * The inner maximisation of SAM: from the gradient at w to the perturbation ε(w) that goes up the
 * loss the most within the neighbourhood.
 */
interface Ascent {

  /**
   * Adds the ops that compute the perturbation.
   *
   * @param tf where the ops go
   * @param gradients g, one tensor a variable or a group of them; float32 or float64
   * @param weights writes what reads w, tensors of the shapes of {@code gradients}
   * @param groups the variables that {@code gradients} are of
   * @param rho the size of the neighbourhood, a scalar; float32 or float64
   */
  Perturbation perturb(
      Ops tf,
      List<Operand<TNumber>> gradients,
      Supplier<List<Operand<TNumber>>> weights,
      List<VariableGroup> groups,
      Operand<TNumber> rho);
}
