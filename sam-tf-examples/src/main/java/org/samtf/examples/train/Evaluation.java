package org.samtf.examples.train;

/**
 * How the network does on a part of the data, without dropout and with moving averages.
 *
 * @param accuracy share of the images that get their label's class
 * @param loss mean cross-entropy
 */
public record Evaluation(double accuracy, double loss) {

  /** Nothing was evaluated. */
  static final Evaluation NONE = new Evaluation(Double.NaN, Double.NaN);
}
