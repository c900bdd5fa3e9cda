package org.samtf.examples.price;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.samtf.examples.compare.Labels;

class StandingTest {

  private static final Times TIMES = Times.ofRuns(Runs.plan(3));

  /** Accuracies of five seeds. */
  private static Result result(String contestant, double... accuracies) {
    List<PriceRun> runs = new ArrayList<>();
    for (int seed = 0; seed < accuracies.length; seed++) {
      runs.add(Runs.compared(Labels.CLEAN, contestant, seed + 1, accuracies[seed]));
    }
    return Runs.result(contestant, runs.toArray(new PriceRun[0]));
  }

  private static List<Standing> of(Result... results) {
    return Standing.of(Labels.CLEAN, List.of(results), TIMES);
  }

  /** Differences of seeds, not of means: the seeds differ more than the contestants. */
  @Test
  void differencesArePaired() {
    List<Standing> rows =
        of(
            result("base", 0.1, 0.3, 0.5, 0.7, 0.9),
            result("sam", 0.12, 0.32, 0.52, 0.72, 0.93),
            result("msam", 0.09, 0.29, 0.49, 0.69, 0.88),
            result("random", 0.2, 0.2, 0.6, 0.6, 0.95));

    assertThat(rows.get(1).minusBase().mean()).isCloseTo(0.022, Offset.offset(1e-9));
    assertThat(rows.get(1).minusBase().error()).isCloseTo(0.002, Offset.offset(1e-9));
    assertThat(rows)
        .extracting(Standing::againstBase)
        .containsExactly("-", "better", "worse", "no clear difference");
    assertThat(rows)
        .extracting(Standing::againstSam)
        .containsExactly("worse", "-", "worse", "no clear difference");
  }

  /** Who has more epochs may be better for that reason alone. */
  @Test
  void isComparedWithTheSameTime() {
    List<Standing> rows =
        of(
            result("base-twice", 0.1, 0.3, 0.5, 0.7, 0.9),
            result("sam", 0.12, 0.32, 0.52, 0.72, 0.93));

    assertThat(rows.get(1).againstTwice()).isEqualTo("better");
    assertThat(rows.get(1).minusTwice().mean()).isCloseTo(0.022, Offset.offset(1e-9));
    assertThat(rows.get(0).minusTwice()).isNull();
  }

  @Test
  void fewSeedsSayNothing() {
    List<Standing> rows = of(result("base", 0.1, 0.2), result("sam", 0.9, 0.91));

    assertThat(rows.get(1).againstBase()).startsWith("too few seeds to tell: 2");
  }

  @Test
  void oneSeedInCommonIsNotCompared() {
    List<Standing> rows = of(result("base", 0.1, 0.2), result("sam", 0.9));

    assertThat(rows.get(1).minusBase()).isNull();
    assertThat(rows.get(1).againstBase()).isEqualTo("-");
  }

  @Test
  void theSeedsInCommonAreCompared() {
    List<Standing> rows =
        of(result("base", 0.1, 0.2, 0.3, 0.4, 0.5, 0.6), result("sam", 0.2, 0.3, 0.4, 0.5, 0.61));

    assertThat(rows.get(1).minusBase().mean()).isCloseTo(0.102, Offset.offset(1e-9));
    assertThat(rows.get(1).againstBase()).isEqualTo("better");
    assertThat(rows.get(1).isComplete()).isFalse();
  }

  /** A run that went on for some hours has all of one contestant and half of the next. */
  @Test
  void whoIsNotFinishedIsNotOnTheFrontAndTakesNobodyFromIt() {
    List<Standing> rows =
        of(result("base", 0.5, 0.5, 0.5), result("sam", 0.4, 0.4, 0.4), result("msam", 0.9, 0.9));

    assertThat(rows).extracting(Standing::isComplete).containsExactly(true, true, false);
    assertThat(rows).extracting(Standing::onFront).containsExactly(true, false, false);
    assertThat(rows.get(2).minusBase().size()).isEqualTo(2);
  }

  @Test
  void theFrontHasWhatNothingBeats() {
    List<Standing> rows =
        of(
            Runs.result("base", Runs.timed("base", 0.5, 1)),
            Runs.result("msam", Runs.timed("msam", 0.7, 1.5)),
            Runs.result("every-5", Runs.timed("every-5", 0.6, 1.5)),
            Runs.result("vasso", Runs.timed("vasso", 0.7, 2)),
            Runs.result("sam", Runs.timed("sam", 0.8, 2)),
            Runs.result("gsam", Runs.timed("gsam", 0.8, 2)),
            Runs.result("saner", Runs.timed("saner", 0.9, Double.NaN)));

    assertThat(rows)
        .filteredOn(Standing::onFront)
        .extracting(Standing::contestant)
        .containsExactly("base", "msam", "sam", "gsam");
    assertThat(rows.get(4).timeOfBase()).isEqualTo(2);
  }

  @Test
  void withoutBaseThereIsNoComparisonWithIt() {
    Standing row = of(Runs.result("sam", Runs.timed("sam", 0.5, 1))).get(0);

    assertThat(row.timeOfBase()).isNaN();
    assertThat(row.minusBase()).isNull();
    assertThat(row.onFront()).isTrue();
  }
}
