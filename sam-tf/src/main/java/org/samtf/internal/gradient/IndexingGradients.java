package org.samtf.internal.gradient;

import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TNumber;

/** Each entry that was read gets the sum of the gradients where it went to. */
final class IndexingGradients {

  private IndexingGradients() {}

  /** Rows of the first input, by the numbers in the second, which may have any shape. */
  static void gather(AtOp at) {
    at.give(
        0,
        () -> {
          Ops tf = at.tf;
          Operand<TInt32> shape = tf.shape(at.x());
          Operand<TInt32> rest = tail(tf, shape, 1);
          Operand<TInt32> flat = tf.concat(List.of(minusOne(tf), rest), tf.constant(0));
          Operand<TNumber> indices = at.input(1);
          Operand<TNumber> rows =
              tf.math.unsortedSegmentSum(
                  tf.reshape(at.dy(), flat), tf.reshape(indices, minusOne(tf)), head(tf, shape));
          return tf.reshape(rows, shape);
        });
  }

  /** The k largest along the last axis: no entry is among them twice. */
  static void topK(AtOp at) {
    at.give(
        0,
        () -> {
          Ops tf = at.tf;
          Operand<TInt64> shape = tf.shape(at.x(), TInt64.class);
          Operand<TInt64> row = tf.reshape(last(tf, shape), tf.constant(new int[0]));
          Operand<TInt64> indices = tf.dtypes.cast(at.<Operand<TNumber>>output(1), TInt64.class);
          Operand<TInt64> perRow = tf.shape(indices, TInt64.class);
          // The number of each row, times its length, is where it begins in all of them end to end.
          Operand<TInt64> matrix =
              tf.concat(List.of(minusOneLong(tf), last(tf, perRow)), tf.constant(0));
          Operand<TInt64> flat = tf.reshape(indices, matrix);
          Operand<TInt64> rows =
              tf.reshape(head64(tf, tf.shape(flat, TInt64.class)), tf.constant(new int[0]));
          Operand<TInt64> starts =
              tf.math.mul(tf.range(tf.constant(0L), rows, tf.constant(1L)), row);
          Operand<TInt64> places = tf.math.add(flat, tf.expandDims(starts, tf.constant(1)));
          Operand<TNumber> all =
              tf.math.unsortedSegmentSum(
                  tf.reshape(at.dy(), minusOne(tf)),
                  tf.reshape(places, minusOne(tf)),
                  tf.math.mul(rows, row));
          return tf.reshape(all, shape);
        });
  }

  private static Operand<TInt32> minusOne(Ops tf) {
    return tf.constant(new int[] {-1});
  }

  private static Operand<TInt64> minusOneLong(Ops tf) {
    return tf.constant(new long[] {-1});
  }

  private static Operand<TInt32> head(Ops tf, Operand<TInt32> shape) {
    return tf.reshape(
        tf.slice(shape, tf.constant(new int[] {0}), tf.constant(new int[] {1})),
        tf.constant(new int[0]));
  }

  private static Operand<TInt64> head64(Ops tf, Operand<TInt64> shape) {
    return tf.slice(shape, tf.constant(new int[] {0}), tf.constant(new int[] {1}));
  }

  private static Operand<TInt32> tail(Ops tf, Operand<TInt32> shape, int from) {
    return tf.slice(shape, tf.constant(new int[] {from}), tf.constant(new int[] {-1}));
  }

  /** The last entry of a shape, as a vector of one. */
  private static Operand<TInt64> last(Ops tf, Operand<TInt64> shape) {
    Operand<TInt64> rank = tf.size(shape, TInt64.class);
    Operand<TInt64> begin =
        tf.reshape(tf.math.sub(rank, tf.constant(1L)), tf.constant(new int[] {1}));
    return tf.slice(shape, begin, tf.constant(new long[] {1}));
  }
}
