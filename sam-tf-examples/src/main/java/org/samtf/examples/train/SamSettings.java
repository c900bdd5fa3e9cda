package org.samtf.examples.train;

import java.util.List;
import java.util.Optional;

/**
 * Settings of SAM around a base optimizer.
 *
 * @param rho radius of the neighbourhood
 * @param norm the p of its norm, at least 1, or infinity
 * @param adaptive the eta of a neighbourhood that scales with the weights; empty for one that does
 *     not
 * @param l2 weight of the squared weights that are added to the objective
 * @param freeze patterns of the variables that are not trained
 * @param doNotPerturb patterns of the variables that are trained, but not perturbed
 * @param cut how the batch is cut
 */
public record SamSettings(
    float rho,
    double norm,
    Optional<Float> adaptive,
    float l2,
    List<String> freeze,
    List<String> doNotPerturb,
    BatchCut cut) {

  /**
   * Returns settings with the Euclidean norm, no L2 term, all variables and the whole batch.
   *
   * @param rho radius of the neighbourhood
   * @return the settings
   */
  public static SamSettings of(float rho) {
    return new SamSettings(rho, 2, Optional.empty(), 0, List.of(), List.of(), BatchCut.NONE);
  }

  /**
   * Returns these settings with another cut of the batch.
   *
   * @param other how the batch is cut
   * @return the settings
   */
  public SamSettings with(BatchCut other) {
    return new SamSettings(rho, norm, adaptive, l2, freeze, doNotPerturb, other);
  }

  /**
   * Describes the settings in a line.
   *
   * @return the line
   */
  public String inWords() {
    return "rho "
        + rho
        + ", norm "
        + norm
        + adaptive.map(eta -> ", adaptive with eta " + eta).orElse("")
        + ", l2 "
        + l2
        + (freeze.isEmpty() ? "" : ", frozen " + String.join(" ", freeze))
        + (doNotPerturb.isEmpty() ? "" : ", not perturbed " + String.join(" ", doNotPerturb))
        + cut.inWords();
  }
}
