package org.samtf.examples.benchmark;

import java.io.IOException;

/** Measures the memory of one kind of step; has a process of its own. */
public final class MemoryProbe {

  /** What the line with the result begins with: resident and live bytes follow. */
  static final String RESULT = "memory of a step:";

  private MemoryProbe() {}

  /**
   * Runs the steps and prints the result.
   *
   * @param args variant, batch size, channels, hidden units, steps
   * @throws IOException if the system does not tell
   */
  public static void main(String[] args) throws IOException {
    int batchSize = Integer.parseInt(args[1]);
    int channels = Integer.parseInt(args[2]);
    int hidden = Integer.parseInt(args[3]);
    int steps = Integer.parseInt(args[4]);
    try (WideCnn network = new WideCnn(MemoryVariant.valueOf(args[0]), channels, hidden)) {
      // The smallest batch: threads, kernels and the optimized graph are no memory of a step.
      network.steps(1, MemoryVariant.PART_COUNT);
      long before = Resident.now();
      network.steps(steps, batchSize);
      long resident = Math.max(0, Resident.peak() - before) * 1024;
      long live = LivePeak.of(network.trace(batchSize));
      System.out.println(RESULT + " " + resident + " " + live);
    }
  }
}
