package org.samtf.examples.sharpness;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.samtf.examples.report.PointsChart;
import org.samtf.examples.report.Spread;

/** Draws test error against rho, a chart for each kind of labels, and the correlations. */
final class MSharpnessChart {

  /** Points further above momentum alone would take the height from those that matter. */
  private static final double WORTH_DRAWING = 2;

  private MSharpnessChart() {}

  static void write(Path file, MSharpness results) throws IOException {
    List<PointsChart> charts = new ArrayList<>();
    results.sweeps().forEach(sweep -> charts.add(chart(results, sweep)));
    results.correlations().ifPresent(c -> charts.add(chart(results, c)));
    PointsChart.write(file, charts);
  }

  private static PointsChart chart(MSharpness results, Sweep sweep) {
    List<Float> rhos = results.plan().sweep().rhos();
    Optional<PointsChart.Point> momentumAlone = percent(sweep, Method.MOMENTUM_ALONE);
    double highest = momentumAlone.map(p -> WORTH_DRAWING * p.value()).orElse(100.0);
    PointsChart chart =
        new PointsChart(
            results.data().name() + ", " + sweep.labels(),
            "rho (left out: collapsed or above twice the dashed line)",
            "test error (%)",
            rhos.stream().map(String::valueOf).toList(),
            results.plan().partSizes().size());
    for (int partSize : results.plan().partSizes()) {
      List<Optional<PointsChart.Point>> points = new ArrayList<>();
      for (float rho : rhos) {
        points.add(percent(sweep, new Method(partSize, rho)).filter(p -> p.value() <= highest));
      }
      chart.add("m = " + partSize, points);
    }
    momentumAlone.ifPresent(p -> chart.level("momentum alone", p));
    return chart;
  }

  private static Optional<PointsChart.Point> percent(Sweep sweep, Method method) {
    Optional<Spread> error = sweep.spread(method, SweepRun::testError);
    return error.map(e -> new PointsChart.Point(100 * e.mean(), 100 * e.error()));
  }

  private static PointsChart chart(MSharpness results, Correlations correlations) {
    List<Predictor> predictors = Predictor.all(results.plan().partSizes());
    PointsChart chart =
        new PointsChart(
            correlations.networks().size() + " networks: correlation with the gap",
            "m-sharpness for m, and the training loss",
            "Kendall's tau",
            predictors.stream().map(Predictor::name).toList(),
            Gap.values().length);
    for (Gap gap : Gap.values()) {
      chart.add(
          gap.toString(),
          predictors.stream()
              .map(predictor -> correlations.tau(predictor, gap))
              .map(tau -> tau.map(t -> new PointsChart.Point(t.tau(), t.standardError())))
              .toList());
    }
    return chart.withoutLines();
  }
}
