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
  void fewSeedsAreNotJudged() {
    assertThat(ComparisonReport.verdict(new Spread(9, 0.1, 4)))
        .isEqualTo("too few seeds to tell: 4; take at least 5");
    assertThat(ComparisonReport.verdict(new Spread(9, 0.1, 5))).isEqualTo("SAM is better");
  }

  @Test
  void oneSeedShowsNothing() {
    assertThat(ComparisonReport.verdict(Spread.of(5))).isEqualTo("one seed shows nothing");
  }
}
