package org.samtf.examples.report;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.knowm.xchart.XYChart;

/** A chart of test accuracies, for comparing curves. */
public final class AccuracyChart {

  private final XYChart chart;
  private double lowest = 100;
  private int curves;

  /**
   * Creates a chart without curves.
   *
   * @param title its title
   */
  public AccuracyChart(String title) {
    chart = Curves.chart(title, "test accuracy (%)");
  }

  /**
   * Adds a curve.
   *
   * @param name what the legend calls it
   * @param shares accuracies from 0 to 1, an epoch each
   * @return this chart
   */
  public AccuracyChart add(String name, List<Double> shares) {
    List<Double> percent = new ArrayList<>();
    for (double share : shares) {
      percent.add(100 * share);
    }
    // The steep start would take all the height; the axis begins where the curves have settled.
    for (double value : percent.subList(percent.size() / 10, percent.size())) {
      lowest = Math.min(lowest, value);
    }
    Curves.add(chart, name, curves++, percent);
    return this;
  }

  /**
   * Writes charts side by side as one PNG.
   *
   * @param file where to
   * @param charts the charts
   * @throws IOException if it cannot be written
   */
  public static void write(Path file, List<AccuracyChart> charts) throws IOException {
    for (AccuracyChart accuracy : charts) {
      accuracy.chart.getStyler().setYAxisMin(Math.floor(accuracy.lowest - 0.5));
    }
    Curves.write(file, charts.stream().map(accuracy -> accuracy.chart).toList());
  }
}
