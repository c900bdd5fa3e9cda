package org.samtf.examples.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.Graphics2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Locale;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.assertj.core.data.Offset;
import org.jfree.chart.axis.AxisState;
import org.jfree.chart.axis.ValueAxis;
import org.jfree.chart.axis.ValueTick;
import org.jfree.chart.ui.RectangleEdge;
import org.jfree.data.Range;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AxesTest {

  @Test
  void aLinearAxisHasRoundTicksThatHoldTheValues() {
    ValueAxis axis = Axes.linear("x", new Range(-0.19, 0.34));

    assertThat(labels(axis)).containsExactly("-0.2", "-0.1", "0.0", "0.1", "0.2", "0.3", "0.4");
    assertThat(share(axis, -0.2)).isCloseTo(0, aMargin());
    assertThat(share(axis, 0.4)).isCloseTo(1, aMargin());
  }

  @Test
  void wholeNumbersHaveNoDecimals() {
    assertThat(labels(Axes.whole("epoch", new Range(1, 1)))).containsExactly("1", "2");
    assertThat(labels(Axes.whole("epoch", new Range(1, 3)))).containsExactly("1", "2", "3");
    assertThat(labels(Axes.whole("epoch", new Range(1, 12))))
        .containsExactly("0", "2", "4", "6", "8", "10", "12");
  }

  @Test
  void numbersAreTheSameInEveryLanguage() {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.GERMANY);

      assertThat(labels(Axes.linear("x", new Range(0, 1)))).contains("0.2");
      assertThat(labels(Axes.linear("x", new Range(0, 10_000)))).contains("2000");
      assertThat(labels(Axes.logarithmic("x", 0.1, 1))).containsExactly("0.1", "0.2", "0.5", "1");
    } finally {
      Locale.setDefault(before);
    }
  }

  @ParameterizedTest
  @CsvSource({"0,1", "1,60", "1,61", "97.3,98.6", "-1e-7,3e-7", "0,1e9", "5,5", "0,0"})
  void aLinearAxisHasFewTicks(double min, double max) {
    ValueAxis axis = Axes.linear("x", new Range(min, max));

    assertThat(labels(axis)).hasSizeBetween(2, 9).doesNotHaveDuplicates();
    assertThat(axis.getLowerBound()).isLessThanOrEqualTo(min + 1e-9 * Math.abs(min));
    assertThat(axis.getUpperBound()).isGreaterThanOrEqualTo(max - 1e-9 * Math.abs(max));
  }

  @Property
  void aLinearAxisBeginsAndEndsWithATick(
      @ForAll @DoubleRange(min = -100, max = 100) double min,
      @ForAll @DoubleRange(min = 0, max = 100) double length,
      @ForAll @IntRange(min = -5, max = 7) int exponent) {
    double unit = Math.pow(10, exponent);
    ValueAxis axis = Axes.linear("x", new Range(min * unit, (min + length) * unit));

    List<ValueTick> ticks = ticks(axis);
    assertThat(ticks).hasSizeBetween(2, 9);
    assertThat(share(axis, ticks.get(0).getValue())).isCloseTo(0, aMargin());
    assertThat(share(axis, ticks.get(ticks.size() - 1).getValue())).isCloseTo(1, aMargin());
    // A step is 1, 2 or 5 times a power of ten, and no more digits are shown.
    double step = ticks.get(1).getValue() - ticks.get(0).getValue();
    assertThat(Axes.tickBelow(step * (1 + 1e-6))).isCloseTo(step, Offset.offset(step * 1e-6));
    assertThat(labels(axis))
        .doesNotHaveDuplicates()
        .noneMatch(label -> label.matches("-0(\\.0+)?"));
  }

  @Test
  void aLogarithmicAxisHasTicksAtOneTwoAndFive() {
    ValueAxis axis = Axes.logarithmic("epoch", 1, 60);

    assertThat(labels(axis)).containsExactly("1", "2", "5", "10", "20", "50");
    assertThat(share(axis, Math.sqrt(60))).isCloseTo(0.5, Offset.offset(1e-9));
    assertThat(labels(Axes.logarithmic("rho", 0.017, 0.5)))
        .containsExactly("0.02", "0.05", "0.1", "0.2", "0.5");
    assertThat(List.of(Axes.tickBelow(0.71), Axes.tickBelow(5), Axes.tickBelow(19.9)))
        .containsExactly(0.5, 5.0, 10.0);
  }

  @Test
  void placesStandAtWholeNumbersFromOne() {
    ValueAxis axis = Axes.places("m", List.of("m = 1", "m = 4", "loss"));

    assertThat(labels(axis)).containsExactly("m = 1", "m = 4", "loss");
    assertThat(ticks(axis).stream().map(ValueTick::getValue)).containsExactly(1.0, 2.0, 3.0);
    assertThat(share(axis, 2)).isCloseTo(0.5, Offset.offset(1e-9));
  }

  /** Marks at the ends are seen whole. */
  private static Offset<Double> aMargin() {
    return Offset.offset(0.02);
  }

  /** Where a value is drawn: 0 at the beginning, 1 at the end. */
  private static double share(ValueAxis axis, double value) {
    return axis.valueToJava2D(value, new Rectangle2D.Double(0, 0, 1, 1), RectangleEdge.BOTTOM);
  }

  static List<String> labels(ValueAxis axis) {
    return ticks(axis).stream().map(ValueTick::getText).toList();
  }

  private static List<ValueTick> ticks(ValueAxis axis) {
    Graphics2D graphics = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics();
    try {
      List<?> ticks =
          axis.refreshTicks(
              graphics,
              new AxisState(),
              new Rectangle2D.Double(0, 0, 1000, 1000),
              RectangleEdge.BOTTOM);
      return ticks.stream().map(ValueTick.class::cast).toList();
    } finally {
      graphics.dispose();
    }
  }
}
