package org.samtf.examples.sharpness;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MSharpnessChartTest {

  @Test
  void everyPartSizeHasAColourOfItsOwnInEveryPlan() {
    assertThat(Plan.standard().partSizes().stream().map(MSharpnessChart::colour))
        .containsExactly(0, 1, 2, 3, 4);
    assertThat(Plan.quick().partSizes().stream().map(MSharpnessChart::colour))
        .containsExactly(0, 2, 4);
  }
}
