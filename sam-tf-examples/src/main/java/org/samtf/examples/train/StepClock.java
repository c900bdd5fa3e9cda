package org.samtf.examples.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.samtf.examples.checkpoint.Checkpointed;
import org.samtf.examples.checkpoint.StateFile;

/** Collects the times of steps: of the newest, if there are very many. */
final class StepClock implements Checkpointed {

  /** The first steps build kernels and allocate memory. */
  private static final int WARM_UP = 5;

  /** Bounds memory and checkpoints. */
  private static final int MAX = 1 << 14;

  private final long[] nanos;
  private int warmUps;
  private long count;
  private long onlyWarmUps;

  StepClock() {
    this(MAX);
  }

  StepClock(int max) {
    nanos = new long[max];
  }

  void add(long elapsed) {
    if (warmUps < WARM_UP) {
      warmUps++;
      onlyWarmUps = elapsed;
    } else {
      nanos[(int) (count++ % nanos.length)] = elapsed;
    }
  }

  /** Median in milliseconds without the first steps of a process, unless there are no others. */
  double medianMillis() {
    long[] sorted = count > 0 ? times() : new long[] {onlyWarmUps};
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    double median =
        sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2.0;
    return median / 1e6;
  }

  private long[] times() {
    return Arrays.copyOf(nanos, (int) Math.min(count, nanos.length));
  }

  private record State(long count, long onlyWarmUps, long[] nanos) {

    State {
      StateFile.require(count >= 0, "count", count);
      StateFile.require(onlyWarmUps >= 0, "onlyWarmUps", onlyWarmUps);
      for (long time : nanos) {
        StateFile.require(time >= 0, "nanos", time);
      }
    }
  }

  @Override
  public String name() {
    return "clock";
  }

  @Override
  public void save(Path directory) throws IOException {
    StateFile.write(directory, name(), new State(count, onlyWarmUps, times()));
  }

  @Override
  public void restore(Path directory) throws IOException {
    State state = StateFile.read(directory, name(), State.class);
    if (state.nanos.length != Math.min(state.count, nanos.length)) {
      throw new IOException(state.nanos.length + " times of " + state.count + " steps");
    }
    count = state.count;
    onlyWarmUps = state.onlyWarmUps;
    System.arraycopy(state.nanos, 0, nanos, 0, state.nanos.length);
    warmUps = 0;
  }
}
