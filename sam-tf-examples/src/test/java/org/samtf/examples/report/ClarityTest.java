package org.samtf.examples.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ClarityTest {

  @Test
  void threeStandardErrorsAreClear() {
    assertThat(Clarity.sign(3.01, 1)).isEqualTo(1);
    assertThat(Clarity.sign(-3.01, 1)).isEqualTo(-1);
    assertThat(Clarity.sign(2.99, 1)).isZero();
    assertThat(Clarity.sign(-2.99, 1)).isZero();
    assertThat(Clarity.sign(0, 0)).isZero();
    assertThat(Clarity.sign(Double.NaN, 1)).isZero();
  }

  @Test
  void fewSeedsAreNotJudged() {
    assertThat(Clarity.tooFew(1)).contains("one seed shows nothing");
    assertThat(Clarity.tooFew(2)).contains("too few seeds to tell: 2; take at least 5");
    assertThat(Clarity.tooFew(4)).isPresent();
    assertThat(Clarity.tooFew(5)).isEmpty();
  }
}
