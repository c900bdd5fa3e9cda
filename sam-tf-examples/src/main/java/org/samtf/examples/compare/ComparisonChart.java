package org.samtf.examples.compare;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.samtf.examples.report.ErrorChart;

/** Draws test error against the epoch, one chart for clean labels and one for noisy ones. */
final class ComparisonChart {

  private ComparisonChart() {}

  static void write(Path file, Comparison comparison) throws IOException {
    List<ErrorChart> charts = new ArrayList<>();
    for (Labels labels : Labels.values()) {
      charts.add(
          new ErrorChart("digits, " + labels)
              .add(name("base", comparison), comparison.testAccuracies(labels, false))
              .add(name("SAM", comparison), comparison.testAccuracies(labels, true)));
    }
    ErrorChart.write(file, charts);
  }

  private static String name(String side, Comparison comparison) {
    int seeds = comparison.runs(Labels.CLEAN, false).size();
    return side + (seeds == 1 ? ", one seed" : ", " + seeds + " seeds ± deviation");
  }
}
