package org.samtf.direction;

import org.samtf.internal.graph.Numbers;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.family.TNumber;

/** The ascent directions of the literature. */
public final class AscentDirections {

  private AscentDirections() {}

  /**
   * Friendly SAM: along what is particular to the batch, g less the part that it shares with the
   * batches before (Li et al. 2024, "Friendly Sharpness-Aware Minimization", arXiv 2403.12350).
   *
   * <pre>
   * d = g − σm,   m ← λm + (1−λ)g,   m = g after the first step
   * </pre>
   *
   * <p>As in the authors' code, m is of the steps before; the paper has this step's g in it, which
   * for σ = 1 is the same direction.
   *
   * @param sigma σ, finite and not negative; the authors have 1. 0 is plain SAM
   * @param decay λ, from 0 to less than 1; the authors have 0.6 to 0.95
   * @return the direction; it keeps one vector
   * @throws IllegalArgumentException if a number is out of range
   */
  public static AscentDirection friendly(double sigma, double decay) {
    Numbers.notNegative("sigma", sigma);
    Numbers.fraction("decay", decay);
    return new Named("friendly SAM, sigma " + sigma + ", decay " + decay) {
      @Override
      public WeightVector of(StepVectors step) {
        WeightVector average = step.kept("average");
        WeightVector change = step.gradient().minus(average);
        step.keep("average", average(step, average, change, decay));
        return sigma == 1 ? change : step.gradient().minus(average.times(sigma));
      }
    };
  }

  /**
   * Variance-suppressed SAM: along an average of the gradients, which the noise of a batch turns
   * less (Li and Giannakis 2023, "Enhancing Sharpness-Aware Optimization Through Variance
   * Suppression", arXiv 2309.15639).
   *
   * <pre>
   * d ← (1−θ)d + θg,   d = g in the first step
   * </pre>
   *
   * @param theta θ, more than 0 and at most 1; the authors have 0.4 and 0.9. 1 is plain SAM
   * @return the direction; it keeps one vector
   * @throws IllegalArgumentException if {@code theta} is out of range
   */
  public static AscentDirection varianceSuppressed(double theta) {
    if (!(theta > 0 && theta <= 1)) {
      throw new IllegalArgumentException(
          "theta is " + theta + "; it must be more than 0 and at most 1");
    }
    return new Named("variance-suppressed SAM, theta " + theta) {
      @Override
      public WeightVector of(StepVectors step) {
        WeightVector kept = step.kept("direction");
        WeightVector direction = average(step, kept, step.gradient().minus(kept), 1 - theta);
        step.keep("direction", direction);
        return direction;
      }
    };
  }

  /**
   * MSAM: against the momentum, which needs no gradient at w, so that a step costs one forward and
   * backward pass (Becker et al. 2024, "Momentum-SAM: Sharpness Aware Minimization without
   * Computational Overhead", arXiv 2401.12033).
   *
   * <pre>
   * d = −v,   ε = −ρ v/‖v‖ for the 2-norm; zero in the first step
   * </pre>
   *
   * <p>v is the momentum that the wrapped optimizer keeps ({@code Momentum}, {@code Adam}, {@code
   * Adamax}, {@code Nadam}, {@code RMSProp}), as the step before left it; for another optimizer an
   * average of the gradients it was given, with a decay of 0.9. Larger ρ than for SAM are in place:
   * the authors have 0.3 to 3.
   *
   * @return the direction
   */
  public static AscentDirection momentum() {
    return new Named("momentum") {
      @Override
      public WeightVector of(StepVectors step) {
        return step.momentum().times(-1);
      }

      @Override
      public boolean readsGradient() {
        return false;
      }

      @Override
      public boolean readsMomentum() {
        return true;
      }
    };
  }

  /**
   * A random direction, drawn from a normal distribution in each step for each replica: what SAM is
   * to be compared with, to see what the gradient is worth. It costs one forward and backward pass.
   *
   * @param seed another seed draws other directions
   * @return the direction
   */
  public static AscentDirection random(long seed) {
    return new Named("random, seed " + seed) {
      @Override
      public WeightVector of(StepVectors step) {
        return step.normal(seed);
      }

      @Override
      public boolean readsGradient() {
        return false;
      }
    };
  }

  private abstract static class Named implements AscentDirection {
    private final String name;

    Named(String name) {
      this.name = name;
    }

    /** kept + (1 − decay) · change, where change is g − kept; g in the first step. */
    static WeightVector average(
        StepVectors step, WeightVector kept, WeightVector change, double decay) {
      Ops tf = step.ops();
      Operand<TNumber> weight =
          tf.select(
              tf.math.equal(step.ascents(), tf.constant(0L)),
              step.scalar(1),
              tf.math.sub(step.scalar(1), step.scalar(decay)));
      return kept.plus(change.times(weight));
    }

    @Override
    public String toString() {
      return name;
    }
  }
}
