package org.samtf.examples.compare;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.samtf.examples.report.AccuracyChart;

/** Draws test accuracy against the epoch, one chart for clean labels and one for noisy ones. */
final class ComparisonChart {

  private ComparisonChart() {}

  static void write(Path file, Comparison comparison) throws IOException {
    List<AccuracyChart> charts = new ArrayList<>();
    for (Labels labels : Labels.values()) {
      int seeds = comparison.runs(labels, false).size();
      charts.add(
          new AccuracyChart(
                  "digits, "
                      + labels
                      + (seeds == 1 ? ", one seed" : ", mean of " + seeds + " seeds"))
              .add("base", comparison.meanTestAccuracies(labels, false))
              .add("SAM", comparison.meanTestAccuracies(labels, true)));
    }
    AccuracyChart.write(file, charts);
  }
}
