package org.samtf.examples.benchmark;

import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.samtf.examples.model.Architecture;
import org.samtf.examples.model.Cnn;
import org.samtf.examples.model.Mlp;
import org.samtf.examples.report.Format;
import org.samtf.examples.report.Progress;
import org.samtf.examples.report.Table;

/**
 * Times a step with and without SAM.
 *
 * <p>The two take turns, step by step, in the same process: whatever else the machine does meets
 * both.
 */
public final class StepBenchmark {

  private static final int BATCH_SIZE = 128;

  private StepBenchmark() {}

  private static Map<String, Architecture> networks() {
    Map<String, Architecture> networks = new LinkedHashMap<>();
    networks.put("perceptron 784-1024-1024-10", new Mlp(List.of(1024, 1024)));
    networks.put("convolutional 16-32 on 28x28", new Cnn(List.of(16, 32), 0.25f, 0.9f));
    return networks;
  }

  /**
   * Measures and prints a table.
   *
   * @param steps how many steps of each kind are timed
   * @param warmUp how many steps go before, untimed
   * @param out where to print
   */
  public static void run(int steps, int warmUp, PrintWriter out) {
    out.println(Machine.describe());
    out.printf(
        "batch %d, momentum; %d steps of each in turn after %d untimed ones%n%n",
        BATCH_SIZE, steps, warmUp);
    Table table =
        Table.ofNumbers()
            .row("median time a step", "base", "(quartiles)", "SAM", "(quartiles)", "ratio");
    for (Map.Entry<String, Architecture> network : networks().entrySet()) {
      measure(table, network.getKey(), network.getValue(), steps, warmUp);
    }
    out.print(table);
  }

  private static void measure(
      Table table, String name, Architecture architecture, int steps, int warmUp) {
    Stopwatch baseTimes = new Stopwatch(steps);
    Stopwatch samTimes = new Stopwatch(steps);
    try (StepSubject base = new StepSubject(architecture, Wrapping.ORDERED, BATCH_SIZE);
        StepSubject sam = new StepSubject(architecture, Wrapping.SAM, BATCH_SIZE);
        Progress progress = Progress.of(name, steps)) {
      for (int i = 0; i < warmUp; i++) {
        base.step();
        sam.step();
      }
      for (int i = 0; i < steps; i++) {
        baseTimes.time(base::step);
        samTimes.time(sam::step);
        progress.step("");
      }
    }
    table.row(
        name,
        Format.millis(baseTimes.median()),
        quartiles(baseTimes),
        Format.millis(samTimes.median()),
        quartiles(samTimes),
        Format.ratio(samTimes.median() / baseTimes.median()));
  }

  private static String quartiles(Stopwatch times) {
    return "("
        + Format.millis(times.quantile(0.25))
        + " - "
        + Format.millis(times.quantile(0.75))
        + ")";
  }
}
