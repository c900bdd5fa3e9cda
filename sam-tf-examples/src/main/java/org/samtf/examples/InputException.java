package org.samtf.examples;

/**
 * Something the user gave that cannot be used: a file, a directory, an option.
 *
 * <p>The message is one line: what was given, what is allowed, what to do. The command line prints
 * it and exits with 2.
 */
public final class InputException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param given what was given
   * @param allowed what is allowed
   * @param remedy what to do
   */
  public InputException(String given, String allowed, String remedy) {
    super(OneLine.of(given + "; expected " + allowed + "; " + remedy));
  }
}
