package org.samtf.cluster;

import java.util.Map;

/** The variables that a launcher sets in the environment of a process. */
final class Variables {

  private final Map<String, String> all;
  private final String launcher;

  /**
   * Prepares to read.
   *
   * @param launcher who sets them, for messages
   */
  Variables(Map<String, String> all, String launcher) {
    this.all = all;
    this.launcher = launcher;
  }

  /** Whether it is there and says something. */
  static boolean has(Map<String, String> environment, String name) {
    return !environment.getOrDefault(name, "").isBlank();
  }

  boolean has(String name) {
    return has(all, name);
  }

  /**
   * A text that has to be there.
   *
   * @param remedy what to do where it is not
   */
  String text(String name, String remedy) {
    if (!has(name)) {
      throw new IllegalArgumentException(name + " is not set (" + launcher + "); " + remedy);
    }
    return all.get(name).strip();
  }

  /** A whole number in a range, which has to be there. */
  int number(String name, int least, int most, String remedy) {
    String text = text(name, remedy);
    if (text.matches("\\d{1,9}")) {
      int number = Integer.parseInt(text);
      if (number >= least && number <= most) {
        return number;
      }
    }
    throw new IllegalArgumentException(
        name
            + " is \""
            + text
            + "\" ("
            + launcher
            + "); expected a whole number from "
            + least
            + " to "
            + most);
  }

  /** A port, or another one where nothing is said. */
  int port(String name, int otherwise) {
    return has(name) ? number(name, 1, 65535, "") : otherwise;
  }
}
