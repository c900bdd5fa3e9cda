package org.samtf.examples.signal;

import java.io.IOException;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * A signal that asks a process to end.
 *
 * @param name such as SIGTERM
 * @param number such as 15
 */
public record StopSignal(String name, int number) {

  private static final long DELIVERY_MILLIS = 200;

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
    Signal.handle(new Signal(name.substring("SIG".length())), SignalHandler.SIG_DFL);
    // Java sends no signal to itself that it does not handle.
    String kill = "kill -" + number + " " + ProcessHandle.current().pid();
    try {
      new ProcessBuilder("/bin/sh", "-c", kill).start().waitFor();
      Thread.sleep(DELIVERY_MILLIS);
    } catch (IOException e) {
      // There is no shell.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    // Process 1 of a container comes here, too: signals that it does not handle do nothing to it.
    Runtime.getRuntime().halt(exitCode());
  }
}
