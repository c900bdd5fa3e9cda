package org.samtf.examples.failure;

/** What the process ends with. A signal ends it with 128 and its number. */
public final class ExitCode {

  /** All went well. */
  public static final int OK = 0;

  /** A failure that the user's input does not explain. */
  public static final int FAILED = 1;

  /** An option, a file or a directory cannot be used. */
  public static final int BAD_INPUT = 2;

  /** Something cannot be written, such as on a full disk, or a checkpoint cannot be read. */
  public static final int NOT_WRITTEN = 3;

  /** A device or the JVM has too little memory. */
  public static final int OUT_OF_MEMORY = 4;

  /**
   * A machine that takes part is lost, and the same command may well succeed: from 128 on launchers
   * such as TFJob start a job again. No signal has this code.
   */
  public static final int LOST_MACHINE = 200;

  private ExitCode() {}
}
