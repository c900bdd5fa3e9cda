package org.samtf.examples.model;

import java.util.List;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;

/** Layers without state between steps. */
final class Layers {

  private static final String SAME = "SAME";

  private Layers() {}

  /** A fully connected layer. */
  static Layer dense(Variables variables, String name, int inputs, int outputs) {
    Variable<TFloat32> kernel = variables.kernel(name, Shape.of(inputs, outputs));
    Variable<TFloat32> bias = variables.vector(name, "bias", outputs, 0);
    return (pass, x) -> {
      Ops tf = pass.tf().withSubScope(name);
      return tf.nn.biasAdd(tf.linalg.matMul(x, kernel), bias);
    };
  }

  /** A convolution without bias, which batch normalisation has; the kernel is a square. */
  static Layer convolution(
      Variables variables, String name, int side, int inputs, int outputs, long stride) {
    Variable<TFloat32> kernel = variables.kernel(name, Shape.of(side, side, inputs, outputs));
    return (pass, x) -> {
      Ops tf = pass.tf().withSubScope(name);
      return tf.nn.conv2d(x, kernel, List.of(1L, stride, stride, 1L), SAME);
    };
  }

  static Layer relu() {
    return (pass, x) -> pass.tf().nn.relu(x);
  }

  /** Halves height and width. */
  static Layer maxPool() {
    return (pass, x) -> {
      Ops tf = pass.tf();
      var window = tf.constant(new int[] {1, 2, 2, 1});
      return tf.nn.maxPool(x, window, window, SAME);
    };
  }

  /** Makes each image a vector. */
  static Layer flatten(int size) {
    return (pass, x) -> pass.tf().reshape(x, pass.tf().constant(new int[] {-1, size}));
  }
}
