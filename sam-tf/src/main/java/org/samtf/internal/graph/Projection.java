package org.samtf.internal.graph;

import java.util.ArrayList;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.family.TNumber;

/**
 * The part of x along y, of several tensors together: ⟨x, u⟩u with u = y/‖y‖; zero if y is.
 *
 * <p>u is a tensor of its own for each y. If nothing is lost on that way, y · ⟨x, y⟩/‖y‖² does
 * without. Not on a GPU, which would have to wait until the host has seen that.
 */
public final class Projection {

  private Projection() {}

  /**
   * Adds the ops.
   *
   * @param xs of compute types
   * @param ys of the same types and shapes
   * @param norm ‖y‖
   * @param cpuOnly whether conditions cost nothing
   */
  public static List<Operand<TNumber>> of(
      Ops tf,
      List<Operand<TNumber>> xs,
      List<Operand<TNumber>> ys,
      Operand<TNumber> norm,
      boolean cpuOnly) {
    Class<TNumber> type = norm.type();
    Operand<TNumber> divisor = Magnitudes.orOne(tf, new Reals(tf), norm);
    if (!cpuOnly || xs.stream().anyMatch(x -> !x.type().equals(type))) {
      List<Operand<TNumber>> units = quotients(tf, ys, divisor);
      return multiples(tf, units, InnerProduct.of(tf, xs, units, type, cpuOnly));
    }
    Operand<TNumber> length = tf.math.div(InnerProduct.of(tf, xs, ys, type, true), divisor);
    Operand<TBool> inRange = inRange(tf, norm, length);
    Ops otherwise = tf.withSubScope("outOfRange");
    List<Operand<TNumber>> inPart = new ArrayList<>();
    ys.forEach(y -> inPart.add(Places.beside(tf, y).switchCond(y, inRange).outputFalse()));
    List<Operand<TNumber>> units = quotients(otherwise, inPart, divisor);
    Operand<TNumber> factor =
        either(
            tf,
            inRange,
            tf.math.div(length, divisor),
            InnerProduct.of(otherwise, xs, units, type, true));
    List<Operand<TNumber>> vectors = new ArrayList<>();
    for (int i = 0; i < ys.size(); i++) {
      vectors.add(either(Places.beside(tf, ys.get(i)), inRange, ys.get(i), units.get(i)));
    }
    return multiples(tf, vectors, factor);
  }

  /** Whether no square or product that counts was too small or too large for the type. */
  private static Operand<TBool> inRange(Ops tf, Operand<TNumber> norm, Operand<TNumber> length) {
    Reals reals = new Reals(tf);
    NormRange range = NormRange.of(norm.type());
    return tf.math.logicalAnd(
        range.holds(tf, reals, norm), range.holds(tf, reals, tf.math.abs(length)));
  }

  private static Operand<TNumber> either(
      Ops tf, Operand<TBool> condition, Operand<TNumber> x, Operand<TNumber> otherwise) {
    return tf.merge(List.of(tf.switchCond(x, condition).outputTrue(), otherwise)).output();
  }

  private static List<Operand<TNumber>> quotients(
      Ops tf, List<Operand<TNumber>> xs, Operand<TNumber> divisor) {
    return each(tf, xs, divisor, (there, x, y) -> there.math.div(x, y));
  }

  private static List<Operand<TNumber>> multiples(
      Ops tf, List<Operand<TNumber>> xs, Operand<TNumber> factor) {
    return each(tf, xs, factor, (there, x, y) -> there.math.mul(x, y));
  }

  private interface Binary {
    Operand<TNumber> of(Ops tf, Operand<TNumber> x, Operand<TNumber> scalar);
  }

  private static List<Operand<TNumber>> each(
      Ops tf, List<Operand<TNumber>> xs, Operand<TNumber> scalar, Binary operation) {
    List<Operand<TNumber>> results = new ArrayList<>();
    for (Operand<TNumber> x : xs) {
      Ops there = Places.beside(tf, x);
      results.add(operation.of(there, x, new Reals(there).cast(scalar, x.type())));
    }
    return results;
  }
}
