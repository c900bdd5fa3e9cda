package org.samtf.examples.benchmark;

import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import org.samtf.SamOptimizer;
import org.samtf.examples.report.Format;
import org.samtf.examples.report.Table;
import org.samtf.examples.train.Averaging;
import org.samtf.examples.train.BaseOptimizer;
import org.samtf.examples.train.RateSchedule;
import org.samtf.examples.train.SamSettings;
import org.samtf.examples.train.TrainingSettings;
import org.samtf.examples.train.UpdateSettings;

/**
 * Times what is around an update: optimizers with schedules, clipping and averages of the weights,
 * each in turn with the same step without.
 */
public final class UpdateBenchmark {

  private static final int EPOCHS = 10;
  private static final double DECAY = 0.999;

  private UpdateBenchmark() {}

  /** A step to be timed. */
  private record Kind(BaseOptimizer base, boolean hasSam, UpdateSettings update) {

    static Kind of(BaseOptimizer base) {
      return new Kind(base, false, UpdateSettings.PLAIN);
    }

    Kind withSam() {
      return new Kind(base, true, update);
    }

    Kind with(UpdateSettings other) {
      return new Kind(base, hasSam, other);
    }

    TrainingSettings settings(TimedNetwork network, int batchSize) {
      return new TrainingSettings(
              network.architecture(),
              base,
              base.defaultLearningRate() / 10,
              base.takesMomentum() ? Wrapping.MOMENTUM : 0,
              hasSam ? Optional.of(SamSettings.of(SamOptimizer.RHO_DEFAULT)) : Optional.empty(),
              EPOCHS,
              batchSize,
              StepSubject.SEED)
          .with(update);
    }
  }

  private record Comparison(String title, Kind without, Kind with) {}

  private static UpdateSettings update(
      RateSchedule schedule, Optional<Double> clipNorm, Optional<Averaging> averaging) {
    return new UpdateSettings(
        schedule,
        0,
        RateSchedule.CONSTANT,
        Optional.empty(),
        false,
        clipNorm,
        Optional.empty(),
        averaging,
        List.of());
  }

  private static List<Comparison> comparisons() {
    Kind sgd = Kind.of(BaseOptimizer.SGD);
    UpdateSettings cosine =
        update(
            new RateSchedule(RateSchedule.Kind.COSINE, List.of()),
            Optional.empty(),
            Optional.empty());
    UpdateSettings clipping = update(RateSchedule.CONSTANT, Optional.of(1.0), Optional.empty());
    UpdateSettings ema = averaging(new Averaging(Averaging.Kind.EMA, DECAY, 0, 0));
    UpdateSettings swa = averaging(new Averaging(Averaging.Kind.SWA, 0, 1, 1));
    return List.of(
        new Comparison("sgd to momentum", Kind.of(BaseOptimizer.MOMENTUM), sgd),
        new Comparison("adamw to adam", Kind.of(BaseOptimizer.ADAM), Kind.of(BaseOptimizer.ADAMW)),
        new Comparison("lion to adam", Kind.of(BaseOptimizer.ADAM), Kind.of(BaseOptimizer.LION)),
        new Comparison("lamb to adam", Kind.of(BaseOptimizer.ADAM), Kind.of(BaseOptimizer.LAMB)),
        new Comparison("cosine", sgd, sgd.with(cosine)),
        new Comparison("clip-norm", sgd, sgd.with(clipping)),
        new Comparison("ema", sgd, sgd.with(ema)),
        new Comparison("swa, an epoch", sgd, sgd.with(swa)),
        new Comparison("SAM: clip-norm", sgd.withSam(), sgd.withSam().with(clipping)),
        new Comparison("SAM: ema", sgd.withSam(), sgd.withSam().with(ema)));
  }

  private static UpdateSettings averaging(Averaging averaging) {
    return update(RateSchedule.CONSTANT, Optional.empty(), Optional.of(averaging));
  }

  /**
   * Measures and prints a table a network.
   *
   * @param networks the networks
   * @param batchSize images a step
   * @param steps how many steps of each kind are timed
   * @param warmUp how many steps go before, untimed
   * @param out where to print
   */
  public static void run(
      List<TimedNetwork> networks, int batchSize, int steps, int warmUp, PrintWriter out) {
    out.println(Machine.describe());
    out.printf(
        "batch %d; medians of %d steps in turn with the same step without, after %d untimed ones;"
            + " all in a defined order%n%n",
        batchSize, steps, warmUp);
    long stepsInAll = steps + (long) warmUp;
    for (TimedNetwork network : networks) {
      Table table = Table.ofNumbers().row(network.title(), "without", "with", "ratio");
      for (Comparison comparison : comparisons()) {
        try (StepSubject without = subject(network, comparison.without(), batchSize, stepsInAll);
            StepSubject with = subject(network, comparison.with(), batchSize, stepsInAll)) {
          InTurn times = InTurn.time(comparison.title(), without, with, steps, warmUp);
          table.row(
              comparison.title(),
              Format.millis(times.base().median()),
              Format.millis(times.other().median()),
              Format.ratio(times.other().median() / times.base().median()));
        }
      }
      out.println(table);
      out.flush();
    }
  }

  private static StepSubject subject(TimedNetwork network, Kind kind, int batchSize, long steps) {
    // An epoch has a tenth of the steps, one at least.
    long inEpochs = Math.max(EPOCHS, steps);
    return new StepSubject(network, kind.settings(network, batchSize), inEpochs);
  }
}
