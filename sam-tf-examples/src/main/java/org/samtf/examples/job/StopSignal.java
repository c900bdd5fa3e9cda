package org.samtf.examples.job;

/**
 * A signal that asks a process to end.
 *
 * @param name such as SIGTERM
 * @param number such as 15
 */
public record StopSignal(String name, int number) {

  /**
   * Returns the exit code of a process that a signal has ended, as shells have it.
   *
   * @return 128 and the number of the signal
   */
  public int exitCode() {
    return 128 + number;
  }
}
