package org.samtf.direction;

import org.samtf.internal.graph.Magnitudes;
import org.samtf.internal.graph.Numbers;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.family.TNumber;

/** The descent directions of the literature. */
public final class DescentDirections {

  private DescentDirections() {}

  /**
   * GSAM: against the surrogate gap L(w+ε) − L(w) too (Zhuang et al. 2022, "Surrogate Gap
   * Minimization Improves Sharpness-Aware Training", arXiv 2203.08065).
   *
   * <pre>
   * g_sam − α · (the part of g that is orthogonal to g_sam)
   * </pre>
   *
   * @param alpha α, finite and not negative; the authors have 0.2 to 0.6. 0 is plain SAM
   * @return the direction
   * @throws IllegalArgumentException if {@code alpha} is out of range
   */
  public static DescentDirection surrogateGap(double alpha) {
    Numbers.notNegative("alpha", alpha);
    return new Named("surrogate gap, alpha " + alpha) {
      @Override
      public WeightVector of(StepVectors step, WeightVector perturbed) {
        return perturbed.minus(step.gradient().orthogonalTo(perturbed).times(alpha));
      }
    };
  }

  /**
   * Weighted SAM: sharpness with a weight of its own (Yue et al. 2023, "Sharpness-Aware
   * Minimization Revisited: Weighted Sharpness as a Regularization Term", arXiv 2305.15817).
   *
   * <pre>
   * (1−r)g + r·g_sam,   r = γ/(1−γ)
   * </pre>
   *
   * <p>This is the coupled form: all of it goes into the wrapped optimizer's momentum. The authors'
   * code has another, in which r(g_sam − g) does not.
   *
   * @param gamma γ, at least 0 and less than 1; the authors have 0.8 to 0.95. 0.5 is plain SAM, 0
   *     the wrapped optimizer alone
   * @return the direction
   * @throws IllegalArgumentException if {@code gamma} is out of range
   */
  public static DescentDirection weighted(double gamma) {
    Numbers.fraction("gamma", gamma);
    double ratio = gamma / (1 - gamma);
    return new Named("weighted, gamma " + gamma) {
      @Override
      public WeightVector of(StepVectors step, WeightVector perturbed) {
        return step.gradient().times(1 - ratio).plus(perturbed.times(ratio));
      }
    };
  }

  /**
   * SANER: damps the entries in which SAM goes the same way as the wrapped optimizer, but less far,
   * which are those that learn wrong labels ("Improving Resistance to Noisy Label Fitting by
   * Reweighting Gradient in SAM", arXiv 2411.17132).
   *
   * <pre>
   * g_sam · (1 − α · min(1, t/T)) where 0 &lt; g_sam/g &lt; 1,   g_sam elsewhere
   * </pre>
   *
   * <p>t is the number of the step, from 1; the authors count epochs. α is the strength, as in the
   * paper; in their code it is what remains, and 0.5 is both.
   *
   * @param alpha α, from 0, which is plain SAM, to 1; the authors have 0.5
   * @param warmUp T in steps, at least 0; the authors have a quarter of the training
   * @return the direction
   * @throws IllegalArgumentException if a number is out of range
   */
  public static DescentDirection saner(double alpha, long warmUp) {
    if (!(alpha >= 0 && alpha <= 1)) {
      throw new IllegalArgumentException("alpha is " + alpha + "; it must be from 0 to 1");
    }
    Numbers.notNegative("warmUp", warmUp);
    return new Named("SANER, alpha " + alpha + ", warm-up of " + warmUp + " steps") {
      @Override
      public WeightVector of(StepVectors step, WeightVector perturbed) {
        Operand<TNumber> factor = factor(step);
        return perturbed.zip(
            step.gradient(),
            (tf, ofSam, ofBase) -> {
              Operand<TNumber> zero = tf.dtypes.cast(tf.constant(0), ofSam.type());
              // The quotient is between 0 and 1 where g_sam is between 0 and g.
              Operand<TBool> isDamped =
                  tf.math.logicalAnd(
                      tf.math.greater(ofSam, tf.math.minimum(ofBase, zero)),
                      tf.math.less(ofSam, tf.math.maximum(ofBase, zero)));
              Operand<TNumber> ofType = tf.dtypes.cast(factor, ofSam.type());
              return tf.select(isDamped, tf.math.mul(ofSam, ofType), ofSam);
            });
      }

      private Operand<TNumber> factor(StepVectors step) {
        Ops tf = step.ops();
        if (warmUp == 0) {
          return step.scalar(1 - alpha);
        }
        Operand<TFloat64> number =
            tf.math.add(tf.dtypes.cast(step.steps(), TFloat64.class), tf.constant(1.0));
        Operand<TFloat64> share =
            tf.math.minimum(tf.math.div(number, tf.constant((double) warmUp)), tf.constant(1.0));
        Operand<TFloat64> factor =
            tf.math.sub(tf.constant(1.0), tf.math.mul(share, tf.constant(alpha)));
        return tf.dtypes.cast(factor, step.scalar(0).type());
      }
    };
  }

  /**
   * LookSAM: for steps between those with a second pass, keeps the direction in which SAM differs
   * from the wrapped optimizer (Liu et al. 2022, "Towards Efficient and Scalable Sharpness-Aware
   * Minimization", arXiv 2203.02714).
   *
   * <pre>
   * with a second pass:     g_sam;  keeps r, the part of g_sam orthogonal to g, and ‖r‖
   * without a second pass:  g + α‖g‖ r/‖r‖
   * </pre>
   *
   * @param alpha α, finite and not negative; the authors have 0.7
   * @return the direction; it keeps one vector. Use it with a condition, such as every 5 steps
   * @throws IllegalArgumentException if {@code alpha} is out of range
   */
  public static DescentDirection looking(double alpha) {
    Numbers.notNegative("alpha", alpha);
    return new Named("LookSAM, alpha " + alpha) {
      @Override
      public WeightVector of(StepVectors step, WeightVector perturbed) {
        WeightVector rest = perturbed.orthogonalTo(step.gradient());
        step.keep("rest", rest);
        step.keepScalar("length", rest.norm());
        return perturbed;
      }

      @Override
      public WeightVector withoutSecondPass(StepVectors step) {
        Ops tf = step.ops();
        Operand<TNumber> length = tf.math.mul(step.gradient().norm(), step.scalar(alpha));
        Operand<TNumber> divisor = Magnitudes.orOne(tf, new Reals(tf), step.keptScalar("length"));
        return step.gradient().plus(step.kept("rest").times(tf.math.div(length, divisor)));
      }

      @Override
      public boolean appliesGradient() {
        return alpha == 0;
      }
    };
  }

  private abstract static class Named implements DescentDirection {
    private final String name;

    Named(String name) {
      this.name = name;
    }

    @Override
    public String toString() {
      return name;
    }
  }
}
