package org.samtf.examples.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A chart: curves with bands, points with error bars, levels. */
final class Plot {

  /** Okabe and Ito's colours, which colour-blind people can tell apart. */
  private static final List<Color> COLOURS =
      List.of(
          new Color(0x0072B2),
          new Color(0xD55E00),
          new Color(0x009E73),
          new Color(0xCC79A7),
          new Color(0xE69F00),
          new Color(0x56B4E9));

  private static final Color LEVEL = new Color(0x555555);
  private static final Color GRID = new Color(0xE4E4E4);
  private static final Color TEXT = new Color(0x222222);
  private static final int OPACITY_OF_BANDS = 45;
  private static final Font TITLE = new Font(Font.SANS_SERIF, Font.BOLD, 14);
  private static final Font LABEL = new Font(Font.SANS_SERIF, Font.PLAIN, 12);
  private static final BasicStroke THIN = new BasicStroke(1);
  private static final BasicStroke CURVE =
      new BasicStroke(1.8f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND);
  private static final BasicStroke DASHES =
      new BasicStroke(
          1.4f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_MITER, 10, new float[] {5, 4}, 0);

  private static final int TOP = 34;
  private static final int LEFT = 58;
  private static final int RIGHT = 16;
  private static final int BOTTOM = 74;
  private static final int TICK_GAP = 6;
  private static final double MARK = 6;

  /** A value of a curve and how far it reaches down and up. */
  record Value(double x, double y, double low, double high) {}

  private enum Style {
    CURVE,
    POINTS,
    JOINED_POINTS,
    LEVEL
  }

  private record Series(String name, Color colour, Style style, List<Value> values) {}

  private final String title;
  private final Axis horizontal;
  private final Axis vertical;
  private final List<Series> all = new ArrayList<>();

  Plot(String title, Axis horizontal, Axis vertical) {
    this.title = title;
    this.horizontal = horizontal;
    this.vertical = vertical;
  }

  /** Adds a curve with a band. */
  void curve(String name, int colour, List<Value> values) {
    all.add(new Series(name, colour(colour), Style.CURVE, values));
  }

  /** Adds points with error bars. */
  void points(String name, int colour, boolean joined, List<Value> values) {
    all.add(new Series(name, colour(colour), joined ? Style.JOINED_POINTS : Style.POINTS, values));
  }

  /** Adds a dashed line from side to side, with a band. */
  void level(String name, double y, double low, double high) {
    List<Value> ends =
        List.of(
            new Value(horizontal.min(), y, low, high), new Value(horizontal.max(), y, low, high));
    all.add(new Series(name, LEVEL, Style.LEVEL, ends));
  }

  private static Color colour(int index) {
    return COLOURS.get(index % COLOURS.size());
  }

