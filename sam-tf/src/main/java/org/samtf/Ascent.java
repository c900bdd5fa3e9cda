package org.samtf;

import java.util.List;
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
   * @param gradients g, one tensor a variable; float32 or float64
   * @param weights w, the variables that {@code gradients} belong to, read as tensors or references
   * @param names the variables' names, for error messages
   * @param rho the size of the neighbourhood, a scalar; float32 or float64
   */
  Perturbation perturb(
      Ops tf,
      List<Operand<TNumber>> gradients,
      List<? extends Operand<?>> weights,
      List<String> names,
      Operand<TNumber> rho);
}
