package org.samtf.direction;

/**
 * Which way down: from the gradients at w and at w+ε to the one that the wrapped optimizer applies.
 *
 * <p>Plain SAM applies the one at w+ε. {@link DescentDirections} has those of the literature. To
 * write another:
 *
 * <pre>{@code
 * SamOptimizer.builder(graph, base)
 *     .descent((step, perturbed) -> perturbed.plus(step.gradient()).times(0.5))
 *     ...
 * }</pre>
 */
@FunctionalInterface
public interface DescentDirection {

  /**
   * Adds the ops that compute the gradient to apply in a step with a second pass.
   *
   * @param step what there is to compute it from; its vectors are of all trained variables
   * @param perturbed ∇L(w+ε), the mean over the replicas
   * @return the gradient to apply
   */
  WeightVector of(StepVectors step, WeightVector perturbed);

  /**
   * Adds the ops that compute the gradient to apply in a step without a second pass, if there are
   * such.
   *
   * @param step what there is to compute it from
   * @return the gradient to apply; {@code step.gradient()} by default
   */
  default WeightVector withoutSecondPass(StepVectors step) {
    return step.gradient();
  }

  /**
   * Whether steps without a second pass apply the gradient at w as it is, so that it has to be, to
   * the last bit, that of the wrapped optimizer.
   *
   * @return true by default; with false CPUs compute the gradient of some networks faster, with
   *     other rounding
   */
  default boolean appliesGradient() {
    return true;
  }
}
