package org.samtf.examples.failure;

/**
 * Something of ours that is there and cannot be read now: no permission, a disk that fails, a
 * network that is away.
 *
 * <p>The message says what could not be read, why and what to do. The exit code is 3: what is there
 * may be whole, and the same command goes on once it can be read.
 */
public final class UnreadableException extends Failure {

  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param what what could not be read
   * @param cause why
   * @param remedy what to do
   */
  public UnreadableException(String what, Throwable cause, String remedy) {
    super(
        ExitCode.NOT_WRITTEN,
        what + " cannot be read (" + FileReason.of(cause) + "); " + remedy,
        cause);
  }
}
