package org.samtf.examples.failure;

/**
 * An end before the end that explains itself: its message is the one line that the user sees, and
 * it has the exit code.
 */
public abstract class Failure extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final int exitCode;

  /**
   * Creates the failure.
   *
   * @param exitCode what the process ends with
   * @param line for the user; line breaks and controls are taken out
   * @param cause why; null for none
   */
  protected Failure(int exitCode, String line, Throwable cause) {
    super(OneLine.of(line), cause);
    this.exitCode = exitCode;
  }

  /**
   * Returns what the process ends with.
   *
   * @return the exit code
   */
  public final int exitCode() {
    return exitCode;
  }
}
