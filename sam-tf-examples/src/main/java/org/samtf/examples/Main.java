package org.samtf.examples;

/** Placeholder. */
public final class Main {
  private Main() {}

  /**
   * Runs.
   *
   * @param args arguments
   */
  public static void main(String[] args) {}
}
