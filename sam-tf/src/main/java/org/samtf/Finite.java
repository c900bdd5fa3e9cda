package org.samtf;

import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.family.TNumber;

/** Stops a step in which a tensor has a NaN or an infinity. */
final class Finite {

  private Finite() {}

  /**
   * {@code reduction} itself; the step fails if it is not finite.
   *
   * <p>It is given a reduction over the tensor that is meant, such as its sum: {@code
   * CheckNumerics} goes through its input in one thread and would take ten times as long on the
   * tensor itself.
   *
   * @param what what the tensor is, for the message
   */
  static Operand<TNumber> check(Ops tf, Operand<TNumber> reduction, String what) {
    return tf.debugging.checkNumerics(
        reduction, "Sam: the " + what + " is not finite, no variable was changed");
  }
}
