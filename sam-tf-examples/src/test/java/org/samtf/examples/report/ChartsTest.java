package org.samtf.examples.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.Color;
import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.assertj.core.data.Offset;
import org.jfree.chart.ChartRenderingInfo;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.LegendItemCollection;
import org.jfree.chart.plot.XYPlot;
import org.jfree.data.xy.IntervalXYDataset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samtf.examples.train.EpochResult;
import org.samtf.examples.train.Evaluation;
import org.samtf.examples.train.TrainingResult;

/** What a reader sees on the charts. */
class ChartsTest {

  private static final Evaluation NONE = new Evaluation(Double.NaN, Double.NaN);

  @TempDir private Path directory;

  @Test
  void aRunHasItsAccuraciesBesideItsLosses() {
    List<JFreeChart> charts = TrainingChart.charts("digits", run(3));

    assertThat(charts)
        .extracting(c -> c.getTitle().getText())
        .containsExactly("digits: accuracy", "digits: loss");
    assertThat(legend(charts.get(0))).containsExactly("validation", "test");
    assertThat(legend(charts.get(1))).containsExactly("validation", "test", "training (batches)");
    XYPlot losses = charts.get(1).getXYPlot();
    assertThat(losses.getDomainAxis().getLabel()).isEqualTo("epoch");
    assertThat(losses.getRangeAxis().getLabel()).isEqualTo("cross-entropy");
    assertThat(losses.getDataset(0).getItemCount(2)).isEqualTo(3);
    assertThat(losses.getDataset(0).getYValue(2, 1)).isEqualTo(0.5);
  }

  @Test
  void aCurveIsALineAndASingleEpochAMark() {
    Color test = Look.colour(1);

    Rectangle line = area(TrainingChart.charts("digits", run(3)).get(0), test);
    Rectangle mark = area(TrainingChart.charts("digits", run(1)).get(0), test);

    assertThat(line.width).isGreaterThan(1400);
    assertThat(mark.width).isBetween(8, 14);
    assertThat(mark.height).isBetween(8, 14);
  }

  @Test
  void valuesThatAreNotFiniteAreLeftOut() {
    TrainingResult result =
        new TrainingResult(
            List.of(
                new EpochResult(1, 1, NONE, new Evaluation(0.5, 1)),
                new EpochResult(2, Double.POSITIVE_INFINITY, NONE, new Evaluation(0.6, Double.NaN)),
                new EpochResult(3, 2, NONE, new Evaluation(0.7, 3))),
            NONE,
            1,
            0,
            0);

    XYPlot losses = TrainingChart.charts("digits", result).get(1).getXYPlot();

    // Nothing for validation; epochs 1 and 3 for the other two.
    assertThat(losses.getDataset(0).getItemCount(0)).isZero();
    assertThat(losses.getDataset(0).getItemCount(1)).isEqualTo(2);
    assertThat(losses.getDataset(0).getXValue(1, 1)).isEqualTo(3);
    assertThat(AxesTest.labels(losses.getRangeAxis()))
        .containsExactly("1.0", "1.5", "2.0", "2.5", "3.0");
  }

  @Test
  void aChartWithoutValuesGoesFromZeroToOne() {
    TrainingResult nothing =
        new TrainingResult(List.of(new EpochResult(1, Double.NaN, NONE, NONE)), NONE, 1, 0, 0);

    JFreeChart chart = TrainingChart.charts("digits", nothing).get(1);

    assertThat(AxesTest.labels(chart.getXYPlot().getRangeAxis()))
        .containsExactly("0.0", "0.2", "0.4", "0.6", "0.8", "1.0");
    assertThat(legend(chart)).containsExactly("validation", "test", "training (batches)");
  }

  @Test
  void errorsHaveABandOfADeviationOnEachSide() {
    JFreeChart chart =
        new ErrorChart("digits")
            .add("base", List.of(new Spread(0.6, 0.1, 5), new Spread(0.9, 0.02, 5)))
            .add("SAM", List.of(new Spread(0.7, 0.1, 5), new Spread(1, 0.0, 5)))
            .chart();

    XYPlot plot = chart.getXYPlot();
    IntervalXYDataset errors = (IntervalXYDataset) plot.getDataset(0);
    assertThat(errors.getStartYValue(0, 1)).isCloseTo(8, byRounding());
    assertThat(errors.getYValue(0, 1)).isCloseTo(10, byRounding());
    assertThat(errors.getEndYValue(0, 1)).isCloseTo(12, byRounding());
    // No error at all has a place too, at the bottom.
    assertThat(errors.getYValue(1, 1)).isEqualTo(0.1);
    assertThat(AxesTest.labels(plot.getRangeAxis())).startsWith("0.1", "0.2").endsWith("100");
    // The band of the first epoch of base alone is its colour, thinned.
    assertThat(area(chart, faint(Look.colour(0))).height).isGreaterThan(20);
  }

