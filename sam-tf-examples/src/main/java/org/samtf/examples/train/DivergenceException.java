package org.samtf.examples.train;

import org.samtf.examples.failure.ExitCode;
import org.samtf.examples.failure.Failure;

/** Training has left the range of numbers: the loss is no longer finite. The exit code is 1. */
public final class DivergenceException extends Failure {

  private static final long serialVersionUID = 1L;

  DivergenceException(int epoch, String what, Throwable cause) {
    super(
        ExitCode.FAILED,
        "training diverged in epoch " + epoch + ": " + what + "; lower the learning rate",
        cause);
  }
}
