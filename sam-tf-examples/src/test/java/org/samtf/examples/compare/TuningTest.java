package org.samtf.examples.compare;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TuningTest {

  @Test
  void bothSidesGetTheSameNumberOfTries() {
    assertThat(Tuning.grid(true)).hasSameSizeAs(Tuning.grid(false)).doesNotHaveDuplicates();
    assertThat(Tuning.grid(true)).allMatch(Contestant::hasSam);
    assertThat(Tuning.grid(false)).noneMatch(Contestant::hasSam).doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @EnumSource(Labels.class)
  void theSettingsOfTheComparisonAreFromTheGrid(Labels labels) {
    assertThat(Tuning.grid(false)).contains(Tuned.FOR_THESE_LABELS.settings(labels, false));
    assertThat(Tuning.grid(true)).contains(Tuned.FOR_THESE_LABELS.settings(labels, true));
  }

  @Test
  void theSettingsForCleanLabelsCanBeUsedForWrongOnes() {
    assertThat(Tuned.FOR_CLEAN_LABELS.settings(Labels.NOISY, true))
        .isEqualTo(Tuned.FOR_THESE_LABELS.settings(Labels.CLEAN, true))
        .isNotEqualTo(Tuned.FOR_THESE_LABELS.settings(Labels.NOISY, true));
  }
}
