package org.samtf.examples.benchmark;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.samtf.examples.report.Format;
import org.samtf.examples.report.Table;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.GPUOptions;
import org.tensorflow.proto.GraphOptions;
import org.tensorflow.proto.OptimizerOptions;
import org.tensorflow.proto.RewriterConfig;

/**
 * How many examples a second a step gets through, with and without SAM, on networks of which the
 * largest are for GPUs.
 */
public final class ThroughputBenchmark {

  /**
   * The times of a network, in milliseconds.
   *
   * @param network its name
   * @param baseMillis the median of the steps without SAM
   * @param samMillis the median of the steps with SAM
   * @param baseQuartiles the quarter of the steps without SAM that is below, and above
   * @param samQuartiles likewise with SAM
   */
  public record Measured(
      String network,
      double baseMillis,
      double samMillis,
      List<Double> baseQuartiles,
      List<Double> samQuartiles) {}

  private ThroughputBenchmark() {}

  /**
   * Measures and prints a table.
   *
   * @param settings what to measure
   * @param out where to print
   * @return what the table says
   */
  public static List<Measured> run(ThroughputSettings settings, PrintWriter out) {
    out.println(Machine.describe());
    out.printf(
        "batch %d, momentum, %s, %s XLA; %d steps of each in turn after %d untimed ones%n%n",
        settings.batchSize(),
        settings.mixedPrecision() ? "float16 where TensorFlow holds it safe" : "float32",
        settings.xla() ? "with" : "without",
        settings.steps(),
        settings.warmUp());
    Table table =
        Table.ofNumbers().row("median", "base", "examples/s", "SAM", "examples/s", "ratio");
    List<Measured> all = new ArrayList<>();
    for (TimedNetwork network : settings.networks()) {
      Measured measured = measure(network, settings);
      table.row(
          network.title(),
          Format.millis(measured.baseMillis),
          perSecond(settings.batchSize(), measured.baseMillis),
          Format.millis(measured.samMillis),
          perSecond(settings.batchSize(), measured.samMillis),
          Format.ratio(measured.samMillis / measured.baseMillis));
      all.add(measured);
    }
    out.print(table);
    return all;
  }

  private static Measured measure(TimedNetwork network, ThroughputSettings settings) {
    try (StepSubject base = open(network, Wrapping.PLAIN, settings);
        StepSubject sam = open(network, Wrapping.SAM, settings)) {
      InTurn times = InTurn.time(network.title(), base, sam, settings.steps(), settings.warmUp());
      return new Measured(
          network.toString(),
          times.base().median(),
          times.other().median(),
          quartiles(times.base()),
          quartiles(times.other()));
    }
  }

  private static StepSubject open(
      TimedNetwork network, Wrapping wrapping, ThroughputSettings settings) {
    return new StepSubject(
        network.architecture(),
        network.shape(),
        StepWriting.of(wrapping),
        settings.batchSize(),
        config(settings));
  }

  private static ConfigProto config(ThroughputSettings settings) {
    OptimizerOptions.GlobalJitLevel jit =
        settings.xla() ? OptimizerOptions.GlobalJitLevel.ON_2 : OptimizerOptions.GlobalJitLevel.OFF;
    GraphOptions.Builder graph =
        GraphOptions.newBuilder()
            .setOptimizerOptions(OptimizerOptions.newBuilder().setGlobalJitLevel(jit));
    if (settings.mixedPrecision()) {
      graph.setRewriteOptions(
          RewriterConfig.newBuilder().setAutoMixedPrecision(RewriterConfig.Toggle.ON));
    }
    return ConfigProto.newBuilder()
        .setGpuOptions(GPUOptions.newBuilder().setAllowGrowth(true))
        .setGraphOptions(graph)
        .build();
  }

  private static List<Double> quartiles(Stopwatch times) {
    return List.of(times.quantile(0.25), times.quantile(0.75));
  }

  private static String perSecond(int batchSize, double millis) {
    return String.format(Locale.ROOT, "%.0f", batchSize * 1000 / millis);
  }
}
