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
    assertThat(Tuning.grid(false)).contains(Settings.TUNED.of(labels, false));
    assertThat(Tuning.grid(true)).contains(Settings.TUNED.of(labels, true));
  }

  @Test
  void theSettingsForCleanLabelsCanBeUsedForWrongOnes() {
    assertThat(Settings.TUNED_FOR_CLEAN_LABELS.of(Labels.NOISY, true))
        .isEqualTo(Settings.TUNED.of(Labels.CLEAN, true))
        .isNotEqualTo(Settings.TUNED.of(Labels.NOISY, true));
  }

  @ParameterizedTest
  @EnumSource(Labels.class)
  void equalSettingsDifferInRhoAlone(Labels labels) {
    Contestant base = Settings.EQUAL.of(labels, false);
    Contestant sam = Settings.EQUAL.of(labels, true);

    assertThat(sam.learningRate()).isEqualTo(base.learningRate());
    assertThat(sam.momentum()).isEqualTo(base.momentum());
    assertThat(base.hasSam()).isFalse();
    assertThat(sam.hasSam()).isTrue();
  }
}
