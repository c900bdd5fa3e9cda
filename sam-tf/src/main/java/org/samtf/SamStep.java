package org.samtf;

import java.util.List;
import org.samtf.Trainables.Trainable;
import org.tensorflow.Operand;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.family.TNumber;

/** What can be read from a step while it runs. */
final class SamStep {

  private final GraphScope scope;
  private final List<Trainable> perturbed;
  private final List<Operand<TNumber>> epsilons;
  private final Op restore;
  private final Operand<TNumber> loss;
  private final Operand<TNumber> perturbedLoss;
  private final Operand<TNumber> sharpness;
  private final Operand<TNumber> gradientNorm;
  private final Operand<TNumber> perturbationNorm;

  SamStep(
      GraphScope scope,
      Operand<?> loss,
      Operand<?> twinLoss,
      Perturbation perturbation,
      List<Operand<TNumber>> epsilons,
      List<Trainable> perturbed,
      double p,
      Op restore) {
    this.scope = scope;
    this.perturbed = perturbed;
    this.epsilons = epsilons;
    this.restore = restore;
    Ops tf = scope.ops();
    Reals reals = new Reals(tf);
    this.loss = tf.withName("loss").identity(scalar(reals, loss));
    this.perturbedLoss = tf.withName("perturbedLoss").identity(scalar(reals, twinLoss));
    Class<TNumber> type = Reals.computeType(loss);
    this.sharpness =
        tf.withName("sharpness")
            .math
            .sub(reals.cast(this.perturbedLoss, type), reals.cast(this.loss, type));
    this.gradientNorm = tf.withName("gradientNorm").identity(perturbation.dualNorm);
    this.perturbationNorm =
        tf.withName("perturbationNorm")
            .identity(perturbation.norm(scope.withSubScope("norm").ops(), p));
  }

  GraphScope scope() {
    return scope;
  }

  /** The variables that are perturbed. */
  List<Trainable> perturbed() {
    return perturbed;
  }

  /** ε, one tensor for each of {@link #perturbed}. */
  List<Operand<TNumber>> epsilons() {
    return epsilons;
  }

  /** Undoes half a step; null unless in place. */
  Op restore() {
    return restore;
  }

  Operand<TNumber> loss() {
    return loss;
  }

  Operand<TNumber> perturbedLoss() {
    return perturbedLoss;
  }

  Operand<TNumber> sharpness() {
    return sharpness;
  }

  Operand<TNumber> gradientNorm() {
    return gradientNorm;
  }

  Operand<TNumber> perturbationNorm() {
    return perturbationNorm;
  }

  private static Operand<TNumber> scalar(Reals reals, Operand<?> loss) {
    Operand<TNumber> value = Reals.unchecked(loss);
    return loss.shape().numDimensions() == 0 ? value : reals.sum(value);
  }
}
