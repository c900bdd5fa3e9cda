package org.samtf.examples.failure;

/**
 * Something the user gave that cannot be used: a file, a directory, an option.
 *
 * <p>The message says what was given, what is allowed and what to do. The exit code is 2.
 */
public final class InputException extends Failure {

  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param given what was given
   * @param allowed what is allowed
   * @param remedy what to do
   */
  public InputException(String given, String allowed, String remedy) {
    super(ExitCode.BAD_INPUT, given + "; expected " + allowed + "; " + remedy, null);
  }
}
