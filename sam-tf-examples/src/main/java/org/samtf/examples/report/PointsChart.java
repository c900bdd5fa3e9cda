package org.samtf.examples.report;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.ValueAxis;
import org.jfree.data.xy.YIntervalSeries;

/** A chart of values with standard errors. */
public final class PointsChart {

  private record Series(int colour, YIntervalSeries points) {}

  private record Level(String name, Point point) {}

  private final String title;
  private final ValueAxis horizontal;
  private final String valueTitle;
  private final boolean joined;
  private final List<Series> all = new ArrayList<>();
  private Optional<Level> level = Optional.empty();

  /**
   * A value.
   *
   * @param x where on the horizontal axis
   * @param value the mean
   * @param error its standard error, drawn up and down from it
   */
  public record Point(double x, double value, double error) {

    private double low() {
      return value - error;
    }

    private double high() {
      return value + error;
    }
  }

  private PointsChart(String title, ValueAxis horizontal, String valueTitle, boolean joined) {
    this.title = title;
    this.horizontal = horizontal;
    this.valueTitle = valueTitle;
    this.joined = joined;
  }

  /**
   * Creates a chart without points whose horizontal axis is logarithmic; points are joined.
   *
   * @param title its title
   * @param horizontalTitle what the horizontal axis is
   * @param valueTitle what the values are
   * @param min beginning of the horizontal axis, above 0
   * @param max its end
   * @return the chart
   */
  public static PointsChart logarithmic(
      String title, String horizontalTitle, String valueTitle, double min, double max) {
    return new PointsChart(title, Axes.logarithmic(horizontalTitle, min, max), valueTitle, true);
  }

  /**
   * Creates a chart without points whose horizontal axis has named places at 1, 2, 3, ...
   *
   * @param title its title
   * @param horizontalTitle what the places are
   * @param valueTitle what the values are
   * @param places what stands below the horizontal axis, from left to right
   * @return the chart
   */
  public static PointsChart places(
      String title, String horizontalTitle, String valueTitle, List<String> places) {
    return new PointsChart(title, Axes.places(horizontalTitle, places), valueTitle, false);
  }

  /**
   * Adds a series.
   *
   * @param name what the legend calls it
   * @param colour number of its colour, from 0
   * @param points its points, from left to right; a series without points is left out
   * @return this chart
   */
  public PointsChart add(String name, int colour, List<Point> points) {
    if (!points.isEmpty()) {
      YIntervalSeries series = new YIntervalSeries(name);
      points.forEach(p -> series.add(p.x(), p.value(), p.low(), p.high()));
      all.add(new Series(colour, series));
    }
    return this;
  }

  /**
   * Adds a value that belongs to no place, as a dashed line from side to side.
   *
   * @param name what the legend calls it
   * @param point the value; its error is a band
   * @return this chart
   */
  public PointsChart level(String name, Point point) {
    level = Optional.of(new Level(name, point));
    return this;
  }

  JFreeChart chart() {
    ChartBuilder chart = new ChartBuilder(title, horizontal);
    level.ifPresent(
        one -> {
          Point point = one.point();
          chart.level(one.name(), point.value(), point.low(), point.high());
        });
    all.forEach(series -> chart.points(series.colour(), joined, series.points()));
    return chart.build(values -> Axes.linear(valueTitle, values));
  }

  /**
   * Writes rows of charts below each other as one PNG; the charts of a row share its width.
   *
   * @param file where to
   * @param rows the charts
   * @throws IOException if it cannot be written
   */
  public static void write(Path file, List<List<PointsChart>> rows) throws IOException {
    ChartFile.write(
        file, rows.stream().map(row -> row.stream().map(PointsChart::chart).toList()).toList());
  }
}
