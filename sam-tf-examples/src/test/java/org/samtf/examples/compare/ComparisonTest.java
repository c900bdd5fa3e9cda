package org.samtf.examples.compare;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.samtf.examples.data.DataSets;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ComparisonTest {

  private final List<Long> splits = new ArrayList<>();
  private Comparison comparison;

  @BeforeAll
  void compare() {
    comparison =
        Comparison.of(
            split -> {
              splits.add(split);
              return DataSets.digits(split);
            },
            Protocol.STANDARD.withEpochs(2),
            Settings.TUNED,
            List.of(1L, 2L),
            run -> {});
  }

  @Test
  void trainsEverySideForEverySeed() {
    assertThat(comparison.runs()).hasSize(8);
    for (Labels labels : Labels.values()) {
      assertThat(comparison.runs(labels, true)).extracting(Run::seed).containsExactly(1L, 2L);
      assertThat(comparison.runs(labels, false)).extracting(Run::seed).containsExactly(1L, 2L);
    }
  }

  @Test
  void bothSidesOfASeedHaveTheSplitOfTheSeed() {
    assertThat(splits).containsExactly(1L, 2L);
  }

  @Test
  void theAdvantageIsTheMeanOfTheDifferences() {
    double sam = comparison.spread(Labels.NOISY, true, Run::testAccuracy).mean();
    double base = comparison.spread(Labels.NOISY, false, Run::testAccuracy).mean();

    assertThat(comparison.advantage(Labels.NOISY, Run::testAccuracy).mean())
        .isCloseTo(sam - base, org.assertj.core.data.Offset.offset(1e-12));
  }

  @Test
  void theCurveEndsWithTheFinalAccuracy() {
    assertThat(comparison.testAccuracies(Labels.CLEAN, true))
        .hasSize(2)
        .last()
        .isEqualTo(comparison.spread(Labels.CLEAN, true, Run::testAccuracy));
  }

  @Test
  void oneSideIsTrainedAgainToTheSameBits() {
    Run again =
        Protocol.STANDARD
            .withEpochs(2)
            .run(DataSets.digits(2), Labels.NOISY, Settings.TUNED.of(Labels.NOISY, true), 2);

    Run first = comparison.runs(Labels.NOISY, true).get(1);
    assertThat(again.result().epochs()).isEqualTo(first.result().epochs());
    assertThat(again.sharpness()).isEqualTo(first.sharpness());
  }

  @Test
  void sharpnessIsPositiveAndTheLossIsTheTrainingLoss() {
    for (Run run : comparison.runs()) {
      assertThat(run.sharpness()).isPositive();
      assertThat(run.result().train().loss()).isPositive();
    }
  }
}
