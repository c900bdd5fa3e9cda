package org.samtf.examples.sharpness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.Writer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.samtf.examples.compare.Labels;
import org.samtf.examples.data.DataSets;
import org.samtf.examples.report.Spread;
import org.samtf.examples.train.Evaluation;

class SweepTest {

  private static final float SMALL = 0.05f;
  private static final float LARGE = 0.2f;

  private final List<SweepRun> runs = new ArrayList<>();

  @Test
  void theValidationImagesChooseRhoAndTheTestImagesDoNot() {
    run(16, SMALL, 1, 0.95, 0.90);
    run(16, SMALL, 2, 0.95, 0.90);
    run(16, LARGE, 1, 0.94, 0.99);
    run(16, LARGE, 2, 0.95, 0.99);

    assertThat(sweep().chosen(16)).contains(new Method(16, SMALL));
  }

  @Test
  void equalErrorsAreToldApartByTheLoss() {
    add(new Method(16, SMALL), 1, new Evaluation(0.9, 0.31), new Evaluation(0.9, 0));
    add(new Method(16, LARGE), 1, new Evaluation(0.9, 0.30), new Evaluation(0.9, 0));

    assertThat(sweep().chosen(16)).contains(new Method(16, LARGE));
  }

  @Test
  void aRhoAtWhichOneSeedCollapsedIsNeitherChosenNorDrawn() {
    run(16, SMALL, 1, 0.99, 0.99);
    run(16, SMALL, 2, 0.10, 0.10);
    run(16, LARGE, 1, 0.80, 0.80);
    run(16, LARGE, 2, 0.80, 0.80);

    assertThat(sweep().chosen(16)).contains(new Method(16, LARGE));
    assertThat(sweep().spread(new Method(16, SMALL), SweepRun::testError)).isEmpty();
  }

  @Test
  void aDivergedRunHasNotLearned() {
    add(new Method(1, SMALL), 1, null, null);

    assertThat(sweep().chosen(1)).isEmpty();
  }

  @Test
  void differencesAreTakenSeedBySeed() {
    run(16, SMALL, 1, 0.9, 0.90);
    run(16, SMALL, 2, 0.9, 0.80);
    run(256, SMALL, 1, 0.9, 0.88);
    run(256, SMALL, 2, 0.9, 0.78);

    Spread difference = sweep().difference(new Method(16, SMALL), new Method(256, SMALL));

    assertThat(difference.mean()).isCloseTo(-0.02, Offset.offset(1e-12));
    assertThat(difference.error()).isCloseTo(0, Offset.offset(1e-12));
  }

  @Test
  void eachSeedHasASplitOfItsOwn() {
    Plan quick = Plan.quick();
    Plan plan =
        new Plan(
            List.of(4),
            0.9f,
            List.of(256),
            new Plan.Sweep(List.of(SMALL), 1, 0.1f, List.of(3L, 4L)),
            quick.population());
    Set<Long> splits = ConcurrentHashMap.newKeySet();

    Sweep sweep =
        Sweep.of(
            split -> {
              splits.add(split);
              return DataSets.digits(split);
            },
            plan,
            Labels.CLEAN,
            new Rounds(new PrintWriter(Writer.nullWriter())));

    assertThat(splits).containsExactlyInAnyOrder(3L, 4L);
    assertThat(sweep.runs()).extracting(SweepRun::seed).containsExactly(3L, 3L, 4L, 4L);
  }

  private Sweep sweep() {
    return new Sweep(Plan.quick(), Labels.CLEAN, runs);
  }

  private void run(int partSize, float rho, long seed, double validation, double test) {
    add(new Method(partSize, rho), seed, new Evaluation(validation, 1), new Evaluation(test, 1));
  }

  private void add(Method method, long seed, Evaluation validation, Evaluation test) {
    runs.add(new SweepRun(method, seed, validation, validation, test));
  }
}
