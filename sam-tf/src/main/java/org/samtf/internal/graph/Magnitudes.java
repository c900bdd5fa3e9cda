package org.samtf.internal.graph;

import java.util.ArrayList;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.family.TNumber;

/** How large the entries of tensors are. */
public final class Magnitudes {

  private Magnitudes() {}

  /**
   * max|g| over all tensors, of each on its device; of several, one with a NaN or an infinity does
   * not count.
   */
  public static Operand<TNumber> largest(
      Ops tf, Reals reals, List<Operand<TNumber>> gradients, Class<TNumber> type) {
    if (gradients.size() == 1) {
      Operand<TNumber> g = gradients.get(0);
      Reals there = reals.beside(g);
      Ops at = Places.beside(tf, g);
      return there.cast(at.math.maximum(there.max(g), at.math.neg(there.min(g))), type);
    }
    List<Operand<TNumber>> extremes = new ArrayList<>();
    for (Operand<TNumber> g : gradients) {
      Reals there = reals.beside(g);
      // Two reductions read g twice; |g| would write a tensor of its size.
      extremes.add(there.cast(there.max(g), type));
      extremes.add(there.cast(there.min(g), type));
    }
    Operand<TNumber> magnitudes = tf.math.abs(tf.stack(extremes));
    return reals.max(tf.select(tf.math.isFinite(magnitudes), magnitudes, tf.zerosLike(magnitudes)));
  }

  /** {@code scale}, or 1 where it is zero or too small to divide by. */
  public static Operand<TNumber> orOne(Ops tf, Reals reals, Operand<TNumber> scale) {
    Operand<TBool> usable =
        tf.math.greaterEqual(scale, reals.constant(Reals.minNormal(scale.type()), scale.type()));
    return tf.select(usable, scale, reals.constant(1, scale.type()));
  }
}
