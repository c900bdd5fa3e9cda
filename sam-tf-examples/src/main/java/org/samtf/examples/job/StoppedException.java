package org.samtf.examples.job;

import org.samtf.examples.failure.Failure;
import org.samtf.examples.signal.StopSignal;

/**
 * A job has stopped before its end, after a checkpoint, because it was asked to. The exit code is
 * that of the signal.
 */
public final class StoppedException extends Failure {

  private static final long serialVersionUID = 1L;

  StoppedException(StopSignal signal, long step) {
    super(
        signal.exitCode(),
        "stopped by " + signal.name() + " after step " + step + "; --resume goes on from there",
        null);
  }
}
