package org.samtf.examples.train;

/** Training has left the range of numbers: the loss is no longer finite. */
public final class DivergenceException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  DivergenceException(int epoch, String what, Throwable cause) {
    super("training diverged in epoch " + epoch + ": " + what + "; lower the learning rate", cause);
  }
}
