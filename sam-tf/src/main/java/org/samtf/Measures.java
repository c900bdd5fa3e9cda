package org.samtf;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Ops;
import org.tensorflow.types.family.TNumber;

/**
 * What can be read from a step while it runs.
 *
 * <p>All of it is computed from tensors that are there before the step assigns, so that it is of
 * the weights before the update, whenever it is fetched.
 */
final class Measures {

  final Operand<TNumber> loss;
  final Operand<TNumber> perturbedLoss;
  final Operand<TNumber> sharpness;
  final Operand<TNumber> gradientNorm;
  final Operand<TNumber> perturbationNorm;

  private Measures(
      Operand<TNumber> loss,
      Operand<TNumber> perturbedLoss,
      Operand<TNumber> sharpness,
      Operand<TNumber> gradientNorm,
      Operand<TNumber> perturbationNorm) {
    this.loss = loss;
    this.perturbedLoss = perturbedLoss;
    this.sharpness = sharpness;
    this.gradientNorm = gradientNorm;
    this.perturbationNorm = perturbationNorm;
  }

  /**
   * Adds the ops that compute them; nothing but a fetch runs these.
   *
   * @param p that of the norm of the perturbation
   */
  static Measures write(
      GraphScope scope, double p, List<SecondPass> replicas, List<Ascended> ascents) {
    Ops tf = scope.ops();
    Reals reals = new Reals(tf);
    Operand<TNumber> loss = mean(tf, "loss", replicas, replica -> replica.loss);
    Operand<TNumber> perturbedLoss =
        mean(tf, "perturbedLoss", replicas, replica -> replica.perturbedLoss);
    Operand<TNumber> comparable =
        replicas.stream().allMatch(SecondPass::isOfSameExamples)
            ? perturbedLoss
            : mean(tf, "perturbedLossOfAscent", replicas, r -> r.perturbedLossOfAscent);
    Class<TNumber> type = Reals.computeType(loss);
    Operand<TNumber> sharpness =
        tf.withName("sharpness").math.sub(reals.cast(comparable, type), reals.cast(loss, type));

    Ops norm = scope.withSubScope("norm").ops();
    List<Output<?>> gradientNorms = new ArrayList<>();
    List<Output<?>> perturbationNorms = new ArrayList<>();
    for (Ascended ascended : ascents) {
      Perturbation perturbation = ascended.perturbation;
      gradientNorms.add(perturbation.dualNorm.asOutput());
      perturbationNorms.add(perturbation.norm(norm, ascended.packedEpsilons, p).asOutput());
    }
    return new Measures(
        loss,
        perturbedLoss,
        sharpness,
        tf.withName("gradientNorm").identity(reals.mean(gradientNorms)),
        tf.withName("perturbationNorm").identity(reals.mean(perturbationNorms)));
  }

  private static Operand<TNumber> mean(
      Ops tf, String name, List<SecondPass> replicas, Function<SecondPass, Output<?>> which) {
    Reals reals = new Reals(tf);
    List<Output<?>> losses = new ArrayList<>();
    for (SecondPass replica : replicas) {
      Output<?> loss = which.apply(replica);
      boolean isScalar = loss.shape().numDimensions() == 0;
      losses.add(isScalar ? loss : reals.sum(Reals.<Operand<TNumber>>unchecked(loss)).asOutput());
    }
    return tf.withName(name).identity(reals.mean(losses));
  }
}
