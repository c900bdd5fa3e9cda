package org.samtf;

import java.util.ArrayList;
import java.util.List;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.nn.TopK;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TString;
import org.tensorflow.types.family.TNumber;
import org.tensorflow.types.family.TType;

/** Takes some examples out of a batch. */
final class ExampleSubset {

  private ExampleSubset() {}

  /**
   * The same examples of each of {@code batchInputs}.
   *
   * @param seed what random examples depend on; null for a generator of TensorFlow's
   */
  static List<Output<?>> of(
      Ops tf,
      AscentExamples examples,
      boolean random,
      Operand<? extends TNumber> seed,
      List<Output<?>> batchInputs) {
    Operand<TInt32> size = batchSize(tf, batchInputs.get(0));
    Operand<TInt32> wanted = wanted(tf, examples, size);
    Operand<TInt32> indices = tf.range(tf.constant(0), size, tf.constant(1));
    if (random) {
      indices = seed == null ? tf.random.randomShuffle(indices) : shuffled(tf, size, seed);
    }
    indices =
        tf.withName("indices")
            .slice(indices, tf.constant(new int[] {0}), tf.expandDims(wanted, tf.constant(0)));
    List<Output<?>> subset = new ArrayList<>();
    for (Output<?> input : batchInputs) {
      Operand<TType> all = Reals.unchecked(input);
      subset.add(tf.withName("examples").gather(all, indices, tf.constant(0)).asOutput());
    }
    return subset;
  }

  /** The order of as many random numbers. */
  private static Operand<TInt32> shuffled(
      Ops tf, Operand<TInt32> size, Operand<? extends TNumber> seed) {
    // Of 64 bits: equal numbers, which would favour the first examples, do not occur.
    Operand<TFloat64> keys =
        tf.random.statelessRandomUniform(tf.expandDims(size, tf.constant(0)), seed, TFloat64.class);
    return tf.nn.topK(keys, size, new TopK.Options[0]).indices();
  }

  private static Operand<TInt32> batchSize(Ops tf, Output<?> input) {
    return tf.withName("batchSize")
        .gather(tf.shape(Reals.<Operand<TType>>unchecked(input)), tf.constant(0), tf.constant(0));
  }

  private static Operand<TInt32> wanted(Ops tf, AscentExamples examples, Operand<TInt32> size) {
    if (examples.count == 0) {
      Operand<TInt32> rounded =
          tf.dtypes.cast(
              tf.math.round(
                  tf.math.mul(
                      tf.dtypes.cast(size, TFloat64.class), tf.constant(examples.fraction))),
              TInt32.class);
      return tf.math.maximum(rounded, tf.constant(1));
    }
    Operand<TInt32> count = tf.constant(examples.count);
    Operand<TString> said =
        tf.constant("Sam: ascentExamples is larger than the batch; the numbers are");
    Op enough = tf.assertThat(tf.math.lessEqual(count, size), List.of(said, count, size));
    return tf.withControlDependencies(List.of(enough)).identity(count);
  }
}
