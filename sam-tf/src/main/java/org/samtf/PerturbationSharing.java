package org.samtf;

/** Which replicas of a step have a perturbation in common. */
public enum PerturbationSharing {
  /**
   * Each replica has its own, from its own gradient: m-sharpness, where m is the number of examples
   * of a replica (Foret et al. 2021, section 3). The smaller m, the stronger the regularization.
   */
  PER_REPLICA,

  /** All have one, from the mean of their gradients, as if they were one batch. */
  SHARED
}
