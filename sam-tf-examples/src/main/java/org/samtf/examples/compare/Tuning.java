package org.samtf.examples.compare;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.LongFunction;
import org.samtf.examples.data.DataSet;
import org.samtf.examples.report.Format;
import org.samtf.examples.report.Progress;
import org.samtf.examples.report.Spread;
import org.samtf.examples.report.Table;
import org.samtf.examples.train.DivergenceException;

/**
 * Chooses the settings of both sides by validation accuracy at the end of training.
 *
 * <p>Each side gets the same number of tries and the same seeds, and the test images are never
 * looked at: the validation images are the same in every split, and no split tests on them. Each
 * seed has a split of its own; the seeds are not those of the comparison.
 */
final class Tuning {

  private static final float[] LEARNING_RATES = {0.0125f, 0.025f, 0.05f, 0.1f, 0.2f};
  private static final float[] MOMENTA = {0f, 0.5f, 0.8f, 0.9f, 0.95f};
  private static final float[] RHOS = {0.05f, 0.1f, 0.2f, 0.5f, 1f};
  private static final float SAM_MOMENTUM = 0.9f;
  private static final long[] SEEDS = {101, 102, 103};

  private final Protocol protocol;
  private final LongFunction<DataSet> splits;

  Tuning(Protocol protocol, LongFunction<DataSet> splits) {
    this.protocol = protocol;
    this.splits = splits;
  }

  /** One point of the grid. */
  record Point(Contestant contestant, double validationAccuracy, double validationLoss) {}

  static List<Contestant> grid(boolean sam) {
    List<Contestant> grid = new ArrayList<>();
    for (float rate : LEARNING_RATES) {
      for (float second : sam ? RHOS : MOMENTA) {
        grid.add(sam ? Contestant.sam(rate, SAM_MOMENTUM, second) : Contestant.base(rate, second));
      }
    }
    return grid;
  }

  /** Tries every point and returns them, best first; ties go to the lower validation loss. */
  List<Point> points(Labels labels, boolean sam) {
    List<Contestant> grid = grid(sam);
    List<Point> points;
    try (Progress progress = Progress.of("tune", (long) grid.size() * SEEDS.length)) {
      // Nobody looks at times here, so that each core can have a network of its own.
      points =
          new ArrayList<>(grid.parallelStream().map(one -> point(labels, one, progress)).toList());
    }
    points.sort(
        Comparator.comparingDouble(Point::validationAccuracy)
            .reversed()
            .thenComparingDouble(Point::validationLoss));
    return points;
  }

  private Point point(Labels labels, Contestant contestant, Progress progress) {
    double[] accuracies = new double[SEEDS.length];
    double[] losses = new double[SEEDS.length];
    for (int i = 0; i < SEEDS.length; i++) {
      try {
        DataSet data = splits.apply(SEEDS[i]);
        var last = protocol.run(data, labels, contestant, SEEDS[i]).result().last();
        accuracies[i] = last.validation().accuracy();
        losses[i] = last.validation().loss();
      } catch (DivergenceException e) {
        losses[i] = Double.POSITIVE_INFINITY;
      }
      progress.step(Format.percent(accuracies[i]));
    }
    return new Point(contestant, Spread.of(accuracies).mean(), Spread.of(losses).mean());
  }

  static Table table(Labels labels, boolean sam, List<Point> points) {
    Table table =
        Table.ofNumbers()
            .row(labels + ", " + (sam ? "SAM" : "base"), "validation accuracy", "loss");
    for (Point point : points) {
      table.row(
          point.contestant().toString(),
          Format.percent(point.validationAccuracy()),
          Format.loss(point.validationLoss()));
    }
    return table;
  }
}
