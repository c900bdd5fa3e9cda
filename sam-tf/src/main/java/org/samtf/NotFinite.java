package org.samtf;

/** What a step does if a gradient has a NaN or an infinity. */
public enum NotFinite {

  /**
   * {@code session.run} throws, with a message that names the variables, and nothing has changed;
   * {@link NonFiniteGradient} tells that from other errors. The default.
   */
  FAIL,

  /**
   * The step ends as any other does, and nothing has changed but a count of the steps that were
   * skipped: no weight, no slot, no step state of an optimizer, nothing that SAM keeps.
   */
  SKIP
}
