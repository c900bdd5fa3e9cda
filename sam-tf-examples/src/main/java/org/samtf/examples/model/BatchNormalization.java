package org.samtf.examples.model;

import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.op.nn.FusedBatchNorm;
import org.tensorflow.types.TFloat32;

/**
 * Batch normalisation over the channels of images.
 *
 * <p>Training normalises with the statistics of the batch and moves the averages towards them;
 * inference normalises with the averages.
 */
final class BatchNormalization implements Layer {

  private static final float EPSILON = 1e-3f;

  private final float keep;
  private final String name;
  private final Variable<TFloat32> gamma;
  private final Variable<TFloat32> beta;
  private final Variable<TFloat32> movingMean;
  private final Variable<TFloat32> movingVariance;

  BatchNormalization(Variables variables, String name, int channels, float keep) {
    this.name = name;
    this.keep = keep;
    gamma = variables.vector(name, "gamma", channels, 1);
    beta = variables.vector(name, "beta", channels, 0);
    movingMean = variables.vector(name, "moving_mean", channels, 0);
    movingVariance = variables.vector(name, "moving_variance", channels, 1);
  }

  @Override
  public Operand<TFloat32> apply(Pass pass, Operand<TFloat32> x) {
    Ops tf = pass.tf().withSubScope(name);
    if (!pass.training()) {
      return normalize(tf, x, movingMean, movingVariance, false).y();
    }
    // The op computes the statistics itself and wants these two empty.
    Operand<TFloat32> none = tf.constant(new float[0]);
    FusedBatchNorm<TFloat32, TFloat32> norm = normalize(tf, x, none, none, true);
    pass.average(movingMean, norm.batchMean(), keep);
    pass.average(movingVariance, norm.batchVariance(), keep);
    return norm.y();
  }

  private FusedBatchNorm<TFloat32, TFloat32> normalize(
      Ops tf,
      Operand<TFloat32> x,
      Operand<TFloat32> mean,
      Operand<TFloat32> variance,
      boolean training) {
    return tf.nn.fusedBatchNorm(
        x,
        gamma,
        beta,
        mean,
        variance,
        FusedBatchNorm.epsilon(EPSILON),
        FusedBatchNorm.isTraining(training));
  }
}
