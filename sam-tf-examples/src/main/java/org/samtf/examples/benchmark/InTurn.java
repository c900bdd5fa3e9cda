package org.samtf.examples.benchmark;

import org.samtf.examples.report.Progress;

/**
 * The times of two kinds of steps that took turns: whatever else the machine did met both.
 *
 * @param base of the steps that the others are compared with
 * @param other of the others
 */
record InTurn(Stopwatch base, Stopwatch other) {

  /**
   * Times steps.
   *
   * @param name what the bar that shows the progress is called
   * @param steps how many of each are timed
   * @param warmUp how many of each go before, untimed
   */
  static InTurn time(String name, StepSubject base, StepSubject other, int steps, int warmUp) {
    InTurn times = new InTurn(new Stopwatch(steps), new Stopwatch(steps));
    try (Progress progress = Progress.of(name, steps)) {
      for (int i = 0; i < warmUp; i++) {
        base.step();
        other.step();
      }
      for (int i = 0; i < steps; i++) {
        times.base.time(base::step);
        times.other.time(other::step);
        progress.step("");
      }
    }
    return times;
  }
}
