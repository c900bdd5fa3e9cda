package org.samtf.internal.gradient;

import org.tensorflow.Operand;
import org.tensorflow.types.family.TNumber;

/** Products of matrices, and matrices made of diagonals. */
final class MatrixGradients {

  private MatrixGradients() {}

  /** X Y, either of which may be read transposed, with the axes before the last two broadcast. */
  static void batchMatMul(AtOp at) {
    boolean x = at.flag("adj_x");
    boolean y = at.flag("adj_y");
    at.giveBroadcast(
        0,
        () ->
            x ? product(at, at.x(1), y, at.dy(), true) : product(at, at.dy(), false, at.x(1), !y));
    at.giveBroadcast(
        1,
        () ->
            y ? product(at, at.dy(), true, at.x(0), x) : product(at, at.x(0), !x, at.dy(), false));
  }

  private static Operand<TNumber> product(
      AtOp at, Operand<TNumber> x, boolean transposeX, Operand<TNumber> y, boolean transposeY) {
    return at.write("BatchMatMulV2")
        .read(x, y)
        .set("adj_x", transposeX)
        .set("adj_y", transposeY)
        .output(0);
  }

  /** A matrix with given diagonals: what was read comes back, and what fills the rest. */
  static void diagonalMatrix(AtOp at) {
    at.give(0, () -> diagonalsOf(at, at.dy(), at.input(1)));
    at.refuse(4);
  }

  /** The diagonals of a matrix. */
  static void diagonals(AtOp at) {
    at.give(
        0,
        () -> {
          Operand<TNumber> zeros = at.tf.zerosLike(at.x());
          return withDiagonals(at, zeros, at.dy(), at.input(1));
        });
    at.refuse(2);
  }

  static void mainDiagonal(AtOp at) {
    at.give(0, () -> at.write("MatrixSetDiag").read(at.tf.zerosLike(at.x()), at.dy()).output(0));
  }

  static void withMainDiagonal(AtOp at) {
    at.give(0, () -> at.write("MatrixSetDiag").read(at.dy(), at.tf.zerosLike(at.x(1))).output(0));
    at.give(1, () -> at.write("MatrixDiagPart").read(at.dy()).output(0));
  }

  /** A matrix in which diagonals were replaced. */
  static void withDiagonals(AtOp at) {
    at.give(0, () -> withDiagonals(at, at.dy(), at.tf.zerosLike(at.x(1)), at.input(2)));
    at.give(1, () -> diagonalsOf(at, at.dy(), at.input(2)));
  }

  private static Operand<TNumber> diagonalsOf(AtOp at, Operand<TNumber> matrix, Operand<?> which) {
    Operand<TNumber> padding = at.number(0, matrix);
    return align(at, at.write("MatrixDiagPartV3").read(matrix, which, padding)).output(0);
  }

  private static Operand<TNumber> withDiagonals(
      AtOp at, Operand<TNumber> matrix, Operand<TNumber> diagonals, Operand<?> which) {
    return align(at, at.write("MatrixSetDiagV3").read(matrix, diagonals, which)).output(0);
  }

  /** Short diagonals stood to the left before there was a choice. */
  private static OpWriter align(AtOp at, OpWriter writer) {
    return at.op.type().endsWith("V3") ? writer.keep("align") : writer.set("align", "LEFT_LEFT");
  }
}
