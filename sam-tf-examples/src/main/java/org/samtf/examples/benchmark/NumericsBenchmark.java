package org.samtf.examples.benchmark;

import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.samtf.NotFinite;
import org.samtf.SamOptimizer;
import org.samtf.examples.report.Format;
import org.samtf.examples.report.Table;
import org.samtf.examples.train.BaseOptimizer;
import org.samtf.examples.train.Numerics;
import org.samtf.examples.train.Precision;
import org.samtf.examples.train.SamSettings;
import org.samtf.examples.train.TrainingSettings;

/**
 * Times steps that are skipped where a gradient is not finite, loss scales and half precision, each
 * in turn with the same step in float32 that fails.
 */
public final class NumericsBenchmark {

  private static final float SCALE = 1024;

  private NumericsBenchmark() {}

  private static Map<String, Numerics> kinds(List<Precision> precisions) {
    Map<String, Numerics> kinds = new LinkedHashMap<>();
    kinds.put("skip", of(Precision.FLOAT32, Numerics.Scaling.NONE));
    kinds.put("loss scale", of(Precision.FLOAT32, Numerics.Scaling.FIXED));
    kinds.put("dynamic loss scale", of(Precision.FLOAT32, Numerics.Scaling.DYNAMIC));
    for (Precision precision : precisions) {
      boolean scaled = precision == Precision.FLOAT16;
      kinds.put(
          precision.toString(),
          of(precision, scaled ? Numerics.Scaling.DYNAMIC : Numerics.Scaling.NONE));
    }
    return kinds;
  }

  private static Numerics of(Precision precision, Numerics.Scaling scaling) {
    Optional<Float> scale =
        scaling == Numerics.Scaling.FIXED ? Optional.of(SCALE) : Optional.empty();
    return new Numerics(precision, scaling, scale, NotFinite.SKIP);
  }

  /**
   * Measures and prints a table a network.
   *
   * @param networks the networks
   * @param precisions of which to time, beside those of float32
   * @param batchSize images a step
   * @param steps how many steps of each kind are timed
   * @param warmUp how many steps go before, untimed
   * @param out where to print
   */
  public static void run(
      List<TimedNetwork> networks,
      List<Precision> precisions,
      int batchSize,
      int steps,
      int warmUp,
      PrintWriter out) {
    out.println(Machine.describe());
    out.printf(
        "batch %d, momentum; medians of %d steps in turn with the same step in float32 that fails"
            + " where a gradient is not finite, after %d untimed ones%n%n",
        batchSize, steps, warmUp);
    for (TimedNetwork network : networks) {
      Table table = Table.ofNumbers().row(network.title(), "float32", "with", "ratio");
      for (boolean sam : new boolean[] {false, true}) {
        kinds(precisions)
            .forEach(
                (name, numerics) -> {
                  String title = (sam ? "SAM: " : "") + name;
                  try (StepSubject plain = subject(network, sam, Numerics.PLAIN, batchSize);
                      StepSubject other = subject(network, sam, numerics, batchSize)) {
                    InTurn times = InTurn.time(title, plain, other, steps, warmUp);
                    table.row(
                        title,
                        Format.millis(times.base().median()),
                        Format.millis(times.other().median()),
                        Format.ratio(times.other().median() / times.base().median()));
                  }
                });
      }
      out.println(table);
      out.flush();
    }
  }

  private static StepSubject subject(
      TimedNetwork network, boolean sam, Numerics numerics, int batchSize) {
    TrainingSettings settings =
        new TrainingSettings(
                network.architecture(),
                BaseOptimizer.MOMENTUM,
                Wrapping.LEARNING_RATE,
                Wrapping.MOMENTUM,
                sam ? Optional.of(SamSettings.of(SamOptimizer.RHO_DEFAULT)) : Optional.empty(),
                1,
                batchSize,
                StepSubject.SEED)
            .with(numerics);
    return new StepSubject(network, settings, 1);
  }
}
