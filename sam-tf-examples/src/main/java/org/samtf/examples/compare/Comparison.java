package org.samtf.examples.compare;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import java.util.function.ToDoubleFunction;
import org.samtf.examples.data.DataSet;
import org.samtf.examples.report.Spread;

/** The runs of a comparison and what they add up to. */
final class Comparison {

  private final Protocol protocol;
  private final Settings settings;
  private final List<Run> runs;

  private Comparison(Protocol protocol, Settings settings, List<Run> runs) {
    this.protocol = protocol;
    this.settings = settings;
    this.runs = runs;
  }

  /**
   * Trains both sides for all seeds, each with a split of its own. The sides take turns, so that a
   * machine that gets slower or faster does not favour one of them.
   */
  static Comparison of(
      LongFunction<DataSet> splits,
      Protocol protocol,
      Settings settings,
      List<Long> seeds,
      Consumer<Run> listener) {
    List<Run> runs = new ArrayList<>();
    for (long seed : seeds) {
      DataSet data = splits.apply(seed);
      for (Labels labels : Labels.values()) {
        for (boolean sam : new boolean[] {false, true}) {
          Run run = protocol.run(data, labels, settings.of(labels, sam), seed);
          runs.add(run);
          listener.accept(run);
        }
      }
    }
    return new Comparison(protocol, settings, runs);
  }

  Protocol protocol() {
    return protocol;
  }

  Contestant settings(Labels labels, boolean sam) {
    return settings.of(labels, sam);
  }

  List<Run> runs() {
    return runs;
  }

  /** The runs of one side, in the order of the seeds. */
  List<Run> runs(Labels labels, boolean sam) {
    return runs.stream()
        .filter(run -> run.labels() == labels && run.contestant().hasSam() == sam)
        .toList();
  }

  Spread spread(Labels labels, boolean sam, ToDoubleFunction<Run> value) {
    return Spread.of(runs(labels, sam).stream().mapToDouble(value).toArray());
  }

  /** SAM minus base, seed by seed: both had the same images, wrong labels and initial weights. */
  Spread advantage(Labels labels, ToDoubleFunction<Run> value) {
    double[] base = runs(labels, false).stream().mapToDouble(value).toArray();
    double[] sam = runs(labels, true).stream().mapToDouble(value).toArray();
    double[] differences = new double[base.length];
    Arrays.setAll(differences, i -> sam[i] - base[i]);
    return Spread.of(differences);
  }

  /** Median over the runs of each run's median. */
  double stepMillis(Labels labels, boolean sam) {
    double[] times =
        runs(labels, sam).stream().mapToDouble(run -> run.result().stepMillis()).sorted().toArray();
    int middle = times.length / 2;
    return times.length % 2 == 1 ? times[middle] : (times[middle - 1] + times[middle]) / 2;
  }

  /** Test accuracy after each epoch, over the seeds. */
  List<Spread> testAccuracies(Labels labels, boolean sam) {
    List<Spread> curve = new ArrayList<>();
    for (int e = 0; e < protocol.epochs(); e++) {
      int epoch = e;
      curve.add(spread(labels, sam, run -> run.result().epochs().get(epoch).test().accuracy()));
    }
    return curve;
  }
}
