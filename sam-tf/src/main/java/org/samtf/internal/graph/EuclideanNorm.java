package org.samtf.internal.graph;

import java.util.ArrayList;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.family.TNumber;

/**
 * ‖x‖₂ of several tensors together: from a sum of each, on its device.
 *
 * <p>If Σx² is well within the range of the type, it is used as it is. If not, or on a GPU, which
 * would have to wait until the host has seen that, all is divided by max|x| first.
 */
public final class EuclideanNorm {

  private EuclideanNorm() {}

  /**
   * Adds the ops.
   *
   * @param tensors of compute types
   * @param type that of the result
   * @param cpuOnly whether conditions cost nothing
   */
  public static Operand<TNumber> of(
      Ops tf, List<Operand<TNumber>> tensors, Class<TNumber> type, boolean cpuOnly) {
    Reals reals = new Reals(tf);
    if (!cpuOnly || tensors.stream().anyMatch(x -> !x.type().equals(type))) {
      return scaled(tf, reals, tensors, type);
    }
    Operand<TNumber> norm = plain(tf, reals, tensors, type);
    NormRange range = NormRange.of(type);
    Operand<TBool> inRange = range.holds(tf, reals, norm);
    List<Operand<TNumber>> others = new ArrayList<>();
    tensors.forEach(x -> others.add(Places.beside(tf, x).switchCond(x, inRange).outputFalse()));
    Operand<TNumber> ofOthers = scaled(tf.withSubScope("outOfRange"), reals, others, type);
    return tf.withName("norm")
        .merge(List.of(tf.switchCond(norm, inRange).outputTrue(), ofOthers))
        .output();
  }

  private static Operand<TNumber> plain(
      Ops tf, Reals reals, List<Operand<TNumber>> tensors, Class<TNumber> type) {
    List<Operand<TNumber>> halves = new ArrayList<>();
    for (Operand<TNumber> x : tensors) {
      Reals there = reals.beside(x);
      halves.add(there.cast(there.halfSumOfSquares(x), type));
    }
    // Nobody else reads these, so AddN has but one order.
    return tf.math.sqrt(tf.math.mul(tf.math.addN(halves), reals.constant(2, type)));
  }

  private static Operand<TNumber> scaled(
      Ops tf, Reals reals, List<Operand<TNumber>> tensors, Class<TNumber> type) {
    Operand<TNumber> scale = Magnitudes.largest(tf, reals, tensors, type);
    Operand<TNumber> divisor = Magnitudes.orOne(tf, reals, scale);
    List<Operand<TNumber>> quotients = new ArrayList<>();
    for (Operand<TNumber> x : tensors) {
      Ops there = Places.beside(tf, x);
      quotients.add(there.math.div(x, new Reals(there).cast(divisor, x.type())));
    }
    return tf.math.mul(divisor, plain(tf, reals, quotients, type));
  }
}
