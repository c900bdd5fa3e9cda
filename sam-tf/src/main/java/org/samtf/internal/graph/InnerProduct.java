package org.samtf.internal.graph;

import java.util.ArrayList;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.types.family.TNumber;

/** ⟨x, y⟩ of several tensors together: from a sum of each, on its device. */
public final class InnerProduct {

  /** Below it three more ops cost more than a temporary tensor. */
  private static final long LARGE = 1 << 14;

  private InnerProduct() {}

  /**
   * Adds the ops.
   *
   * @param xs of compute types
   * @param ys of the same types and shapes
   * @param type that of the result
   * @param cpuOnly whether all is on CPUs
   */
  public static Operand<TNumber> of(
      Ops tf,
      List<Operand<TNumber>> xs,
      List<Operand<TNumber>> ys,
      Class<TNumber> type,
      boolean cpuOnly) {
    Reals reals = new Reals(tf);
    List<Operand<TNumber>> sums = new ArrayList<>();
    for (int i = 0; i < xs.size(); i++) {
      Reals there = reals.beside(xs.get(i));
      sums.add(there.cast(ofOne(there, xs.get(i), ys.get(i), cpuOnly), type));
    }
    return reals.inOrder(sums);
  }

  private static Operand<TNumber> ofOne(
      Reals reals, Operand<TNumber> x, Operand<TNumber> y, boolean cpuOnly) {
    Ops tf = reals.ops();
    Shape shape = x.shape();
    if (!cpuOnly || shape.hasUnknownDimension() || shape.size() < LARGE) {
      return reals.sum(tf.math.mul(x, y));
    }
    // A row times a row: one pass over both, and no tensor of their products is written.
    Operand<TNumber> ofRows =
        tf.linalg.matMul(row(tf, x), row(tf, y), new MatMul.Options[] {MatMul.transposeB(true)});
    return tf.reshape(ofRows, tf.constant(new int[0]));
  }

  private static Operand<TNumber> row(Ops tf, Operand<TNumber> x) {
    return tf.reshape(x, tf.constant(new int[] {1, -1}));
  }
}
