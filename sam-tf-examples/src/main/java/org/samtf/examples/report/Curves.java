package org.samtf.examples.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Charts of values against the epoch or against something else. */
final class Curves {

  private static final int WIDTH = 720;
  private static final int HEIGHT = 480;

  /** Okabe and Ito's colours, which colour-blind people can tell apart. */
  private static final List<Color> COLOURS =
      List.of(
          new Color(0x0072B2),
          new Color(0xD55E00),
          new Color(0x009E73),
          new Color(0xCC79A7),
          new Color(0xE69F00));

  private Curves() {}

  /** A chart of values against the epoch. */
  static XYChart chart(String title, String valueTitle) {
    return chart(title, "epoch", valueTitle);
  }

  static XYChart chart(String title, String horizontalTitle, String valueTitle) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle(horizontalTitle)
            .yAxisTitle(valueTitle)
            .build();
    chart
        .getStyler()
        .setChartBackgroundColor(Color.WHITE)
        .setPlotBorderVisible(false)
        .setChartTitleBoxVisible(false)
        .setLegendPosition(Styler.LegendPosition.OutsideS)
        .setLegendLayout(Styler.LegendLayout.Horizontal)
        .setLegendBorderColor(Color.WHITE)
        .setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 17))
        .setLegendFont(new Font(Font.SANS_SERIF, Font.PLAIN, 14));
    chart
        .getStyler()
        .setXAxisTickMarkSpacingHint(90)
        .setXAxisDecimalPattern("0.#")
        .setPlotGridLinesColor(new Color(0xDDDDDD))
        .setAxisTitleFont(new Font(Font.SANS_SERIF, Font.PLAIN, 14))
        .setAxisTickLabelsFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12));
    return chart;
  }

  static XYSeries add(XYChart chart, String name, int colour, List<Double> values) {
    // As floating point numbers from 0: otherwise XChart marks every second epoch.
    List<Double> epochs = IntStream.rangeClosed(1, values.size()).asDoubleStream().boxed().toList();
    chart.getStyler().setXAxisMin(0.0).setXAxisMax((double) values.size());
    XYSeries series = chart.addSeries(name, epochs, values);
    series.setMarker(values.size() == 1 ? SeriesMarkers.CIRCLE : SeriesMarkers.NONE);
    return paint(series, colour);
  }

  static XYSeries paint(XYSeries series, int colour) {
    Color paint = COLOURS.get(colour % COLOURS.size());
    series.setLineColor(paint);
    series.setMarkerColor(paint);
    series.setLineStyle(new BasicStroke(2.2f));
    return series;
  }

  /** A distance of marks that makes XChart put one at each of some units of the axis. */
  static int spacing(int units) {
    double plot = 0.88 * WIDTH;
    return (int) (0.95 * plot / units);
  }

  /** Writes charts side by side as one PNG. */
  static void write(Path file, List<XYChart> charts) throws IOException {
    BufferedImage image =
        new BufferedImage(WIDTH * charts.size(), HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    try {
      for (int i = 0; i < charts.size(); i++) {
        graphics.drawImage(BitmapEncoder.getBufferedImage(charts.get(i)), i * WIDTH, 0, null);
      }
    } finally {
      graphics.dispose();
    }
    if (!ImageIO.write(image, "png", file.toFile())) {
      throw new IOException("this Java has no writer for PNG");
    }
  }
}
