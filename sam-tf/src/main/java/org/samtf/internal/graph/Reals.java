package org.samtf.internal.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Snapshot;
import org.tensorflow.types.TBfloat16;
import org.tensorflow.types.TFloat16;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.family.TNumber;
import org.tensorflow.types.family.TType;

/**
 * Arithmetic on floating-point tensors whose type is known only when the graph is built.
 *
 * <p>Such tensors are handled as {@code Operand<TNumber>}; ops on two of them need operands of one
 * type, which {@link #cast} gives. Norms are computed in float32 at least, in float64 for float64.
 */
public final class Reals {

  private static final Set<Class<? extends TType>> FLOATING =
      Set.of(TFloat16.class, TBfloat16.class, TFloat32.class, TFloat64.class);

  private final Ops tf;
  private final Map<Integer, Operand<TInt32>> axesByRank = new HashMap<>();
  private final Map<String, Reals> besideByDevice = new HashMap<>();

  public Reals(Ops tf) {
    this.tf = tf;
  }

  /** For ops on the device of {@code x}; these ones if it has none, or theirs. */
  public Reals beside(Operand<?> x) {
    Ops there = Places.beside(tf, x);
    return there == tf
        ? this
        : besideByDevice.computeIfAbsent(
            there.scope().getDeviceString(), device -> new Reals(there));
  }

  /** Where the ops go. */
  public Ops ops() {
    return tf;
  }

  public static boolean isFloating(Operand<?> x) {
    return FLOATING.contains(x.type());
  }

  /** The type in which values of {@code x} are computed with: float64 for float64, else float32. */
  public static Class<TNumber> computeType(Operand<?> x) {
    return unchecked(x.type() == TFloat64.class ? TFloat64.class : TFloat32.class);
  }

  /** Float64 if any of {@code xs} is, else float32. */
  public static Class<TNumber> commonType(List<? extends Operand<?>> xs) {
    return unchecked(
        xs.stream().anyMatch(x -> x.type() == TFloat64.class) ? TFloat64.class : TFloat32.class);
  }

  /** The smallest normal number of a compute type. */
  public static double minNormal(Class<TNumber> type) {
    return isFloat64(type) ? Double.MIN_NORMAL : Float.MIN_NORMAL;
  }

  /** {@code x} itself if it has that type. */
  public Operand<TNumber> cast(Operand<?> x, Class<TNumber> type) {
    return x.type().equals(type) ? unchecked(x) : tf.dtypes.cast(x, type);
  }

  /** A scalar of a compute type. */
  public Operand<TNumber> constant(double value, Class<TNumber> type) {
    return unchecked(isFloat64(type) ? tf.constant(value) : tf.constant((float) value));
  }

  public Operand<TNumber> sum(Operand<TNumber> x) {
    return tf.sum(x, axes(x));
  }

  /**
   * The sum of tensors of one shape and type, times a factor; the tensor itself where it can be.
   */
  public Operand<TNumber> sum(List<Output<?>> xs, double factor) {
    if (xs.size() == 1 && factor == 1) {
      return unchecked(xs.get(0));
    }
    List<Operand<TNumber>> operands = new ArrayList<>();
    xs.forEach(x -> operands.add(unchecked(x)));
    Operand<TNumber> sum = inOrder(operands);
    return tf.withName("mean").math.mul(sum, tf.dtypes.cast(tf.constant(factor), sum.type()));
  }

  /**
   * The sum of tensors of one shape and type, in an order that is always the same.
   *
   * <p>AddN adds into the first input whose memory nobody else needs any more: where other ops read
   * the inputs too, timing decides about the order, and so about the last bits. A snapshot has no
   * other reader; it copies only where its input has one. (A chain of additions is no way out:
   * TensorFlow makes an AddN of it.)
   */
  public Operand<TNumber> inOrder(List<Operand<TNumber>> xs) {
    if (xs.size() <= 2) {
      return xs.size() == 1 ? xs.get(0) : tf.math.addN(xs);
    }
    List<Operand<TNumber>> ofItsOwn = new ArrayList<>();
    xs.forEach(x -> ofItsOwn.add(Snapshot.create(tf.scope(), x)));
    return tf.math.addN(ofItsOwn);
  }

  public Operand<TNumber> mean(List<Output<?>> xs) {
    return sum(xs, 1.0 / xs.size());
  }

  public Operand<TNumber> max(Operand<TNumber> x) {
    return tf.max(x, axes(x));
  }

  public Operand<TNumber> min(Operand<TNumber> x) {
    return tf.min(x, axes(x));
  }

  /** Σ x², in one pass and without a temporary tensor, up to the factor 2. */
  public Operand<TNumber> halfSumOfSquares(Operand<TNumber> x) {
    return tf.nn.l2Loss(x);
  }

  /** All axes of {@code x}: shared constants where the rank is known. */
  private Operand<TInt32> axes(Operand<?> x) {
    int rank = x.shape().numDimensions();
    if (rank < 0) {
      return tf.range(tf.constant(0), tf.rank(x), tf.constant(1));
    }
    return axesByRank.computeIfAbsent(
        rank,
        r -> {
          int[] all = new int[r];
          for (int i = 0; i < r; i++) {
            all[i] = i;
          }
          return tf.constant(all);
        });
  }

  public static boolean isFloat64(Class<?> type) {
    return type == TFloat64.class;
  }

  @SuppressWarnings("unchecked")
  public static <T> T unchecked(Object value) {
    return (T) value;
  }
}
