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

  /** How many examples, given the number in the batch; a scalar each. */
  interface Count {
    Operand<TInt32> of(Ops tf, Operand<TInt32> batchSize);
  }

  /** The order in which the examples are taken, given how many there are: the first come first. */
  interface Order {
    Operand<TInt32> of(Ops tf, Operand<TInt32> batchSize);
  }

  private final Count count;
  private final Order order;
  private final String text;

  private ExampleSubset(Count count, Order order, String text) {
    this.count = count;
    this.order = order;
    this.text = text;
  }

  /** So many of the examples; a step with a smaller batch fails. */
  static ExampleSubset first(int m) {
    Count count =
        (tf, size) -> {
          Operand<TInt32> wanted = tf.constant(m);
          Operand<TString> said =
              tf.constant("Sam: ascentExamples is larger than the batch; the numbers are");
          Op enough = tf.assertThat(tf.math.lessEqual(wanted, size), List.of(said, wanted, size));
          return tf.withControlDependencies(List.of(enough)).identity(wanted);
        };
    return new ExampleSubset(count, ExampleSubset::asTheyCome, Integer.toString(m));
  }

  /** A fraction of the examples, rounded, and one at least. */
  static ExampleSubset first(double fraction) {
    Count count =
        (tf, size) -> {
          Operand<TFloat64> exact =
              tf.math.mul(tf.dtypes.cast(size, TFloat64.class), tf.constant(fraction));
          return tf.math.maximum(
              tf.dtypes.cast(tf.math.round(exact), TInt32.class), tf.constant(1));
        };
    return new ExampleSubset(count, ExampleSubset::asTheyCome, Double.toString(fraction));
  }

  /** As many, drawn in each step by a generator of TensorFlow's. */
  ExampleSubset drawn() {
    return new ExampleSubset(
        count, (tf, size) -> tf.random.randomShuffle(asTheyCome(tf, size)), text + " drawn");
  }

  /** As many, drawn in each step from a seed: the same seed gives the same. */
  ExampleSubset drawnFrom(Operand<? extends TNumber> seed) {
    return new ExampleSubset(count, (tf, size) -> shuffled(tf, size, seed), text + " drawn");
  }

  /** The same examples of each of {@code batchInputs}. */
  List<Output<?>> of(Ops tf, List<Output<?>> batchInputs) {
    Operand<TInt32> size = batchSize(tf, batchInputs.get(0));
    Operand<TInt32> wanted = count.of(tf, size);
    Operand<TInt32> indices =
        tf.withName("indices")
            .slice(
                order.of(tf, size),
                tf.constant(new int[] {0}),
                tf.expandDims(wanted, tf.constant(0)));
    List<Output<?>> subset = new ArrayList<>();
    for (Output<?> input : batchInputs) {
      Operand<TType> all = Reals.unchecked(input);
      subset.add(tf.withName("examples").gather(all, indices, tf.constant(0)).asOutput());
    }
    return subset;
  }

  private static Operand<TInt32> asTheyCome(Ops tf, Operand<TInt32> size) {
    return tf.range(tf.constant(0), size, tf.constant(1));
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

  @Override
  public String toString() {
    return text;
  }
}
