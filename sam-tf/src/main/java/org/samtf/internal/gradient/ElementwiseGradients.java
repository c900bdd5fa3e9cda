package org.samtf.internal.gradient;

import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.family.TNumber;

/** Functions of single entries: the derivative, times the gradient in the output. */
final class ElementwiseGradients {

  private ElementwiseGradients() {}

  /** x log y, and 0 where x is. */
  static void xlogy(AtOp at) {
    Ops tf = at.tf;
    at.giveBroadcast(0, () -> tf.math.mul(at.dy(), tf.math.xlogy(nonZero(at, at.x(0)), at.x(1))));
    at.giveBroadcast(1, () -> tf.math.mul(at.dy(), tf.math.xdivy(at.x(0), at.x(1))));
  }

  /** x log(1 + y), and 0 where x is. */
  static void xlog1py(AtOp at) {
    Ops tf = at.tf;
    at.giveBroadcast(
        0,
        () ->
            tf.math.mul(
                at.dy(), at.write("Xlog1py").read(nonZero(at, at.x(0)), at.x(1)).output(0)));
    at.giveBroadcast(
        1,
        () ->
            tf.math.mul(
                at.dy(), tf.math.xdivy(at.x(0), tf.math.add(at.x(1), at.number(1, at.x(1))))));
  }

  /** x / y, and 0 where x is. */
  static void xdivy(AtOp at) {
    Ops tf = at.tf;
    at.giveBroadcast(0, () -> tf.math.mul(at.dy(), tf.math.xdivy(nonZero(at, at.x(0)), at.x(1))));
    at.giveBroadcast(
        1,
        () -> tf.math.mul(at.dy(), tf.math.xdivy(tf.math.neg(at.x(0)), tf.math.square(at.x(1)))));
  }

  /** x y, and 0 where y is. */
  static void mulNoNan(AtOp at) {
    at.giveBroadcast(0, () -> at.tf.math.mulNoNan(at.dy(), at.x(1)));
    at.giveBroadcast(1, () -> at.tf.math.mulNoNan(at.x(0), at.dy()));
  }

  /** x − y ⌊x/y⌋. */
  static void floorMod(AtOp at) {
    at.giveBroadcast(0, at::dy);
    at.giveBroadcast(
        1, () -> at.tf.math.mul(at.dy(), at.tf.math.neg(at.tf.math.floorDiv(at.x(0), at.x(1)))));
  }

  /** −2/√π · exp(−x²). */
  static void erfc(AtOp at) {
    at.give(
        0,
        () ->
            scaled(
                at, -2 / Math.sqrt(Math.PI), at.tf.math.exp(at.tf.math.neg(square(at, at.x())))));
  }

  /** √π/2 · exp(y²), as the derivative of the inverse. */
  static void erfinv(AtOp at) {
    at.give(0, () -> scaled(at, Math.sqrt(Math.PI) / 2, at.tf.math.exp(square(at, at.y()))));
  }

  /** √(2π) · exp(y²/2), as the derivative of the inverse of the normal distribution. */
  static void ndtri(AtOp at) {
    at.give(
        0,
        () -> {
          Operand<TNumber> half = at.tf.math.mul(square(at, at.y()), at.number(0.5, at.y()));
          return scaled(at, Math.sqrt(2 * Math.PI), at.tf.math.exp(half));
        });
  }

  /** The derivative of log Γ is ψ. */
  static void lgamma(AtOp at) {
    at.give(0, () -> at.tf.math.mul(at.dy(), at.write("Digamma").read(at.x()).output(0)));
  }

  /** The derivative of ψ is ψ⁽¹⁾. */
  static void digamma(AtOp at) {
    at.give(0, () -> at.tf.math.mul(at.dy(), polygamma(at, at.number(1, at.x()), at.x())));
  }

  /** The derivative of ψ⁽ⁿ⁾ in x is ψ⁽ⁿ⁺¹⁾; n is a whole number. */
  static void polygamma(AtOp at) {
    at.giveBroadcast(
        1,
        () -> {
          Operand<TNumber> next = at.tf.math.add(at.x(0), at.number(1, at.x(0)));
          return at.tf.math.mul(at.dy(), polygamma(at, next, at.x(1)));
        });
  }

  /** It is 0 wherever there is one. */
  static void none(AtOp at) {
    // Nothing flows.
  }

  private static Operand<TNumber> polygamma(AtOp at, Operand<TNumber> n, Operand<TNumber> x) {
    return at.write("Polygamma").read(n, x).output(0);
  }

  private static Operand<TNumber> scaled(AtOp at, double factor, Operand<TNumber> derivative) {
    return at.tf.math.mul(at.dy(), at.tf.math.mul(at.number(factor, derivative), derivative));
  }

  private static Operand<TNumber> square(AtOp at, Operand<TNumber> x) {
    return at.tf.math.square(x);
  }

  private static Operand<TNumber> nonZero(AtOp at, Operand<TNumber> x) {
    return at.tf.dtypes.cast(at.tf.math.notEqual(x, at.tf.zerosLike(x)), x.type());
  }
}
