package org.samtf;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.samtf.Trainables.Trainable;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.family.TNumber;

/** What can be read from a step while it runs. */
final class SamStep {

  private final GraphScope scope;
  private final List<Trainable> perturbed;
  private final List<Operand<TNumber>> epsilons;
  private final List<Output<?>> trained;
  private final Barrier barrier;
  private final Op restore;
  private final Operand<TNumber> loss;
  private final Operand<TNumber> perturbedLoss;
  private final Operand<TNumber> sharpness;
  private final Operand<TNumber> gradientNorm;
  private final Operand<TNumber> perturbationNorm;

  SamStep(
      GraphScope scope,
      double p,
      List<StepWriter.Perturbed> replicas,
      List<Perturbation> perturbations,
      List<Operand<TNumber>> epsilons,
      List<Trainable> perturbed,
      List<Output<?>> trained,
      Barrier barrier,
      Op restore) {
    this.scope = scope;
    this.perturbed = perturbed;
    this.epsilons = epsilons;
    this.trained = trained;
    this.barrier = barrier;
    this.restore = restore;
    Ops tf = scope.ops();
    this.loss = mean(tf, "loss", replicas, replica -> replica.loss);
    this.perturbedLoss = mean(tf, "perturbedLoss", replicas, replica -> replica.perturbedLoss);
    Operand<TNumber> comparable =
        replicas.stream().allMatch(replica -> replica.isOfSameExamples())
            ? perturbedLoss
            : mean(tf, "perturbedLossOfAscent", replicas, r -> r.perturbedLossForSharpness);
    Reals reals = new Reals(tf);
    Class<TNumber> type = Reals.computeType(loss);
    this.sharpness =
        tf.withName("sharpness").math.sub(reals.cast(comparable, type), reals.cast(loss, type));

    Ops norm = scope.withSubScope("norm").ops();
    List<Output<?>> gradientNorms = new ArrayList<>();
    List<Output<?>> perturbationNorms = new ArrayList<>();
    int next = 0;
    for (Perturbation perturbation : perturbations) {
      List<Operand<TNumber>> ofPerturbation =
          epsilons.subList(next, next += perturbation.directions.size());
      gradientNorms.add(perturbation.dualNorm.asOutput());
      perturbationNorms.add(perturbation.norm(norm, ofPerturbation, p).asOutput());
    }
    this.gradientNorm = tf.withName("gradientNorm").identity(reals.mean(gradientNorms));
    this.perturbationNorm = tf.withName("perturbationNorm").identity(reals.mean(perturbationNorms));
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

  /** The variables that are updated. */
  List<Output<?>> trained() {
    return trained;
  }

  /** The update gradients, one for each of {@link #trained}. */
  List<Output<?>> gradients() {
    return barrier.gradients();
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

  private static Operand<TNumber> mean(
      Ops tf,
      String name,
      List<StepWriter.Perturbed> replicas,
      Function<StepWriter.Perturbed, Output<?>> which) {
    Reals reals = new Reals(tf);
    List<Output<?>> losses = new ArrayList<>();
    for (StepWriter.Perturbed replica : replicas) {
      Output<?> loss = which.apply(replica);
      boolean isScalar = loss.shape().numDimensions() == 0;
      losses.add(isScalar ? loss : reals.sum(Reals.<Operand<TNumber>>unchecked(loss)).asOutput());
    }
    return tf.withName(name).identity(reals.mean(losses));
  }
}
