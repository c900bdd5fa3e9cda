package org.samtf.examples.failure;

/** Text that is to be one line. */
public final class OneLine {

  private OneLine() {}

  /**
   * Takes line breaks and terminal controls out: file names and TensorFlow's messages have them.
   *
   * @param text any text
   * @return one line
   */
  public static String of(String text) {
    return text.replaceAll("\\p{Cntrl}+", " ").strip();
  }
}
