package org.samtf.examples.train;

/**
 * Settings of SAM around a base optimizer.
 *
 * @param rho radius of the neighbourhood
 * @param norm the p of its norm, at least 1, or infinity
 * @param l2 weight of the squared weights that are added to the objective
 * @param cut how the batch is cut
 */
public record SamSettings(float rho, double norm, float l2, BatchCut cut) {

  /**
   * Returns settings with the Euclidean norm, no L2 term and the whole batch.
   *
   * @param rho radius of the neighbourhood
   * @return the settings
   */
  public static SamSettings of(float rho) {
    return new SamSettings(rho, 2, 0, BatchCut.NONE);
  }

  /**
   * Returns these settings with another cut of the batch.
   *
   * @param other how the batch is cut
   * @return the settings
   */
  public SamSettings with(BatchCut other) {
    return new SamSettings(rho, norm, l2, other);
  }
}
