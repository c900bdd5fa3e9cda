package org.samtf.internal.graph;

/** Checks numbers that a user gives. */
public final class Numbers {

  private Numbers() {}

  /** {@code value}, if it is finite. */
  public static double finite(String name, double value) {
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException(name + " is " + value + "; it must be finite");
    }
    return value;
  }

  /** {@code value}, if it is more than 0 and finite. */
  public static double positive(String name, double value) {
    if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          name + " is " + value + "; it must be more than 0 and finite");
    }
    return value;
  }

  /** {@code value}, if it is finite and not negative. */
  public static double notNegative(String name, double value) {
    if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          name + " is " + value + "; it must be finite and at least 0");
    }
    return value;
  }

  /** {@code value}, if it is in [0, 1). */
  public static double fraction(String name, double value) {
    if (!(value >= 0 && value < 1)) {
      throw new IllegalArgumentException(
          name + " is " + value + "; it must be at least 0 and less than 1");
    }
    return value;
  }

  /** {@code value}, if it is at least {@code least}. */
  public static long atLeast(String name, long value, long least) {
    if (value < least) {
      throw new IllegalArgumentException(name + " is " + value + "; it must be at least " + least);
    }
    return value;
  }
}
