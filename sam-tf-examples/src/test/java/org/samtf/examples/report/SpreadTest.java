package org.samtf.examples.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class SpreadTest {

  private static final Offset<Double> TOLERANCE = Offset.offset(1e-12);

  @Test
  void givesMeanDeviationAndError() {
    Spread spread = Spread.of(2, 4, 4, 4, 5, 5, 7, 9);

    assertThat(spread.mean()).isCloseTo(5, TOLERANCE);
    assertThat(spread.deviation()).isCloseTo(Math.sqrt(32.0 / 7), TOLERANCE);
    assertThat(spread.error()).isCloseTo(Math.sqrt(32.0 / 7 / 8), TOLERANCE);
  }

  @Test
  void aSingleValueHasNoDeviation() {
    assertThat(Spread.of(3)).isEqualTo(new Spread(3, 0, 1));
  }
}
