package org.samtf.examples.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** A chart of values with standard errors, for a few named places of the horizontal axis. */
public final class PointsChart {

  /** How far the points of two series at the same place are apart, so that bars do not overlap. */
  private static final double APART = 0.08;

  private static final Color LEVEL = new Color(0x555555);

  private final XYChart chart;
  private final List<String> places;
  private final int expected;
  private final List<XYSeries> series = new ArrayList<>();
  private int added;

  /**
   * A value.
   *
   * @param value the mean
   * @param error its standard error, drawn up and down from it
   */
  public record Point(double value, double error) {}

  /**
   * Creates a chart without points.
   *
   * @param title its title
   * @param horizontalTitle what the places are
   * @param valueTitle what the values are
   * @param places what stands below the horizontal axis, from left to right
   * @param series how many series will be added
   */
  public PointsChart(
      String title, String horizontalTitle, String valueTitle, List<String> places, int series) {
    this.places = List.copyOf(places);
    expected = series;
    chart = Curves.chart(title, horizontalTitle + "; bars: standard error", valueTitle);
    chart.getStyler().setErrorBarsColorSeriesColor(true);
    chart
        .getStyler()
        .setXAxisMin(0.0)
        .setXAxisMax(places.size() + 1.0)
        .setXAxisTickMarkSpacingHint(Curves.spacing(places.size() + 1))
        .setxAxisTickLabelsFormattingFunction(this::place);
  }

  /**
   * The place at a mark of the axis. Marks between and beside the places show nothing, each in its
   * own way: XChart draws no marks at all if two have the same text.
   */
  private String place(double mark) {
    int place = (int) Math.round(mark);
    boolean isPlace = Math.abs(mark - place) < 1e-6 && place >= 1 && place <= places.size();
    return isPlace
        ? places.get(place - 1)
        : " ".repeat(Math.max(0, 8 + (int) Math.round(2 * mark)));
  }

  /**
   * Adds a series.
   *
   * @param name what the legend calls it
   * @param values a point for each place, or empty to leave it out
   * @return this chart
   */
  public PointsChart add(String name, List<Optional<Point>> values) {
    List<Double> horizontal = new ArrayList<>();
    List<Double> means = new ArrayList<>();
    List<Double> errors = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      if (values.get(i).isPresent()) {
        horizontal.add(i + 1.0 + APART * (added - (expected - 1) / 2.0));
        means.add(values.get(i).get().value());
        errors.add(values.get(i).get().error());
      }
    }
    int colour = added++;
    if (!means.isEmpty()) {
      XYSeries points = chart.addSeries(name, horizontal, means, errors);
      points.setMarker(SeriesMarkers.CIRCLE);
      series.add(Curves.paint(points, colour));
    }
    return this;
  }

  /**
   * Adds a value that belongs to no place, as a dashed line from side to side.
   *
   * @param name what the legend calls it
   * @param point the value; its error is drawn at the right end
   * @return this chart
   */
  public PointsChart level(String name, Point point) {
    double right = places.size() + 0.7;
    XYSeries added =
        chart.addSeries(
            name,
            List.of(0.0, right, places.size() + 1.0),
            List.of(point.value(), point.value(), point.value()),
            List.of(0.0, point.error(), 0.0));
    added.setMarker(SeriesMarkers.NONE);
    added.setLineColor(LEVEL);
    added.setLineStyle(
        new BasicStroke(
            1.5f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_MITER, 10, new float[] {6, 5}, 0));
    return this;
  }

  /**
   * Draws no lines from point to point, for places that have no order.
   *
   * @return this chart
   */
  public PointsChart withoutLines() {
    series.forEach(one -> one.setXYSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.Scatter));
    return this;
  }

  /**
   * Writes charts side by side as one PNG.
   *
   * @param file where to
   * @param charts the charts
   * @throws IOException if it cannot be written
   */
  public static void write(Path file, List<PointsChart> charts) throws IOException {
    Curves.write(file, charts.stream().map(points -> points.chart).toList());
  }
}
