package org.samtf.internal.gradient;

import java.util.List;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import org.samtf.internal.graph.Reals;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.family.TNumber;

/**
 * One op on the way back: what it has read and computed, the gradients in its outputs, and a place
 * for those in its inputs.
 *
 * <p>Tensors are handled as {@code Operand<TNumber>}, whatever floating-point type they have.
 */
final class AtOp {

  final GraphOperation op;

  /** Where the gradient's ops go. */
  final Ops tf;

  private final List<Output<?>> inputs;
  private final Output<?>[] outputGradients;
  private final IntPredicate isWanted;
  private final Output<?>[] inputGradients;

  /**
   * An op.
   *
   * @param inputs what it reads
   * @param outputGradients the gradients in its outputs, null where none flows
   * @param isWanted whether anything trained is behind an input
   */
  AtOp(
      GraphOperation op,
      Ops tf,
      List<Output<?>> inputs,
      Output<?>[] outputGradients,
      IntPredicate isWanted) {
    this.op = op;
    this.tf = tf;
    this.inputs = inputs;
    this.outputGradients = outputGradients;
    this.isWanted = isWanted;
    this.inputGradients = new Output<?>[inputs.size()];
  }

  /** What the op reads, of any type. */
  <T> T input(int index) {
    return Reals.unchecked(inputs.get(index));
  }

  /** A floating-point input. */
  Operand<TNumber> x(int index) {
    return input(index);
  }

  /** A floating-point input, if there is one only, or the first. */
  Operand<TNumber> x() {
    return input(0);
  }

  /** The first output. */
  Operand<TNumber> y() {
    return y(0);
  }

  Operand<TNumber> y(int index) {
    return Reals.unchecked(op.output(index));
  }

  /** An output of any type. */
  <T> T output(int index) {
    return Reals.unchecked(op.output(index));
  }

  /** The gradient in the first output. */
  Operand<TNumber> dy() {
    return dy(0);
  }

  /** The gradient in an output; zeros if none flows to it. */
  Operand<TNumber> dy(int index) {
    Output<?> gradient = outputGradients[index];
    return gradient == null ? tf.zerosLike(y(index)) : Reals.unchecked(gradient);
  }

  /** Whether a gradient flows to an output. */
  boolean flows(int output) {
    return outputGradients[output] != null;
  }

  /**
   * Refuses gradients in other outputs than the first.
   *
   * @throws IllegalArgumentException if one flows to any of them
   */
  void requireFirstOutputOnly() {
    for (int i = 1; i < outputGradients.length; i++) {
      if (flows(i)) {
        throw new IllegalArgumentException(
            "has a gradient by its first output only, and the loss reads output " + i);
      }
    }
  }

  /** Gives the gradient in an input, which is written if anything trained is behind it. */
  void give(int input, Supplier<? extends Operand<?>> gradient) {
    if (isWanted.test(input)) {
      inputGradients[input] = gradient.get().asOutput();
    }
  }

  /** Gives the gradient in an input that was broadcast to the shape of the output. */
  void giveBroadcast(int input, Supplier<Operand<TNumber>> gradient) {
    give(input, () -> sumTo(gradient.get(), x(input)));
  }

  /**
   * Refuses to go back to an input.
   *
   * @throws IllegalArgumentException if anything trained is behind it
   */
  void refuse(int input) {
    if (isWanted.test(input)) {
      throw new IllegalArgumentException(
          "has no gradient in its input " + input + ", which depends on what is trained");
    }
  }

  /** What has been given, null where nothing was. */
  Output<?>[] given() {
    return inputGradients;
  }

  /** A number in the type of {@code like}. */
  Operand<TNumber> number(double value, Operand<TNumber> like) {
    return tf.dtypes.cast(tf.constant(value), like.type());
  }

  /** Undoes the broadcasting of {@code x}: sums over the axes that it was repeated along. */
  Operand<TNumber> sumTo(Operand<TNumber> gradient, Operand<TNumber> x) {
    Shape from = x.shape();
    Shape to = gradient.shape();
    if (!from.hasUnknownDimension() && from.equals(to)) {
      return gradient;
    }
    Operand<TInt32> shape = tf.shape(x);
    Operand<TInt32> axes = write("BroadcastGradientArgs").read(shape, tf.shape(gradient)).output(0);
    return tf.reshape(tf.sum(gradient, axes), shape);
  }

  boolean flag(String attribute) {
    return op.attributes().getAttrBool(attribute);
  }

  String text(String attribute) {
    return op.attributes().getAttrString(attribute);
  }

  /** Begins an op of any type: not all have a class on each line of TensorFlow Java. */
  OpWriter write(String type) {
    return new OpWriter(tf.scope(), type, op);
  }
}
