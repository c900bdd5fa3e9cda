package org.samtf.examples.cli;

import org.samtf.examples.failure.InputException;

/** Checks of option values. */
final class Check {

  private Check() {}

  static void that(boolean valid, String option, Object given, String allowed) {
    if (!valid) {
      throw new InputException(option + " is " + given, allowed, "give such a value");
    }
  }
}
