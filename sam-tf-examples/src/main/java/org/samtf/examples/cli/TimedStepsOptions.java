package org.samtf.examples.cli;

import picocli.CommandLine.Option;

/** Options that say how many steps are timed. */
final class TimedStepsOptions {

  static final int STEPS = 200;
  static final int WARM_UP = 20;

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "" + STEPS,
      description = "Timed steps of each kind (default: ${DEFAULT-VALUE}).")
  private int steps;

  @Option(
      names = "--warm-up",
      paramLabel = "N",
      defaultValue = "" + WARM_UP,
      description = "Untimed steps of each kind before them (default: ${DEFAULT-VALUE}).")
  private int warmUp;

  int steps() {
    BenchmarkCommand.atLeast(1, "--steps", steps);
    return steps;
  }

  int warmUp() {
    BenchmarkCommand.atLeast(0, "--warm-up", warmUp);
    return warmUp;
  }
}
