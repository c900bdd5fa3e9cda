package org.samtf.examples.failure;

/**
 * Something that could not be written: the disk is full, a directory went away or cannot be written
 * to.
 *
 * <p>The message says what could not be written, why and what to do. The exit code is 3.
 */
public final class OutputException extends Failure {

  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param what what could not be written
   * @param cause why
   * @param remedy what to do
   */
  public OutputException(String what, Throwable cause, String remedy) {
    super(
        ExitCode.NOT_WRITTEN,
        what + " cannot be written (" + FileReason.of(cause) + "); " + remedy,
        cause);
  }
}
