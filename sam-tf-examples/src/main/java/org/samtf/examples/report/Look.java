package org.samtf.examples.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Shape;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.util.List;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.block.BlockBorder;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.title.LegendTitle;
import org.jfree.chart.ui.RectangleEdge;
import org.jfree.chart.ui.RectangleInsets;

/** What all charts look like. */
final class Look {

  static final Color TEXT = new Color(0x222222);
  static final Font LABEL = new Font(Font.SANS_SERIF, Font.PLAIN, 12);

  static final Color LEVEL = new Color(0x555555);
  static final float OPACITY_OF_BANDS = 0.18f;
  static final BasicStroke CURVE =
      new BasicStroke(1.8f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND);
  static final BasicStroke DASHES =
      new BasicStroke(
          1.4f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_MITER, 10, new float[] {5, 4}, 0);
  static final Shape MARK = new Ellipse2D.Double(-3, -3, 6, 6);
  static final Shape LEGEND_LINE = new Line2D.Double(-8, 0, 8, 0);

  private static final Font TITLE = new Font(Font.SANS_SERIF, Font.BOLD, 14);
  private static final Color GRID = new Color(0xE4E4E4);
  private static final BasicStroke THIN = new BasicStroke(1);

  /** Okabe and Ito's colours, which colour-blind people can tell apart. */
  private static final List<Color> COLOURS =
      List.of(
          new Color(0x0072B2),
          new Color(0xD55E00),
          new Color(0x009E73),
          new Color(0xCC79A7),
          new Color(0xE69F00),
          new Color(0x56B4E9));

  private Look() {}

  static Color colour(int index) {
    return COLOURS.get(index % COLOURS.size());
  }

  /** Makes a chart of a plot: its title above, its legend below. */
  static JFreeChart chart(String title, XYPlot plot) {
    plot.setBackgroundPaint(Color.WHITE);
    plot.setOutlineVisible(false);
    plot.setAxisOffset(RectangleInsets.ZERO_INSETS);
    plot.setDomainGridlinePaint(GRID);
    plot.setDomainGridlineStroke(THIN);
    plot.setRangeGridlinePaint(GRID);
    plot.setRangeGridlineStroke(THIN);
    plot.setNoDataMessageFont(LABEL);
    plot.setNoDataMessagePaint(TEXT);
    JFreeChart chart = new JFreeChart(title, TITLE, plot, false);
    chart.getTitle().setPaint(TEXT);
    chart.getTitle().setPadding(6, 0, 8, 0);
    chart.addLegend(legend(plot));
    chart.setBackgroundPaint(Color.WHITE);
    chart.setPadding(new RectangleInsets(2, 4, 2, 16));
    chart.setTextAntiAlias(true);
    return chart;
  }

  private static LegendTitle legend(XYPlot plot) {
    LegendTitle legend = new LegendTitle(plot);
    legend.setPosition(RectangleEdge.BOTTOM);
    legend.setFrame(BlockBorder.NONE);
    legend.setItemFont(LABEL);
    legend.setItemPaint(TEXT);
    legend.setItemLabelPadding(new RectangleInsets(2, 4, 2, 6));
    return legend;
  }
}