  /** Paints the chart into a rectangle. */
  void paint(Graphics2D graphics, int width, int height) {
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, width, height);
    Rectangle2D area =
        new Rectangle2D.Double(LEFT, TOP, width - LEFT - RIGHT, height - TOP - BOTTOM);
    paintAxes(graphics, area, width, height);
    all.forEach(series -> paintBand(graphics, area, series));
    all.forEach(series -> paintValues(graphics, area, series));
    paintLegend(graphics, area, height - 14);
  }

  private double x(Rectangle2D area, double value) {
    return area.getX() + area.getWidth() * horizontal.share(value);
  }

  private double y(Rectangle2D area, double value) {
    return area.getMaxY() - area.getHeight() * vertical.share(value);
  }

  private void paintAxes(Graphics2D graphics, Rectangle2D area, int width, int height) {
    graphics.setStroke(THIN);
    graphics.setFont(LABEL);
    FontMetrics metrics = graphics.getFontMetrics();
    for (Map.Entry<Double, String> tick : horizontal.ticks().entrySet()) {
      double x = x(area, tick.getKey());
      graphics.setColor(GRID);
      graphics.draw(new Line2D.Double(x, area.getY(), x, area.getMaxY()));
      graphics.setColor(TEXT);
      float left = (float) (x - metrics.stringWidth(tick.getValue()) / 2.0);
      graphics.drawString(
          tick.getValue(), left, (float) area.getMaxY() + TICK_GAP + metrics.getAscent());
    }
    for (Map.Entry<Double, String> tick : vertical.ticks().entrySet()) {
      double y = y(area, tick.getKey());
      graphics.setColor(GRID);
      graphics.draw(new Line2D.Double(area.getX(), y, area.getMaxX(), y));
      graphics.setColor(TEXT);
      float left = (float) area.getX() - TICK_GAP - metrics.stringWidth(tick.getValue());
      graphics.drawString(tick.getValue(), left, (float) y + metrics.getAscent() / 2f - 1);
    }
    graphics.drawString(
        horizontal.title(),
        (float) area.getCenterX() - metrics.stringWidth(horizontal.title()) / 2f,
        height - BOTTOM + 38);
    Graphics2D turned = (Graphics2D) graphics.create();
    turned.rotate(-Math.PI / 2);
    turned.drawString(
        vertical.title(),
        (float) -area.getCenterY() - metrics.stringWidth(vertical.title()) / 2f,
        metrics.getAscent() + 2);
    turned.dispose();
    graphics.setFont(TITLE);
    int titleWidth = graphics.getFontMetrics().stringWidth(title);
    graphics.drawString(title, (width - titleWidth) / 2f, 22);
  }

  private void paintBand(Graphics2D graphics, Rectangle2D area, Series series) {
    boolean hasBand = series.style == Style.CURVE || series.style == Style.LEVEL;
    if (!hasBand || series.values.isEmpty()) {
      return;
    }
    Path2D band = new Path2D.Double();
    List<Value> values = series.values;
    band.moveTo(x(area, values.get(0).x), y(area, values.get(0).high));
    for (Value value : values) {
      band.lineTo(x(area, value.x), y(area, value.high));
    }
    for (int i = values.size() - 1; i >= 0; i--) {
      band.lineTo(x(area, values.get(i).x), y(area, values.get(i).low));
    }
    band.closePath();
    Color colour = series.colour;
    graphics.setColor(
        new Color(colour.getRed(), colour.getGreen(), colour.getBlue(), OPACITY_OF_BANDS));
    graphics.fill(band);
  }

  private void paintValues(Graphics2D graphics, Rectangle2D area, Series series) {
    graphics.setColor(series.colour);
    if (series.style != Style.POINTS) {
      graphics.setStroke(series.style == Style.LEVEL ? DASHES : CURVE);
      Path2D path = new Path2D.Double();
      for (Value value : series.values) {
        if (path.getCurrentPoint() == null) {
          path.moveTo(x(area, value.x), y(area, value.y));
        } else {
          path.lineTo(x(area, value.x), y(area, value.y));
        }
      }
      graphics.draw(path);
    }
    boolean marked = series.style == Style.POINTS || series.style == Style.JOINED_POINTS;
    // A single epoch is no line.
    if (marked || series.values.size() == 1) {
      graphics.setStroke(CURVE);
      for (Value value : series.values) {
        double x = x(area, value.x);
        graphics.draw(new Line2D.Double(x, y(area, value.low), x, y(area, value.high)));
        paintMark(graphics, x, y(area, value.y));
      }
    }
  }

  private static void paintMark(Graphics2D graphics, double x, double y) {
    graphics.fill(new Ellipse2D.Double(x - MARK / 2, y - MARK / 2, MARK, MARK));
  }

  private void paintLegend(Graphics2D graphics, Rectangle2D area, int baseline) {
    graphics.setFont(LABEL);
    FontMetrics metrics = graphics.getFontMetrics();
    int sample = 16;
    int gap = 4;
    int between = 10;
    int length = -between;
    for (Series series : all) {
      length += sample + gap + metrics.stringWidth(series.name) + between;
    }
    double x = area.getCenterX() - length / 2.0;
    double middle = baseline - metrics.getAscent() / 2.0 + 1;
    for (Series series : all) {
      graphics.setColor(series.colour);
      graphics.setStroke(series.style == Style.LEVEL ? DASHES : CURVE);
      if (series.style != Style.POINTS) {
        graphics.draw(new Line2D.Double(x, middle, x + sample, middle));
      }
      if (series.style == Style.POINTS || series.style == Style.JOINED_POINTS) {
        paintMark(graphics, x + sample / 2.0, middle);
      }
      graphics.setColor(TEXT);
      graphics.drawString(series.name, (float) x + sample + gap, baseline);
      x += sample + gap + metrics.stringWidth(series.name) + between;
    }
  }
}
