package org.samtf.internal.gradient;

/** TensorFlow has an op for each. */
final class PoolingGradients {

  private static final String[] GEOMETRY = {"ksize", "strides", "padding", "data_format"};

  private PoolingGradients() {}

  static void average3d(AtOp at) {
    at.give(
        0,
        () ->
            at.write("AvgPool3DGrad").read(at.tf.shape(at.x()), at.dy()).keep(GEOMETRY).output(0));
  }

  static void max3d(AtOp at) {
    at.give(
        0, () -> at.write("MaxPool3DGrad").read(at.x(), at.y(), at.dy()).keep(GEOMETRY).output(0));
  }
}
