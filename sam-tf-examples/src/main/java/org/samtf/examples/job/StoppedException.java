package org.samtf.examples.job;

/** A job has stopped before its end, after a checkpoint, because it was asked to. */
public final class StoppedException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final transient StopSignal signal;
  private final long step;

  StoppedException(StopSignal signal, long step) {
    super("stopped by " + signal.name() + " after step " + step + "; --resume goes on from there");
    this.signal = signal;
    this.step = step;
  }

  /**
   * Returns what has asked for it.
   *
   * @return the signal
   */
  public StopSignal signal() {
    return signal;
  }

  /**
   * Returns how many steps had been taken.
   *
   * @return the number
   */
  public long step() {
    return step;
  }
}
