package org.samtf.examples.report;

import java.util.function.Function;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.ValueAxis;
import org.jfree.chart.plot.DatasetRenderingOrder;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.AbstractXYItemRenderer;
import org.jfree.chart.renderer.xy.DeviationRenderer;
import org.jfree.chart.renderer.xy.XYErrorRenderer;
import org.jfree.data.Range;
import org.jfree.data.general.DatasetUtils;
import org.jfree.data.xy.YIntervalSeries;
import org.jfree.data.xy.YIntervalSeriesCollection;

/** Puts a chart together: levels and curves with bands, and above them points with error bars. */
final class ChartBuilder {

  private final String title;
  private final ValueAxis horizontal;
  private final YIntervalSeriesCollection lines = new YIntervalSeriesCollection();
  private final DeviationRenderer lineRenderer = new DeviationRenderer(true, false);
  private final YIntervalSeriesCollection points = new YIntervalSeriesCollection();
  private final XYErrorRenderer pointRenderer = new XYErrorRenderer();

  ChartBuilder(String title, ValueAxis horizontal) {
    this.title = title;
    this.horizontal = horizontal;
    lineRenderer.setAlpha(Look.OPACITY_OF_BANDS);
    lineRenderer.setLegendLine(Look.LEGEND_LINE);
    pointRenderer.setDrawXError(false);
    pointRenderer.setCapLength(0);
    pointRenderer.setLegendLine(Look.LEGEND_LINE);
  }

  /** Adds a dashed line from side to side, with a band. */
  ChartBuilder level(String name, double value, double low, double high) {
    YIntervalSeries series = new YIntervalSeries(name);
    series.add(horizontal.getLowerBound(), value, low, high);
    series.add(horizontal.getUpperBound(), value, low, high);
    int index = lines.getSeriesCount();
    lines.addSeries(series);
    lineRenderer.setSeriesPaint(index, Look.LEVEL);
    lineRenderer.setSeriesFillPaint(index, Look.LEVEL);
    lineRenderer.setSeriesStroke(index, Look.DASHES);
    return this;
  }

  /** Adds a curve with a band. */
  ChartBuilder curve(int colour, YIntervalSeries series) {
    if (series.getItemCount() == 1) {
      // A single epoch is no line.
      return points(colour, true, series);
    }
    int index = lines.getSeriesCount();
    lines.addSeries(series);
    lineRenderer.setSeriesPaint(index, Look.colour(colour));
    lineRenderer.setSeriesFillPaint(index, Look.colour(colour));
    lineRenderer.setSeriesStroke(index, Look.CURVE);
    return this;
  }

  /** Adds points with error bars. */
  ChartBuilder points(int colour, boolean joined, YIntervalSeries series) {
    int index = points.getSeriesCount();
    points.addSeries(series);
    pointRenderer.setSeriesPaint(index, Look.colour(colour));
    pointRenderer.setSeriesStroke(index, Look.CURVE);
    pointRenderer.setSeriesShape(index, Look.MARK);
    pointRenderer.setSeriesLinesVisible(index, joined);
    return this;
  }

  /**
   * Makes the chart.
   *
   * @param vertical makes the vertical axis for the range of all values with their bands and bars;
   *     0 to 1 if there are none
   */
  JFreeChart build(Function<Range, ValueAxis> vertical) {
    Range range =
        Range.combine(
            DatasetUtils.findRangeBounds(lines, true), DatasetUtils.findRangeBounds(points, true));
    XYPlot plot = new XYPlot();
    plot.setDomainAxis(horizontal);
    plot.setRangeAxis(vertical.apply(range == null ? new Range(0, 1) : range));
    add(plot, 0, lines, lineRenderer);
    add(plot, 1, points, pointRenderer);
    plot.setDatasetRenderingOrder(DatasetRenderingOrder.FORWARD);
    plot.setNoDataMessage("no values");
    return Look.chart(title, plot);
  }

  private static void add(
      XYPlot plot, int index, YIntervalSeriesCollection data, AbstractXYItemRenderer renderer) {
    plot.setDataset(index, data);
    plot.setRenderer(index, renderer);
  }
}
