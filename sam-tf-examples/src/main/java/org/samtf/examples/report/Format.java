package org.samtf.examples.report;

import java.util.Locale;

/** Numbers as they are printed, the same in every locale. */
public final class Format {

  private Format() {}

  /**
   * Formats a share.
   *
   * @param share from 0 to 1
   * @return the percentage
   */
  public static String percent(double share) {
    return String.format(Locale.ROOT, "%.2f %%", 100 * share);
  }

  /**
   * Formats a time.
   *
   * @param millis milliseconds
   * @return the time
   */
  public static String millis(double millis) {
    return String.format(Locale.ROOT, "%.2f ms", millis);
  }

  /**
   * Formats a loss or a difference of losses.
   *
   * @param loss the loss
   * @return four significant digits
   */
  public static String loss(double loss) {
    return String.format(Locale.ROOT, "%.4g", loss);
  }

  /**
   * Formats a ratio.
   *
   * @param ratio the ratio
   * @return the ratio
   */
  public static String ratio(double ratio) {
    return String.format(Locale.ROOT, "%.2fx", ratio);
  }

  /**
   * Formats a size of files.
   *
   * @param bytes the size
   * @return thousands of bytes
   */
  public static String kilobytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f kB", bytes / 1000.0);
  }
}
