package org.samtf.examples.sharpness;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.samtf.examples.train.Evaluation;

class CorrelationsTest {

  private static final Predictor GOOD = Predictor.sharpness(1);
  private static final Predictor CHANCE = Predictor.sharpness(256);

  @Test
  void knowsAGoodPredictorFromChance() {
    Correlations correlations = Correlations.of(networks(6, 5)).orElseThrow();

    Correlations.Tau good = correlations.tau(GOOD, Gap.LOSS).orElseThrow();
    Correlations.Tau chance = correlations.tau(CHANCE, Gap.LOSS).orElseThrow();
    Correlations.Tau advantage = correlations.advantage(GOOD, CHANCE, Gap.LOSS).orElseThrow();

    assertThat(good.tau()).isEqualTo(1);
    assertThat(good.standardError()).isZero();
    assertThat(Math.abs(chance.tau())).isLessThan(2 * chance.standardError());
    assertThat(advantage.tau()).isCloseTo(1 - chance.tau(), Offset.offset(1e-12));
    assertThat(advantage.standardError()).isCloseTo(chance.standardError(), Offset.offset(1e-12));
  }

  @Test
  void moreNetworksMakeTheErrorSmaller() {
    Correlations few = Correlations.of(networks(4, 3)).orElseThrow();
    Correlations many = Correlations.of(networks(12, 10)).orElseThrow();

    assertThat(many.tau(CHANCE, Gap.LOSS).orElseThrow().standardError())
        .isLessThan(few.tau(CHANCE, Gap.LOSS).orElseThrow().standardError());
  }

  @Test
  void theGapsAreTestMinusTraining() {
    TrainedNetwork network =
        new TrainedNetwork(
            new Setting(0.1f, 16),
            1,
            3,
            new Evaluation(0.99, 0.01),
            new Evaluation(0.95, 0.20),
            Map.of());

    assertThat(Gap.ERROR.of(network)).isCloseTo(0.04, Offset.offset(1e-12));
    assertThat(Gap.LOSS.of(network)).isCloseTo(0.19, Offset.offset(1e-12));
  }

  @Test
  void equalGapsCorrelateWithNothing() {
    Correlations correlations = Correlations.of(networks(6, 5)).orElseThrow();

    assertThat(correlations.tau(GOOD, Gap.ERROR)).isEmpty();
  }

  @Test
  void tooFewNetworksSettingsOrSeedsSayNothing() {
    assertThat(Correlations.of(networks(3, 3))).isEmpty();
    assertThat(Correlations.of(networks(2, 20))).isEmpty();
    assertThat(Correlations.of(networks(20, 1))).isEmpty();
    assertThat(Correlations.of(networks(5, 2))).isPresent();
  }

  @Test
  void networksThatAreNotThereYetDoNotCount() {
    List<TrainedNetwork> networks = new ArrayList<>(networks(5, 2));
    TrainedNetwork one = networks.remove(0);
    networks.add(new TrainedNetwork(one.setting(), one.seed(), 250, one.train(), null, Map.of()));

    assertThat(Correlations.of(networks)).isEmpty();
  }

  /** All with the same error gap, and m = 1 in the order of the loss gap. */
  private static List<TrainedNetwork> networks(int settings, int seeds) {
    Random random = new Random(7);
    List<TrainedNetwork> networks = new ArrayList<>();
    for (int setting = 1; setting <= settings; setting++) {
      for (long seed = 1; seed <= seeds; seed++) {
        double loss = random.nextDouble();
        networks.add(
            new TrainedNetwork(
                new Setting(0.01f * setting, 16),
                seed,
                9,
                new Evaluation(1, 0.01),
                new Evaluation(0.9, loss),
                Map.of(1, Math.exp(loss), 256, random.nextDouble())));
      }
    }
    return networks;
  }
}
