package org.samtf.examples.price;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samtf.examples.compare.Labels;

class ChoiceTest {

  private static final Contestant SAM = Contestant.of("sam");

  @TempDir private Path directory;

  private RunFile file() {
    return RunFile.open(directory, new RunFile.Header("machine", Runs.plan(3)));
  }

  /** Two seeds for each of four settings. */
  private void tried(RunFile file, double[] accuracies, double[] losses) {
    List<Contestant.Setting> settings = Runs.GRID.settings(SAM);
    for (int i = 0; i < settings.size(); i++) {
      file.add(Runs.tuning("sam", settings.get(i), 0, accuracies[i] + 0.1, losses[i]));
      file.add(Runs.tuning("sam", settings.get(i), 1, accuracies[i] - 0.1, losses[i]));
    }
  }

  @Test
  void takesTheBestMeanOverTheSeeds() {
    RunFile file = file();
    tried(file, new double[] {0.5, 0.7, 0.8, 0.6}, new double[] {1, 1, 9, 1});

    assertThat(new Choice(file).of(Labels.CLEAN, SAM))
        .contains(new Contestant.Setting(0.2f, 0.9f, 0.05f));
    assertThat(new Choice(file).of(Labels.NOISY, SAM)).isEmpty();
  }

  @Test
  void tiesGoToTheLowerLoss() {
    RunFile file = file();
    tried(
        file, new double[] {0.7, 0.7, 0.7, 0.6}, new double[] {2, 1, Double.POSITIVE_INFINITY, 0});

    assertThat(new Choice(file).of(Labels.CLEAN, SAM))
        .contains(new Contestant.Setting(0.1f, 0.9f, 0.1f));
  }

  @Test
  void waitsForAllRuns() {
    RunFile file = file();
    Choice choice = new Choice(file);
    List<PriceRun.Key> candidates = choice.candidates(Labels.CLEAN, SAM);
    assertThat(candidates).hasSize(8).doesNotHaveDuplicates().allMatch(PriceRun.Key::tuning);
    file.add(Runs.tuning("sam", candidates.get(0).setting(), 0, 1, 0));

    assertThat(choice.of(Labels.CLEAN, SAM)).isEmpty();
  }

  /** Whoever has no radius has as many momenta to choose from. */
  @Test
  void allHaveAsManySettings() {
    for (Contestant contestant : Contestant.standard()) {
      assertThat(Runs.GRID.settings(contestant))
          .as(contestant.name())
          .hasSize(4)
          .doesNotHaveDuplicates();
    }
    assertThat(Runs.GRID.settings(Contestant.of("base")))
        .extracting(Contestant.Setting::momentum)
        .containsExactly(0f, 0.9f, 0f, 0.9f);
    assertThat(Runs.GRID.settings(Contestant.of("asam")).get(0).rho())
        .isCloseTo(0.5f, Offset.offset(1e-5f));
  }

  @Test
  void aScaledRadiusIsShownAsItWasMeant() {
    assertThat(new Contestant.Setting(0.01f, 0.9f, 0.01f * 10))
        .hasToString("rate 0.01, momentum 0.9, rho 0.1");
    assertThat(new Contestant.Setting(0.03f, 0.9f, 0.2f * 10))
        .hasToString("rate 0.03, momentum 0.9, rho 2.0");
  }
}
