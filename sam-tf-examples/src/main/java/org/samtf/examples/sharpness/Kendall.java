package org.samtf.examples.sharpness;

import java.util.Arrays;

/**
 * Kendall's rank correlation tau-b, which allows for ties (Kendall 1945).
 *
 * <p>It is (concordant - discordant pairs) / sqrt(pairs that differ in x * pairs that differ in y).
 */
final class Kendall {

  private Kendall() {}

  /** Returns tau-b, from -1 to 1; not a number if all x or all y are the same. */
  static double tau(double[] x, double[] y) {
    double[] once = new double[x.length];
    Arrays.fill(once, 1);
    return tau(x, y, once);
  }

  /** Returns tau-b of a sample in which each point is there as often as its weight says. */
  static double tau(double[] x, double[] y, double[] weights) {
    if (x.length != y.length || x.length != weights.length) {
      throw new IllegalArgumentException(
          x.length + " x, " + y.length + " y and " + weights.length + " weights");
    }
    double agreement = 0;
    double differInX = 0;
    double differInY = 0;
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < i; j++) {
        double pairs = weights[i] * weights[j];
        double orderOfX = Math.signum(x[i] - x[j]);
        double orderOfY = Math.signum(y[i] - y[j]);
        agreement += pairs * orderOfX * orderOfY;
        differInX += pairs * Math.abs(orderOfX);
        differInY += pairs * Math.abs(orderOfY);
      }
    }
    return agreement / Math.sqrt(differInX * differInY);
  }
}
