package org.samtf.examples.report;

/**
 * Mean and standard deviation of a sample.
 *
 * @param mean the mean
 * @param deviation the standard deviation (n - 1); 0 for a single value
 * @param size how many values
 */
public record Spread(double mean, double deviation, int size) {

  /**
   * Computes mean and deviation.
   *
   * @param values the sample, at least one
   * @return the spread
   */
  public static Spread of(double... values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    double mean = sum / values.length;
    double squares = 0;
    for (double value : values) {
      squares += (value - mean) * (value - mean);
    }
    double variance = values.length > 1 ? squares / (values.length - 1) : 0;
    return new Spread(mean, Math.sqrt(variance), values.length);
  }

  /**
   * Returns the standard error of the mean.
   *
   * @return the error; 0 for a single value
   */
  public double error() {
    return deviation / Math.sqrt(size);
  }
}
