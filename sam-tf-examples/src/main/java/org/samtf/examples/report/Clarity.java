package org.samtf.examples.report;

import java.util.Optional;

/** When a mean over seeds is called different from 0. */
public final class Clarity {

  /**
   * With fewer seeds a standard error is hardly known itself. Without any difference, a mean is
   * more than three standard errors from 0 with a probability of 0.20 for two seeds, 0.06 for four,
   * 0.04 for five and 0.015 for ten (Student's t).
   */
  public static final int FEWEST_SEEDS = 5;

  /**
   * How far from 0 a mean must be, in standard errors. Two would do for one comparison; there are
   * several, each from few seeds.
   */
  private static final double STANDARD_ERRORS = 3;

  private Clarity() {}

  /**
   * Returns what is to be said in place of a verdict.
   *
   * @param seeds how many there are
   * @return a few words, or empty if there are enough
   */
  public static Optional<String> tooFew(int seeds) {
    if (seeds >= FEWEST_SEEDS) {
      return Optional.empty();
    }
    return Optional.of(
        seeds < 2
            ? "one seed shows nothing"
            : "too few seeds to tell: " + seeds + "; take at least " + FEWEST_SEEDS);
  }

  /**
   * Returns on which side of 0 a mean clearly is.
   *
   * @param mean over enough seeds
   * @param standardError its standard error
   * @return 1 above, -1 below, 0 if it is not clear
   */
  public static int sign(double mean, double standardError) {
    return Math.abs(mean) > STANDARD_ERRORS * standardError ? (int) Math.signum(mean) : 0;
  }
}
