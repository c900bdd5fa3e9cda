package org.samtf.examples.sharpness;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.samtf.examples.compare.Labels;
import org.samtf.examples.data.DataSets;
import org.samtf.examples.train.Evaluation;

class MSharpnessReportTest {

  private static final float RHO = 0.05f;

  /** m = 16 has 2 points less error than m = 256, whatever the seed. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1 | one seed shows nothing",
        "4 | too few seeds to tell: 4; take at least 5",
        "5 | m = 16 clearly better, no m clearly worse than m = 256",
      })
  void anMIsCalledBetterFromFiveSeeds(int seeds, String verdict) {
    Plan plan = Plan.quick().withSeeds(seeds);
    List<SweepRun> runs = new ArrayList<>();
    for (long seed : plan.sweep().seeds()) {
      runs.add(run(16, seed, 0.92));
      runs.add(run(256, seed, 0.90));
    }
    Sweep sweep = new Sweep(plan, Labels.CLEAN, runs);

    assertThat(report(plan, List.of(sweep), List.of()).verdict(sweep))
        .isEqualTo("clean labels: " + verdict);
  }

  /** m = 1 has the networks in the order of the loss gap, and m = 256 in the reverse. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "4 | too few seeds to tell: 4; take at least 5",
        "5 | clearly positive for m = 1, clearly negative for m = 256; m = 1 clearly higher, no m"
            + " clearly lower than m = 256",
      })
  void aCorrelationIsCalledClearFromFiveSeeds(int seeds, String verdict) {
    Plan plan = Plan.quick().withSeeds(seeds);
    List<TrainedNetwork> networks = new ArrayList<>();
    for (int setting = 1; setting <= 3; setting++) {
      for (long seed : plan.population().seeds()) {
        double gap = 0.1 * setting + 0.01 * seed;
        networks.add(
            new TrainedNetwork(
                new Setting(0.1f * setting, 16),
                seed,
                9,
                new Evaluation(1, 0.01),
                new Evaluation(0.9, 0.01 + gap),
                Map.of(1, gap, 16, 1.0, 256, -gap)));
      }
    }

    List<String> verdicts =
        report(plan, List.of(), networks).verdicts(Correlations.of(networks).orElseThrow());

    assertThat(verdicts).contains("loss gap: " + verdict);
  }

  private static MSharpnessReport report(
      Plan plan, List<Sweep> sweeps, List<TrainedNetwork> networks) {
    return new MSharpnessReport(
        new MSharpness(DataSets.digits(1), plan, sweeps, networks, Correlations.of(networks)));
  }

  private static SweepRun run(int partSize, long seed, double testAccuracy) {
    Evaluation learned = new Evaluation(0.95, 1);
    return new SweepRun(
        new Method(partSize, RHO), seed, learned, learned, new Evaluation(testAccuracy, 1));
  }
}
