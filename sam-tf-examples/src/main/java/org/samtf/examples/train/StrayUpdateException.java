package org.samtf.examples.train;

/**
 * An update of a step that had failed was made later, into those of other steps: the weights are of
 * no training. Those of the newest checkpoint are.
 */
public final class StrayUpdateException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  StrayUpdateException(long begun, long made) {
    super(
        begun
            + " updates of the weights have begun, and "
            + made
            + " steps were taken: a step that had failed came to its update all the same");
  }
}
