package org.samtf.model;

/** Checks of arguments. */
final class Given {

  private Given() {}

  /** The value, unless it is null. */
  static <T> T notNull(T value, String name) {
    if (value == null) {
      throw new IllegalArgumentException(name + " is null; give a value");
    }
    return value;
  }

  /** The values, unless one of them is null, or all are. */
  static <T> T[] noneNull(T[] values, String name) {
    for (T value : notNull(values, name)) {
      notNull(value, "one of " + name);
    }
    return values;
  }
}
