package org.samtf.examples.sharpness;

import java.util.ArrayList;
import java.util.List;
import org.samtf.examples.model.LayeredNetwork;
import org.samtf.examples.model.Mlp;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Gradients;
import org.tensorflow.op.core.ReduceMax;
import org.tensorflow.op.core.Sum;
import org.tensorflow.op.train.BatchMatMul;
import org.tensorflow.types.TFloat32;

/**
 * The passes of a perceptron through which each part of a batch goes with weights of its own.
 *
 * <p>A dense layer maps the activations A of a part to Z = AW + b. With D the gradient of the
 * part's loss with respect to Z, the gradients of W and b are AᵀD and 1ᵀD. The perturbation of the
 * part is a multiple c of these, and need not be written out:
 *
 * <ul>
 *   <li>the squared norm of the gradient is the sum, over the layers and over the entries, of (AAᵀ
 *       + 1) ∘ DDᵀ;
 *   <li>the perturbation adds c (A'Aᵀ + 1) D to the output of the layer, where A' are the
 *       activations at the perturbed weights.
 * </ul>
 *
 * <p>These are products of the images of a part with each other, and one op computes them for all
 * parts. The factor in front of D does not matter, because c divides by the norm.
 */
final class FactoredPerceptron {

  private final Ops tf;
  private final LayeredNetwork network;
  private final List<Layer> layers = new ArrayList<>();
  private final int partSize;

  private record Layer(Operand<TFloat32> kernel, Operand<TFloat32> bias, int inputs, int outputs) {}

  /**
   * One way through the layers.
   *
   * @param inputs A of each layer: part by image by unit
   * @param outputs Z of each layer: image by unit
   * @param losses of the images
   */
  record Pass(
      List<Operand<TFloat32>> inputs, List<Operand<TFloat32>> outputs, Operand<TFloat32> losses) {}

  FactoredPerceptron(Ops tf, LayeredNetwork network, Mlp mlp, int partSize) {
    this.tf = tf;
    this.network = network;
    this.partSize = partSize;
    for (String name : mlp.denseLayers()) {
      Operand<TFloat32> kernel = network.variable(name + "_kernel");
      Shape shape = kernel.shape();
      layers.add(
          new Layer(
              kernel,
              network.variable(name + "_bias"),
              Math.toIntExact(shape.get(0)),
              Math.toIntExact(shape.get(1))));
    }
  }

  /** All parts with the weights as they are. */
  Pass atWeights() {
    return pass(null, null);
  }

  /** Each part with the weights at w + eps, eps from the gradient of this part. */
  Pass perturbed(Pass atWeights, float rho) {
    return pass(atWeights, perturbation(atWeights, rho));
  }

  private Pass pass(Pass atWeights, List<Operand<TFloat32>> perturbation) {
    List<Operand<TFloat32>> inputs = new ArrayList<>();
    List<Operand<TFloat32>> outputs = new ArrayList<>();
    Operand<TFloat32> x =
        tf.reshape(network.images(), tf.constant(new int[] {-1, layers.get(0).inputs()}));
    for (int l = 0; l < layers.size(); l++) {
      Layer layer = layers.get(l);
      Operand<TFloat32> input = l == 0 ? x : tf.nn.relu(x);
      Operand<TFloat32> parts = inParts(input, layer.inputs());
      x = tf.nn.biasAdd(tf.linalg.matMul(input, layer.kernel()), layer.bias());
      if (perturbation != null) {
        Operand<TFloat32> before = tf.stopGradient(atWeights.inputs().get(l));
        Operand<TFloat32> moved = product(plusOne(alike(parts, before)), perturbation.get(l));
        x = tf.math.add(x, tf.reshape(moved, tf.constant(new int[] {-1, layer.outputs()})));
      }
      inputs.add(parts);
      outputs.add(x);
    }
    return new Pass(inputs, outputs, losses(x));
  }

  /** cD of each layer: part by image by unit. */
  private List<Operand<TFloat32>> perturbation(Pass atWeights, float rho) {
    Operand<TFloat32> all = tf.sum(atWeights.losses(), tf.constant(0));
    Gradients gradients = tf.gradients(all, atWeights.outputs());
    List<Operand<TFloat32>> errors = new ArrayList<>();
    for (int l = 0; l < layers.size(); l++) {
      errors.add(inParts(gradients.<TFloat32>dy(l), layers.get(l).outputs()));
    }
    // As SamOptimizer does, so that no square is lost: the largest error of a part becomes 1.
    Operand<TFloat32> largest = greatest(errors);
    List<Operand<TFloat32>> scaled = new ArrayList<>();
    List<Operand<TFloat32>> squares = new ArrayList<>();
    for (int l = 0; l < layers.size(); l++) {
      Operand<TFloat32> error = tf.math.divNoNan(errors.get(l), largest);
      Operand<TFloat32> input = atWeights.inputs().get(l);
      scaled.add(error);
      squares.add(
          tf.sum(
              tf.math.mul(plusOne(alike(input, input)), alike(error, error)),
              tf.constant(new int[] {1, 2}),
              Sum.keepDims(true)));
    }
    Operand<TFloat32> norm = tf.math.sqrt(tf.math.addN(squares));
    Operand<TFloat32> factor = tf.math.divNoNan(tf.constant(rho), norm);
    List<Operand<TFloat32>> perturbation = new ArrayList<>();
    for (Operand<TFloat32> error : scaled) {
      perturbation.add(tf.stopGradient(tf.math.mul(error, factor)));
    }
    return perturbation;
  }

  private Operand<TFloat32> greatest(List<Operand<TFloat32>> errors) {
    Operand<TFloat32> greatest = null;
    for (Operand<TFloat32> error : errors) {
      Operand<TFloat32> here =
          tf.reduceMax(tf.math.abs(error), tf.constant(new int[] {1, 2}), ReduceMax.keepDims(true));
      greatest = greatest == null ? here : tf.math.maximum(greatest, here);
    }
    return greatest;
  }

  private Operand<TFloat32> losses(Operand<TFloat32> logits) {
    int classes = layers.get(layers.size() - 1).outputs();
    Operand<TFloat32> wanted =
        tf.oneHot(network.labels(), tf.constant(classes), tf.constant(1f), tf.constant(0f));
    return tf.nn.softmaxCrossEntropyWithLogits(logits, wanted).loss();
  }

  private Operand<TFloat32> inParts(Operand<TFloat32> rows, int units) {
    return tf.reshape(rows, tf.constant(new int[] {-1, partSize, units}));
  }

  /** The scalar products of the images of a part. */
  private Operand<TFloat32> alike(Operand<TFloat32> x, Operand<TFloat32> y) {
    return tf.train.batchMatMul(x, y, TFloat32.class, BatchMatMul.adjY(true));
  }

  private Operand<TFloat32> product(Operand<TFloat32> x, Operand<TFloat32> y) {
    return tf.train.batchMatMul(x, y, TFloat32.class);
  }

  private Operand<TFloat32> plusOne(Operand<TFloat32> x) {
    return tf.math.add(x, tf.constant(1f));
  }
}
