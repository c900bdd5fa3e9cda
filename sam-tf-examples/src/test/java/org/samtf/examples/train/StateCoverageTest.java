package org.samtf.examples.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.samtf.examples.checkpoint.Checkpointed;
import org.samtf.examples.data.DataSet;
import org.samtf.examples.data.DataSets;
import org.samtf.examples.model.Cnn;

/**
 * Whatever training changes is in a part of the state that checkpoints keep.
 *
 * <p>All objects that a trainer leads to are looked at before and after an epoch. (What the graph
 * keeps is looked at by GraphVariables, when a job starts.)
 */
class StateCoverageTest {

  private static final DataSet DATA = DataSets.open("digits");

  @Test
  void trainingChangesNothingElse() {
    TrainingSettings settings =
        new TrainingSettings(
            new Cnn(List.of(2), 0.5f, 0.9f),
            BaseOptimizer.ADAM,
            0.001f,
            0,
            Optional.of(SamSettings.of(0.05f)),
            1,
            512,
            1);
    try (Trainer trainer = new Trainer(DATA, settings, 0.05f)) {
      // The meter is built when it is first asked for.
      trainer.sharpness(TrainingListener.NONE);
      List<Checkpointed> state = trainer.state();
      ObjectSnapshot before = ObjectSnapshot.of(trainer, state);
      ObjectSnapshot allBefore = ObjectSnapshot.of(trainer, List.of());

      trainer.train(TrainingListener.NONE);
      trainer.sharpness(TrainingListener.NONE);

      ObjectSnapshot after = ObjectSnapshot.of(trainer, state);
      assertThat(after.changesSince(before)).isEmpty();
      assertThat(after.hidden()).isEmpty();
      // Not vacuous: the parts themselves do change, and would be found if they were left out.
      ObjectSnapshot all = ObjectSnapshot.of(trainer, List.of());
      assertThat(all.changesSince(allBefore))
          .contains("trainer.record.steps", "trainer.order.epoch", "trainer.order.orders[0]");
      assertThat(all.hidden()).isEmpty();
    }
  }

  @Test
  void partsHaveNamesOfTheirOwn() {
    TrainingSettings settings =
        new TrainingSettings(
            new Cnn(List.of(2), 0, 0.9f),
            BaseOptimizer.MOMENTUM,
            0.1f,
            0.9f,
            Optional.empty(),
            1,
            64,
            1);
    try (Trainer trainer = new Trainer(DATA, settings, 0.05f)) {
      assertThat(trainer.state()).extracting(Checkpointed::name).doesNotHaveDuplicates();
    }
  }

  /** What the other test must be able to find. */
  private static final class Forgetful {
    private int counter;
    private final int[] array = {1, 2};
    private final List<Object> list = new ArrayList<>();
    private final Map<String, long[]> nested = Map.of("a", new long[1]);
    private final Optional<Forgetful> inner;
    private final Random random = new Random();

    Forgetful(Optional<Forgetful> inner) {
      this.inner = inner;
    }
  }

  @Test
  void findsChangesOfEveryKind() {
    Forgetful inner = new Forgetful(Optional.empty());
    Forgetful root = new Forgetful(Optional.of(inner));
    ObjectSnapshot before = ObjectSnapshot.of(root, List.of());
    root.counter++;
    root.array[1] = 3;
    root.list.add("x");
    root.nested.get("a")[0] = 4;
    inner.counter = 5;

    ObjectSnapshot after = ObjectSnapshot.of(root, List.of());

    assertThat(after.changesSince(before))
        .containsExactlyInAnyOrder(
            "forgetful.counter",
            "forgetful.array",
            "forgetful.list.size",
            "forgetful.list[0]",
            "forgetful.nested[a]",
            "forgetful.inner.value.counter");
    assertThat(after.hidden())
        .containsExactlyInAnyOrder("forgetful.random", "forgetful.inner.value.random");
  }
}
