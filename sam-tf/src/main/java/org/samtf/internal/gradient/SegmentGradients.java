package org.samtf.internal.gradient;

import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.family.TNumber;

/** Rows are added up by the number of their segment, or averaged. */
final class SegmentGradients {

  private SegmentGradients() {}

  /** Of Σ x[indices], of the rows with the same segment. */
  static void sparseSum(AtOp at) {
    at.give(0, () -> scatter(at, of(at, at.dy())));
  }

  static void sparseMean(AtOp at) {
    at.give(0, () -> scatter(at, of(at, at.tf.math.divNoNan(at.dy(), counts(at, 2)))));
  }

  /** Of the sum divided by the root of the number of rows. */
  static void sparseSqrtN(AtOp at) {
    at.give(
        0, () -> scatter(at, of(at, at.tf.math.divNoNan(at.dy(), at.tf.math.sqrt(counts(at, 2))))));
  }

  static void mean(AtOp at) {
    at.give(
        0,
        () ->
            at.tf.gather(
                at.tf.math.divNoNan(at.dy(), counts(at, 1)),
                at.<Operand<TNumber>>input(1),
                at.tf.constant(0)));
  }

  /** The row of each index's segment. */
  private static Operand<TNumber> of(AtOp at, Operand<TNumber> perSegment) {
    return at.tf.gather(perSegment, at.<Operand<TNumber>>input(2), at.tf.constant(0));
  }

  private static Operand<TNumber> scatter(AtOp at, Operand<TNumber> perIndex) {
    Ops tf = at.tf;
    Operand<TInt32> rows =
        tf.reshape(
            tf.slice(tf.shape(at.x()), tf.constant(new int[] {0}), tf.constant(new int[] {1})),
            tf.constant(new int[0]));
    return tf.math.unsortedSegmentSum(perIndex, at.<Operand<TNumber>>input(1), rows);
  }

  /** How many rows each segment has, in the shape of a row with one entry for each axis. */
  private static Operand<TNumber> counts(AtOp at, int ids) {
    Ops tf = at.tf;
    Operand<TNumber> segments = at.input(ids);
    Operand<TInt32> shape = tf.shape(at.dy());
    Operand<TInt32> first = tf.slice(shape, tf.constant(new int[] {0}), tf.constant(new int[] {1}));
    Operand<TNumber> ones = tf.fill(tf.shape(segments), at.number(1, at.dy()));
    Operand<TNumber> counts =
        tf.math.unsortedSegmentSum(ones, segments, tf.reshape(first, tf.constant(new int[0])));
    Operand<TInt32> rest = tf.slice(shape, tf.constant(new int[] {1}), tf.constant(new int[] {-1}));
    Operand<TInt32> column = tf.concat(java.util.List.of(first, tf.onesLike(rest)), tf.constant(0));
    return tf.reshape(counts, column);
  }
}
