package org.samtf.examples.benchmark;

import java.util.Arrays;
import java.util.function.LongSupplier;

/** Times of repeated work, in milliseconds. */
final class Stopwatch {

  private final double[] millis;
  private final LongSupplier clock;
  private int count;

  Stopwatch(int size) {
    this(size, System::nanoTime);
  }

  /**
   * With a clock of its own.
   *
   * @param clock in nanoseconds
   */
  Stopwatch(int size, LongSupplier clock) {
    this.millis = new double[size];
    this.clock = clock;
  }

  void time(Runnable work) {
    time(1, work);
  }

  /** Times work that is done some times in a row, and takes the mean for one time. */
  void time(int times, Runnable work) {
    long start = clock.getAsLong();
    for (int i = 0; i < times; i++) {
      work.run();
    }
    millis[count++] = (clock.getAsLong() - start) / 1e6 / times;
  }

  int count() {
    return count;
  }

  /** The value below which a share of the times lies; 0.5 is the median. */
  double quantile(double share) {
    double[] sorted = Arrays.copyOf(millis, count);
    Arrays.sort(sorted);
    double place = share * (count - 1);
    int below = (int) place;
    int above = Math.min(below + 1, count - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  }

  double median() {
    return quantile(0.5);
  }
}
