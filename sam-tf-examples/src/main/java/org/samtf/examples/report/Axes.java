package org.samtf.examples.report;

import java.awt.Graphics2D;
import java.awt.geom.Rectangle2D;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.text.NumberFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jfree.chart.axis.AxisState;
import org.jfree.chart.axis.LogAxis;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.axis.NumberTick;
import org.jfree.chart.axis.NumberTickUnit;
import org.jfree.chart.axis.NumberTickUnitSource;
import org.jfree.chart.axis.SymbolAxis;
import org.jfree.chart.axis.ValueAxis;
import org.jfree.chart.ui.RectangleEdge;
import org.jfree.chart.ui.TextAnchor;
import org.jfree.data.Range;

/** The axes of our charts. Numbers on them look the same in every language. */
final class Axes {

  private static final int MOST_INTERVALS = 6;

  /** Times each power of ten. */
  private static final int[] TICKS = {1, 2, 5};

  /** Ticks are allowed to be off by this share of an interval, for rounding. */
  private static final double ROUNDING = 1e-9;

  /** Share of its length that an axis has on each side: marks at its ends are seen whole. */
  private static final double MARGIN = 0.015;

  private Axes() {}

  /** Equal differences are equally long; the axis goes from one tick to another. */
  static ValueAxis linear(String title, Range values) {
    return linear(title, values, 0);
  }

  /** A linear axis whose ticks are whole numbers. */
  static ValueAxis whole(String title, Range values) {
    return linear(title, values, 1);
  }

  private static ValueAxis linear(String title, Range values, double leastStep) {
    double length =
        values.getLength() > 0
            ? values.getLength()
            : Math.max(1e-6, Math.abs(values.getUpperBound()));
    double step =
        new NumberTickUnitSource()
            .getCeilingTickUnit(length / MOST_INTERVALS * (1 - ROUNDING))
            .getSize();
    step = Math.max(leastStep, step);
    double first = Math.floor(values.getLowerBound() / step + ROUNDING);
    double last = Math.max(first + 1, Math.ceil(values.getUpperBound() / step - ROUNDING));
    double margin = MARGIN * (last - first);
    NumberAxis axis = new NumberAxis(title);
    axis.setTickUnit(new NumberTickUnit(step, format(step)));
    axis.setRange((first - margin) * step, (last + margin) * step);
    return styled(axis);
  }

  /** Equal ratios are equally long; there are ticks at 1, 2 and 5 of each power of ten. */
  static ValueAxis logarithmic(String title, double min, double max) {
    double margin = Math.pow(max / min, MARGIN);
    LogAxis axis = new OneTwoFive(title);
    axis.setRange(min / margin, max * margin);
    return styled(axis);
  }

  /** Names at 1, 2, 3, ... */
  static ValueAxis places(String title, List<String> names) {
    List<String> symbols = new ArrayList<>(names);
    symbols.add(0, "");
    SymbolAxis axis = new SymbolAxis(title, symbols.toArray(new String[0]));
    axis.setGridBandsVisible(false);
    axis.setRange(0.5, names.size() + 0.5);
    return styled(axis);
  }

  /** The greatest 1, 2 or 5 of a power of ten that is not above a value. */
  static double tickBelow(double value) {
    double power = Math.pow(10, Math.floor(Math.log10(value)));
    double below = power;
    for (int factor : TICKS) {
      below = factor * power <= value ? factor * power : below;
    }
    return below;
  }

  private static ValueAxis styled(ValueAxis axis) {
    axis.setLabelFont(Look.LABEL);
    axis.setLabelPaint(Look.TEXT);
    axis.setTickLabelFont(Look.LABEL);
    axis.setTickLabelPaint(Look.TEXT);
    axis.setAxisLineVisible(false);
    axis.setTickMarksVisible(false);
    return axis;
  }

  /** With as many decimals as the leading digit of a step needs. */
  private static NumberFormat format(double step) {
    int decimals = Math.max(0, (int) -Math.floor(Math.log10(step) + ROUNDING));
    DecimalFormat format = new DecimalFormat("0", DecimalFormatSymbols.getInstance(Locale.ROOT));
    format.setMinimumFractionDigits(decimals);
    format.setMaximumFractionDigits(decimals);
    return format;
  }

  /** JFreeChart's has ticks at powers only: too few where an axis spans one or two of ten. */
  private static final class OneTwoFive extends LogAxis {

    private static final long serialVersionUID = 1;

    OneTwoFive(String title) {
      super(title);
    }

    @Override
    public List<NumberTick> refreshTicks(
        Graphics2D graphics, AxisState state, Rectangle2D area, RectangleEdge edge) {
      TextAnchor anchor =
          RectangleEdge.isTopOrBottom(edge) ? TextAnchor.TOP_CENTER : TextAnchor.CENTER_RIGHT;
      Range range = getRange();
      List<NumberTick> ticks = new ArrayList<>();
      int lowest = (int) Math.floor(Math.log10(range.getLowerBound()));
      int highest = (int) Math.ceil(Math.log10(range.getUpperBound()));
      for (int exponent = lowest; exponent <= highest; exponent++) {
        double power = Math.pow(10, exponent);
        for (int factor : TICKS) {
          double value = factor * power;
          if (range.contains(value)) {
            ticks.add(
                new NumberTick(value, format(power).format(value), anchor, TextAnchor.CENTER, 0));
          }
        }
      }
      return ticks;
    }
  }
}
