package org.samtf.examples.train;

/**
 * Settings of SAM around a base optimizer.
 *
 * @param rho radius of the neighbourhood
 * @param norm the p of its norm, at least 1, or infinity
 * @param l2 weight of the squared weights that are added to the objective
 */
public record SamSettings(float rho, double norm, float l2) {

  /**
   * Returns settings with the Euclidean norm and no L2 term.
   *
   * @param rho radius of the neighbourhood
   * @return the settings
   */
  public static SamSettings of(float rho) {
    return new SamSettings(rho, 2, 0);
  }
}
