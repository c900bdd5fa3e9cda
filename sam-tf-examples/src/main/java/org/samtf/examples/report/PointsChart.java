package org.samtf.examples.report;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.DoubleStream;

/** A chart of values with standard errors. */
public final class PointsChart {

  private record Series(String name, int colour, List<Plot.Value> values) {}

  private record Level(String name, Point point) {}

  private final String title;
  private final Axis horizontal;
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
  public record Point(double x, double value, double error) {}

  private PointsChart(String title, Axis horizontal, String valueTitle, boolean joined) {
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
    return new PointsChart(title, Axis.logarithmic(horizontalTitle, min, max), valueTitle, true);
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
    return new PointsChart(title, Axis.places(horizontalTitle, places), valueTitle, false);
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
      all.add(new Series(name, colour, points.stream().map(PointsChart::value).toList()));
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

  private static Plot.Value value(Point point) {
    return new Plot.Value(
        point.x(), point.value(), point.value() - point.error(), point.value() + point.error());
  }

  private Plot plot() {
    List<Plot.Value> values = new ArrayList<>();
    all.forEach(series -> values.addAll(series.values()));
    level.ifPresent(one -> values.add(value(one.point())));
    double[] ends =
        values.stream().flatMapToDouble(v -> DoubleStream.of(v.low(), v.high())).sorted().toArray();
    Axis vertical =
        ends.length == 0
            ? Axis.linear(valueTitle, 0, 1)
            : Axis.linear(valueTitle, ends[0], ends[ends.length - 1]);
    Plot plot = new Plot(title, horizontal, vertical);
    level
        .map(Level::point)
        .map(PointsChart::value)
        .ifPresent(v -> plot.level(level.get().name(), v.y(), v.low(), v.high()));
    all.forEach(series -> plot.points(series.name(), series.colour(), joined, series.values()));
    return plot;
  }

  /**
   * Writes rows of charts below each other as one PNG; the charts of a row share its width.
   *
   * @param file where to
   * @param rows the charts
   * @throws IOException if it cannot be written
   */
  public static void write(Path file, List<List<PointsChart>> rows) throws IOException {
    PlotFile.write(
        file, rows.stream().map(row -> row.stream().map(PointsChart::plot).toList()).toList());
  }
}
