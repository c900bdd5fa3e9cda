package org.samtf.internal.gradient;

import org.tensorflow.types.TInt32;

/**
 * A convolution is linear in its input and in its filter; TensorFlow has ops for both transposes.
 */
final class ConvolutionGradients {

  private static final String[] GEOMETRY = {"strides", "padding", "data_format", "dilations"};

  private ConvolutionGradients() {}

  static void conv3d(AtOp at) {
    at.give(
        0,
        () ->
            at.write("Conv3DBackpropInputV2")
                .read(at.tf.shape(at.x(0)), at.x(1), at.dy())
                .keep(GEOMETRY)
                .output(0));
    at.give(
        1,
        () ->
            at.write("Conv3DBackpropFilterV2")
                .read(at.x(0), at.tf.shape(at.x(1)), at.dy())
                .keep(GEOMETRY)
                .output(0));
  }

  /** The inputs are the shape of the output, the filter, and what is convolved. */
  static void conv3dTransposed(AtOp at) {
    at.give(
        1,
        () ->
            at.write("Conv3DBackpropFilterV2")
                .read(at.dy(), at.tf.shape(at.x(1)), at.x(2))
                .keep(GEOMETRY)
                .output(0));
    at.give(2, () -> at.write("Conv3D").read(at.dy(), at.x(1)).keep(GEOMETRY).output(0));
  }

  static void depthwiseTransposed(AtOp at) {
    at.give(
        1,
        () ->
            at.write("DepthwiseConv2dNativeBackpropFilter")
                .read(at.dy(), at.tf.shape(at.x(1), TInt32.class), at.x(2))
                .keep(GEOMETRY)
                .keep("explicit_paddings")
                .output(0));
    at.give(
        2,
        () ->
            at.write("DepthwiseConv2dNative")
                .read(at.dy(), at.x(1))
                .keep(GEOMETRY)
                .keep("explicit_paddings")
                .output(0));
  }
}
