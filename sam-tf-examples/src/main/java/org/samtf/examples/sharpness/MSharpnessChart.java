package org.samtf.examples.sharpness;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.samtf.examples.report.PointsChart;
import org.samtf.examples.report.Spread;

/** Draws test error against rho, a chart for each kind of labels, and the correlations below. */
final class MSharpnessChart {

  /** Points further above momentum alone would take the height from those that matter. */
  private static final double WORTH_DRAWING = 2;

  /** How far the points of two m are apart, as a ratio of rho, so that bars do not overlap. */
  private static final double APART = 1.025;

  /** How far the points of the two gaps are apart, for the same reason. */
  private static final double GAPS_APART = 0.16;

  private MSharpnessChart() {}

  static void write(Path file, MSharpness results) throws IOException {
    List<List<PointsChart>> rows = new ArrayList<>();
    rows.add(results.sweeps().stream().map(sweep -> chart(results, sweep)).toList());
    results.correlations().ifPresent(c -> rows.add(List.of(chart(results, c))));
    PointsChart.write(file, rows);
  }

  private static PointsChart chart(MSharpness results, Sweep sweep) {
    List<Float> rhos = results.plan().sweep().rhos();
    List<Integer> partSizes = results.plan().partSizes();
    Optional<Spread> momentumAlone = sweep.spread(Method.MOMENTUM_ALONE, SweepRun::testError);
    double highest = momentumAlone.map(error -> WORTH_DRAWING * error.mean()).orElse(1.0);
    PointsChart chart =
        PointsChart.logarithmic(
            results.data().name() + ", " + sweep.labels(),
            "rho",
            "test error (%) ± standard error",
            rhos.get(0) * 0.85,
            rhos.get(rhos.size() - 1) * 1.18);
    momentumAlone.ifPresent(error -> chart.level("no SAM", point(0, error)));
    for (int partSize : partSizes) {
      double shift = Math.pow(APART, partSizes.indexOf(partSize) - (partSizes.size() - 1) / 2.0);
      List<PointsChart.Point> points = new ArrayList<>();
      for (float rho : rhos) {
        sweep
            .spread(new Method(partSize, rho), SweepRun::testError)
            .filter(error -> error.mean() <= highest)
            .ifPresent(error -> points.add(point(rho * shift, error)));
      }
      chart.add("m = " + partSize, colour(partSize), points);
    }
    return chart;
  }

  /** The same for an m whatever other m there are. */
  static int colour(int partSize) {
    return (Integer.SIZE - 1 - Integer.numberOfLeadingZeros(partSize)) / 2;
  }

  private static PointsChart.Point point(double x, Spread share) {
    return new PointsChart.Point(x, 100 * share.mean(), 100 * share.error());
  }

  private static PointsChart chart(MSharpness results, Correlations correlations) {
    List<Predictor> predictors = Predictor.all(results.plan().partSizes());
    PointsChart chart =
        PointsChart.places(
            correlations.networks().size() + " networks: correlation with the gap",
            "m-sharpness for m, and the training loss",
            "Kendall's tau ± standard error",
            predictors.stream().map(Predictor::name).toList());
    for (Gap gap : Gap.values()) {
      double shift = GAPS_APART * (gap.ordinal() - (Gap.values().length - 1) / 2.0);
      List<PointsChart.Point> points = new ArrayList<>();
      for (int i = 0; i < predictors.size(); i++) {
        double place = i + 1 + shift;
        correlations
            .tau(predictors.get(i), gap)
            .ifPresent(
                tau -> points.add(new PointsChart.Point(place, tau.tau(), tau.standardError())));
      }
      chart.add(gap.toString(), gap.ordinal(), points);
    }
    return chart;
  }
}
