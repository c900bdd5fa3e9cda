package org.samtf.examples.report;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jfree.chart.JFreeChart;
import org.jfree.data.xy.YIntervalSeries;

/** A chart of test errors against the epoch, for comparing curves; both axes are logarithmic. */
public final class ErrorChart {

  private static final double SMALLEST_PERCENT = 0.1;
  private static final double ALL = 100;

  private final String title;
  private final List<String> names = new ArrayList<>();
  private final List<List<Spread>> curves = new ArrayList<>();

  /**
   * Creates a chart without curves.
   *
   * @param title its title
   */
  public ErrorChart(String title) {
    this.title = title;
  }

  /**
   * Adds a curve with a band of a standard deviation on each side.
   *
   * @param name what the legend calls it
   * @param accuracies from 0 to 1, an epoch each
   * @return this chart
   */
  public ErrorChart add(String name, List<Spread> accuracies) {
    names.add(name);
    curves.add(List.copyOf(accuracies));
    return this;
  }

  JFreeChart chart() {
    int epochs = curves.stream().mapToInt(List::size).max().orElse(1);
    ChartBuilder chart = new ChartBuilder(title, Axes.logarithmic("epoch", 1, Math.max(2, epochs)));
    for (int i = 0; i < curves.size(); i++) {
      chart.curve(i, series(names.get(i), curves.get(i)));
    }
    return chart.build(
        errors -> Axes.logarithmic("test error (%)", Axes.tickBelow(errors.getLowerBound()), ALL));
  }

  private static YIntervalSeries series(String name, List<Spread> accuracies) {
    YIntervalSeries series = new YIntervalSeries(name);
    for (Spread accuracy : accuracies) {
      double error = percent(1 - accuracy.mean());
      double deviation = 100 * accuracy.deviation();
      series.add(
          series.getItemCount() + 1.0,
          error,
          Math.max(SMALLEST_PERCENT, error - deviation),
          error + deviation);
    }
    return series;
  }

  private static double percent(double share) {
    return Math.max(SMALLEST_PERCENT, 100 * share);
  }

  /**
   * Writes charts side by side as one PNG.
   *
   * @param file where to
   * @param charts the charts
   * @throws IOException if it cannot be written
   */
  public static void write(Path file, List<ErrorChart> charts) throws IOException {
    ChartFile.write(file, List.of(charts.stream().map(ErrorChart::chart).toList()));
  }
}
