package org.samtf.internal.gradient;

import org.tensorflow.Operand;
import org.tensorflow.types.family.TNumber;

/**
 * Of the cross-entropy −Σ_k y_k log softmax(z)_k of each row.
 *
 * <p>In z it is softmax(z) − y where y adds up to 1. Both ops compute that as their second output.
 */
final class CrossEntropyGradients {

  private CrossEntropyGradients() {}

  /** Labels are numbers of classes, so none flows to them. */
  static void sparse(AtOp at) {
    at.requireFirstOutputOnly();
    at.give(0, () -> ofLogits(at));
  }

  static void dense(AtOp at) {
    at.requireFirstOutputOnly();
    at.giveBroadcast(0, () -> ofLogits(at));
    at.giveBroadcast(1, () -> at.tf.math.mul(column(at), at.tf.math.neg(logSoftmax(at))));
  }

  private static Operand<TNumber> ofLogits(AtOp at) {
    return at.tf.math.mul(column(at), at.y(1));
  }

  private static Operand<TNumber> column(AtOp at) {
    return at.tf.expandDims(at.dy(), at.tf.constant(-1));
  }

  private static Operand<TNumber> logSoftmax(AtOp at) {
    return at.tf.nn.logSoftmax(at.x(0));
  }
}
