package org.samtf.examples.signal;

import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * A signal that asks a process to end.
 *
 * @param name such as SIGTERM
 * @param number such as 15
 */
public record StopSignal(String name, int number) {

  /**
   * Keeps name and number of a signal.
   *
   * @param signal what the JVM says
   * @return the signal
   */
  public static StopSignal of(Signal signal) {
    return new StopSignal("SIG" + signal.getName(), signal.getNumber());
  }

  /**
   * Returns the exit code of a process that a signal has ended, as shells have it.
   *
   * @return 128 and the number of the signal
   */
  public int exitCode() {
    return 128 + number;
  }

  /**
   * Ends the process as if nobody had taken the signal, in the middle of whatever it does.
   *
   * <p>{@link Runtime#halt} and {@link System#exit} end in C's {@code exit}, which runs the
   * destructors of TensorFlow's library while its threads still compute a step; now and then one of
   * them then crashes, and leaves a log of that. The system's own way runs nothing.
   */
  public void endProcess() {
    Signal signal = new Signal(name.substring("SIG".length()));
    Signal.handle(signal, SignalHandler.SIG_DFL);
    Signal.raise(signal);
    // Only process 1 of a container comes here: signals that it does not handle do nothing to it.
    Runtime.getRuntime().halt(exitCode());
  }
}