  @Test
  void aLevelIsDashedFromSideToSideWithABand() {
    JFreeChart chart =
        PointsChart.logarithmic("digits", "rho", "test error (%)", 0.01, 1)
            .level("no SAM", new PointsChart.Point(0, 3, 0.5))
            .add("m = 4", 1, List.of(new PointsChart.Point(0.13, 2, 0.25)))
            .add("m = 16", 2, List.of())
            .chart();

    // A series without points is left out.
    assertThat(legend(chart)).containsExactly("no SAM", "m = 4");
    Rectangle band = area(chart, faint(Look.LEVEL));
    assertThat(area(chart, Look.LEVEL).width).isGreaterThan(1600);
    assertThat(band.width).isGreaterThan(1600);
    assertThat(band.height).isGreaterThan(100);
    // The error bar is half as high as the band.
    assertThat((double) area(chart, Look.colour(1)).height)
        .isCloseTo(band.height / 2.0, Offset.offset(8.0));
  }

  @Test
  void chartsOfARowShareItsWidth() throws IOException {
    Path file = directory.resolve("charts.png");
    PointsChart wide = PointsChart.places("all", "m", "tau", List.of("m = 1", "m = 4"));
    PointsChart half = PointsChart.logarithmic("half", "rho", "error", 0.01, 1);

    PointsChart.write(file, List.of(List.of(half, half), List.of(wide)));

    BufferedImage image = ImageIO.read(file.toFile());
    assertThat(image.getWidth()).isEqualTo(2 * 960);
    assertThat(image.getHeight()).isEqualTo(2 * 2 * 360);
    try (var files = Files.list(directory)) {
      assertThat(files).containsExactly(file);
    }
  }

  private static TrainingResult run(int epochs) {
    List<EpochResult> all = new ArrayList<>();
    for (int i = 1; i <= epochs; i++) {
      Evaluation evaluation = new Evaluation(1 - 0.5 / i, 1.0 / i);
      Evaluation test = new Evaluation(1 - 0.6 / i, 1.5 / i);
      all.add(new EpochResult(i, 1.0 / i, evaluation, test));
    }
    return new TrainingResult(all, NONE, 1, 0, 0);
  }

  private static List<String> legend(JFreeChart chart) {
    List<String> names = new ArrayList<>();
    LegendItemCollection items = chart.getXYPlot().getLegendItems();
    for (int i = 0; i < items.getItemCount(); i++) {
      names.add(items.get(i).getLabel());
    }
    return names;
  }

  /** Where a chart has a colour, in pixels, two a unit; the legend does not count. */
  private static Rectangle area(JFreeChart chart, Color colour) {
    ChartRenderingInfo info = new ChartRenderingInfo();
    BufferedImage image = chart.createBufferedImage(2 * 960, 2 * 360, 960, 360, info);
    Rectangle inside = info.getPlotInfo().getDataArea().getBounds();
    Rectangle area = new Rectangle(-1, -1);
    for (int x = 2 * inside.x; x < 2 * (inside.x + inside.width); x++) {
      for (int y = 2 * inside.y; y < 2 * (inside.y + inside.height); y++) {
        if (isNear(new Color(image.getRGB(x, y)), colour)) {
          area.add(new Rectangle(x, y, 1, 1));
        }
      }
    }
    return area;
  }

  private static boolean isNear(Color one, Color other) {
    return Math.abs(one.getRed() - other.getRed()) <= 2
        && Math.abs(one.getGreen() - other.getGreen()) <= 2
        && Math.abs(one.getBlue() - other.getBlue()) <= 2;
  }

  /** The colour of a band. */
  private static Color faint(Color colour) {
    return new Color(faint(colour.getRed()), faint(colour.getGreen()), faint(colour.getBlue()));
  }

  private static int faint(int part) {
    return Math.round(255 + Look.OPACITY_OF_BANDS * (part - 255));
  }

  private static Offset<Double> byRounding() {
    return Offset.offset(1e-6);
  }
}
