package org.samtf.examples.failure;

/**
 * A machine that takes part in a job is not there: it never started, has ended, is frozen or cannot
 * be reached.
 *
 * <p>The message names it and says what to do. The exit code is that of what can be tried again.
 */
public final class LostMachineException extends Failure {

  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param cause names the machine
   * @param remedy what to do
   */
  public LostMachineException(RuntimeException cause, String remedy) {
    super(ExitCode.LOST_MACHINE, cause.getMessage() + "; " + remedy, cause);
  }
}
