package org.samtf.examples.checkpoint;

/** A checkpoint is not as it was written. */
final class DamagedCheckpointException extends Exception {

  private static final long serialVersionUID = 1L;

  DamagedCheckpointException(String what) {
    super(what);
  }
}
