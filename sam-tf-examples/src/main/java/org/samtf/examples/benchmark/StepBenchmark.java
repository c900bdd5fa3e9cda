package org.samtf.examples.benchmark;

import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.samtf.examples.model.Layered;
import org.samtf.examples.report.Format;
import org.samtf.examples.report.Table;

/**
 * Times a step with SAM beside one of TensorFlow Java's own optimizer.
 *
 * <p>The two take turns, step by step, in the same process: whatever else the machine does meets
 * both.
 */
public final class StepBenchmark {

  /** How many examples a step has. */
  public static final int BATCH_SIZE = 128;

  private static final double ASCENT_FRACTION = 0.25;

  /** Those that a CPU is fast enough for. */
  private static final List<TimedNetwork> NETWORKS =
      List.of(TimedNetwork.PERCEPTRON, TimedNetwork.CONVOLUTIONAL);

  private StepBenchmark() {}

  /**
   * Measures and prints a table a network.
   *
   * @param steps how many steps of each kind are timed
   * @param warmUp how many steps go before, untimed
   * @param out where to print
   */
  public static void run(int steps, int warmUp, PrintWriter out) {
    describe(steps, warmUp, out);
    for (TimedNetwork network : NETWORKS) {
      Table table = header(network.title());
      for (Wrapping wrapping : List.of(Wrapping.ORDERED, Wrapping.SAM)) {
        measure(
            table,
            wrapping.toString(),
            network.architecture(),
            StepWriting.of(wrapping),
            steps,
            warmUp);
      }
      out.println(table);
      out.flush();
    }
  }

  /**
   * Measures micro-batches and an ascent from a quarter of the batch and prints a table a network.
   * Each setting takes turns with a base of its own.
   *
   * @param parts numbers of micro-batches, which divide the batch
   * @param steps how many steps of each kind are timed
   * @param warmUp how many steps go before, untimed
   * @param out where to print
   */
  public static void runMicroBatches(List<Integer> parts, int steps, int warmUp, PrintWriter out) {
    describe(steps, warmUp, out);
    Map<String, StepWriting> settings = new LinkedHashMap<>();
    for (int count : parts) {
      settings.put("k = " + count, StepWriting.inParts(count));
    }
    settings.put("ascent from a quarter", StepWriting.ascentFrom(ASCENT_FRACTION));
    for (TimedNetwork network : NETWORKS) {
      Table table = header(network.title());
      settings.forEach(
          (name, writing) -> measure(table, name, network.architecture(), writing, steps, warmUp));
      out.println(table);
      out.flush();
    }
  }

  private static void describe(int steps, int warmUp, PrintWriter out) {
    out.println(Machine.describe());
    out.printf(
        "batch %d, momentum; medians of %d steps in turn with TensorFlow Java's own, the base,"
            + " after %d untimed ones%n%n",
        BATCH_SIZE, steps, warmUp);
  }

  private static Table header(String title) {
    return Table.ofNumbers().row(title, "base", "(quartiles)", "step", "(quartiles)", "ratio");
  }

  private static void measure(
      Table table, String name, Layered architecture, StepWriting writing, int steps, int warmUp) {
    StepWriting baseWriting = StepWriting.of(Wrapping.PLAIN);
    try (StepSubject base = new StepSubject(architecture, baseWriting, BATCH_SIZE);
        StepSubject other = new StepSubject(architecture, writing, BATCH_SIZE)) {
      InTurn times = InTurn.time(name, base, other, steps, warmUp);
      table.row(
          name,
          Format.millis(times.base().median()),
          quartiles(times.base()),
          Format.millis(times.other().median()),
          quartiles(times.other()),
          Format.ratio(times.other().median() / times.base().median()));
    }
  }

  private static String quartiles(Stopwatch times) {
    return "("
        + Format.millis(times.quantile(0.25))
        + " - "
        + Format.millis(times.quantile(0.75))
        + ")";
  }
}
