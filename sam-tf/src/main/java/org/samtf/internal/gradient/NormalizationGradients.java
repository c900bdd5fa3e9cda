package org.samtf.internal.gradient;

import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TNumber;

/** Batch normalization, (x − mean)/√(variance + ε) · scale + offset, over all axes but channels. */
final class NormalizationGradients {

  private NormalizationGradients() {}

  /**
   * Of both old forms. In training the statistics are those of x, and the op keeps the mean and
   * what it needs of the variance for this; else they are given.
   */
  static void fusedBatchNorm(AtOp at) {
    at.requireFirstOutputOnly();
    boolean isTraining = at.flag("is_training");
    Operand<TNumber> mean = isTraining ? at.y(3) : at.x(3);
    Operand<TNumber> variance = isTraining ? at.y(4) : at.x(4);
    Operand<TNumber> scale = at.x(1);
    GraphOperation gradient =
        at.write("FusedBatchNormGradV2")
            .read(at.dy(), at.x(0), at.tf.dtypes.cast(scale, TFloat32.class), mean, variance)
            .keep("epsilon", "data_format", "is_training")
            .build();
    for (int i = 0; i < 3; i++) {
      int output = i;
      at.give(i, () -> gradient.output(output));
    }
    if (!isTraining) {
      // y is linear in mean, and known to depend on the variance by scale/√(variance + ε) only.
      at.refuse(3);
      at.refuse(4);
    }
  }
}
