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

  private MSharpnessChart() {}

  static void write(Path file, MSharpness results) throws IOException {
    List<PointsChart> charts = new ArrayList<>();
    results.sweeps().forEach(sweep -> charts.add(chart(results, sweep)));
    results.correlations().ifPresent(c -> charts.add(chart(results, c)));
    PointsChart.write(file, charts);
  }

  private static PointsChart chart(MSharpness results, Sweep sweep) {
    List<Float> rhos = results.plan().sweep().rhos();
    PointsChart chart =
        new PointsChart(
            results.data().name() + ", " + sweep.labels(),
            "rho (points where a network collapsed are left out)",
            "test error (%)",
            rhos.stream().map(String::valueOf).toList());
    for (int partSize : results.plan().partSizes()) {
      List<Optional<PointsChart.Point>> points = new ArrayList<>();
      for (float rho : rhos) {
        points.add(percent(sweep, new Method(partSize, rho)));
      }
      chart.add("m = " + partSize, points);
    }
    percent(sweep, Method.MOMENTUM_ALONE).ifPresent(p -> chart.level("momentum alone", p));
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
            predictors.stream().map(Predictor::name).toList());
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
