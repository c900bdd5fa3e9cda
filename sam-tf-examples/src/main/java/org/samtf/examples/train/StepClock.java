package org.samtf.examples.train;

import java.util.Arrays;

/** Collects the times of steps. */
final class StepClock {

  /** The first steps build kernels and allocate memory. */
  private static final int WARM_UP = 5;

  private long[] nanos = new long[256];
  private int count;

  void add(long elapsed) {
    if (count == nanos.length) {
      nanos = Arrays.copyOf(nanos, 2 * count);
    }
    nanos[count++] = elapsed;
  }

  /** Median in milliseconds without the first steps, unless there are no others. */
  double medianMillis() {
    int skip = count > WARM_UP ? WARM_UP : 0;
    long[] sorted = Arrays.copyOfRange(nanos, skip, count);
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    double median =
        sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2.0;
    return median / 1e6;
  }
}
