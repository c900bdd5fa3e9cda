package org.samtf.examples.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AxisTest {

  @Test
  void aLinearAxisHasRoundTicksThatHoldTheValues() {
    Axis axis = Axis.linear("x", -0.19, 0.34);

    assertThat(axis.ticks().values())
        .containsExactly("-0.2", "-0.1", "0.0", "0.1", "0.2", "0.3", "0.4");
    assertThat(axis.share(-0.2)).isZero();
    assertThat(axis.share(0.4)).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({"0,1", "1,60", "1,61", "97.3,98.6", "-1e-7,3e-7", "0,1e9", "5,5", "0,0"})
  void aLinearAxisHasFewTicks(double min, double max) {
    Axis axis = Axis.linear("x", min, max);

    assertThat(axis.ticks()).hasSizeBetween(2, 9);
    assertThat(axis.ticks().values()).doesNotHaveDuplicates();
    assertThat(axis.min()).isLessThanOrEqualTo(min + 1e-9 * Math.abs(min));
    assertThat(axis.max()).isGreaterThanOrEqualTo(max - 1e-9 * Math.abs(max));
  }

  @Test
  void aLogarithmicAxisHasTicksAtOneTwoAndFive() {
    Axis axis = Axis.logarithmic("epoch", 1, 60);

    assertThat(axis.ticks().values()).containsExactly("1", "2", "5", "10", "20", "50");
    assertThat(axis.share(Math.sqrt(60))).isCloseTo(0.5, Offset.offset(1e-12));
    assertThat(Axis.logarithmic("rho", 0.017, 0.5).ticks().values())
        .containsExactly("0.02", "0.05", "0.1", "0.2", "0.5");
    assertThat(List.of(Axis.tickBelow(0.71), Axis.tickBelow(5), Axis.tickBelow(19.9)))
        .containsExactly(0.5, 5.0, 10.0);
  }
}
