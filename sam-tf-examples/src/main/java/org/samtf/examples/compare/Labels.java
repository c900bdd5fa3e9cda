package org.samtf.examples.compare;

/** What the training labels are like. */
public enum Labels {
  /** As the data set has them. */
  CLEAN("clean labels", 0),
  /** Many moved to another class. */
  NOISY("40 % wrong labels", 0.4);

  private final String title;
  private final double noise;

  Labels(String title, double noise) {
    this.title = title;
    this.noise = noise;
  }

  /**
   * Returns which share is moved.
   *
   * @return from 0 to 1
   */
  public double noise() {
    return noise;
  }

  @Override
  public String toString() {
    return title;
  }
}
