package org.samtf.examples.compare;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.samtf.examples.report.Spread;

class ComparisonReportTest {

  /** The standard error of these is 1. */
  private static Spread around(double mean) {
    return new Spread(mean, 3, 9);
  }

  @Test
  void threeStandardErrorsMakeADifference() {
    assertThat(ComparisonReport.verdict(around(3.01))).isEqualTo("SAM is better");
    assertThat(ComparisonReport.verdict(around(-3.01))).isEqualTo("SAM is worse");
    assertThat(ComparisonReport.verdict(around(2.99))).isEqualTo("no clear difference");
    assertThat(ComparisonReport.verdict(around(-2.99))).isEqualTo("no clear difference");
  }

  @Test
  void oneSeedShowsNothing() {
    assertThat(ComparisonReport.verdict(Spread.of(5))).isEqualTo("one seed shows nothing");
  }
}
