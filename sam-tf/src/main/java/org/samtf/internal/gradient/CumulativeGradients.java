package org.samtf.internal.gradient;

import org.samtf.internal.graph.Reals;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.family.TNumber;

/** Products along an axis. */
final class CumulativeGradients {

  private CumulativeGradients() {}

  /**
   * Of y_j = Π_{k≤j} x_k: Σ_{j≥i} dy_j y_j / x_i, from the products y. Where x_i is 0 that is no
   * number, so the entry is refused at run time.
   */
  static void product(AtOp at) {
    at.give(0, () -> quotient(at));
  }

  private static Operand<TNumber> quotient(AtOp at) {
    Ops tf = at.tf;
    Operand<TNumber> sums =
        Reals.unchecked(
            at.write("Cumsum")
                .read(tf.math.mul(at.y(), at.dy()), at.input(1))
                .keep("exclusive")
                .set("reverse", !at.flag("reverse"))
                .output(0));
    return tf.math.div(sums, at.x());
  }
}
