package org.samtf.examples.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.NotFinite;
import org.samtf.examples.checkpoint.Checkpointed;
import org.samtf.examples.data.DataSet;
import org.samtf.examples.data.DataSets;
import org.samtf.examples.data.LabelNoise;
import org.samtf.examples.model.Architecture;
import org.samtf.examples.model.Cnn;
import org.samtf.examples.model.Mlp;
import org.samtf.examples.train.StepResult.SamMeasures;

/** A run that was stopped anywhere and resumed is, bit for bit, the run that was not. */
class ResumeTest {

  private static final DataSet DATA = LabelNoise.apply(DataSets.open("digits"), 0.1, 3);
  private static final Architecture CNN = new Cnn(List.of(3), 0.5f, 0.9f);
  private static final Architecture MLP = new Mlp(List.of(5));
  private static final BatchCut RANDOM_ASCENT = new BatchCut(1, false, List.of(), 100, true);

  @TempDir private Path directory;

  static Stream<TrainingSettings> settings() {
    List<TrainingSettings> all = new ArrayList<>();
    for (BaseOptimizer base : BaseOptimizer.values()) {
      all.add(settings(MLP, base, Optional.of(SamSettings.of(0.05f))));
    }
    for (BatchCut cut :
        List.of(
            BatchCut.NONE,
            BatchCut.inParts(4),
            BatchCut.inParts(4).inSequence(),
            BatchCut.ascentFrom(100),
            RANDOM_ASCENT)) {
      all.add(settings(CNN, BaseOptimizer.ADAM, Optional.of(SamSettings.of(0.1f).with(cut))));
    }
    all.add(settings(CNN, BaseOptimizer.MOMENTUM, Optional.empty()));
    for (Variant variant :
        List.of(
            Variant.SAM_LATE,
            Variant.AE_SAM,
            Variant.FRIENDLY,
            Variant.VASSO,
            Variant.SANER,
            Variant.RANDOM)) {
      all.add(settings(MLP, BaseOptimizer.MOMENTUM, Optional.of(SamSettings.of(variant, 0.1f))));
    }
    for (Variant variant : List.of(Variant.LOOKSAM, Variant.MSAM)) {
      all.add(settings(CNN, BaseOptimizer.ADAM, Optional.of(SamSettings.of(variant, 0.1f))));
    }
    all.add(
        settings(MLP, BaseOptimizer.ADAM, Optional.of(SamSettings.of(0.1f)))
            .with(
                new Numerics(
                    Precision.FLOAT16,
                    Numerics.Scaling.DYNAMIC,
                    Optional.empty(),
                    NotFinite.SKIP)));
    all.add(
        new TrainingSettings(
                CNN,
                BaseOptimizer.ADAMW,
                0.01f,
                0,
                Optional.of(SamSettings.of(0.1f).with(BatchCut.inParts(4))),
                2,
                256,
                7)
            .with(update("cosine", 2, "constant", false, Optional.of(1.0), "swa:1")));
    all.add(
        new TrainingSettings(
                CNN, BaseOptimizer.SGD, 0.05f, 0.9f, Optional.of(SamSettings.of(0.1f)), 2, 256, 7)
            .with(update("piecewise:1", 0, "linear", true, Optional.empty(), "ema:0.9,warm-up")));
    return all.stream();
  }

  private static UpdateSettings update(
      String schedule,
      long warmUp,
      String rhoSchedule,
      boolean nesterov,
      Optional<Double> clipNorm,
      String average) {
    return new UpdateSettings(
        RateSchedule.of("--schedule", schedule),
        warmUp,
        RateSchedule.of("--rho-schedule", rhoSchedule),
        Optional.empty(),
        nesterov,
        clipNorm,
        Optional.empty(),
        Optional.of(Averaging.of("--average", average)),
        List.of());
  }

  /** Four batches an epoch, two epochs. */
  private static TrainingSettings settings(
      Architecture architecture, BaseOptimizer base, Optional<SamSettings> sam) {
    return new TrainingSettings(
        architecture, base, base.defaultLearningRate(), base.defaultMomentum(), sam, 2, 256, 7);
  }

  /** The bytes of the variables, and everything that is told of a run, times excepted. */
  private record Trace(Map<String, String> told, byte[] variables, List<EpochResult> epochs) {}

  /** Stops a run. */
  private static final class Stop extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  private final class Listener implements TrainingListener {
    final Map<String, String> told = new TreeMap<>();
    final int stopAt;
    int safePoints;

    Listener(int stopAt) {
      this.stopAt = stopAt;
    }

    @Override
    public boolean measures() {
      return true;
    }

    @Override
    public void step(StepResult step) {
      String measures = step.sam().map(SamMeasures::toString).orElse("");
      told.put("step " + step.step(), step.epoch() + " " + step.loss() + " " + measures);
    }

    @Override
    public void epoch(long step, EpochResult epoch) {
      told.put("epoch " + epoch.epoch(), step + " " + epoch);
    }

    @Override
    public void safePoint(long step) {
      if (safePoints++ == stopAt) {
        throw new Stop();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("settings")
  void atEveryPlace(TrainingSettings settings) throws IOException {
    Listener whole = new Listener(-1);
    Trace expected = run(settings, whole, null, null);
    for (int stopAt : places(settings)) {
      assertThat(stopAt).isLessThan(whole.safePoints);
      Path saved = Files.createDirectory(directory.resolve("stopped" + stopAt));
      Listener first = new Listener(stopAt);
      run(settings, first, null, saved);
      Listener second = new Listener(-1);
      Trace resumed = run(settings, second, saved, null);

      Map<String, String> told = new TreeMap<>(first.told);
      told.putAll(second.told);
      assertThat(told).as("told, stopped at %d", stopAt).isEqualTo(expected.told);
      assertThat(resumed.epochs).isEqualTo(expected.epochs);
      assertThat(resumed.variables).as("stopped at %d", stopAt).isEqualTo(expected.variables);
    }
  }

  /** After a step, after the last of an epoch, between its evaluations, and after them. */
  private static int[] places(TrainingSettings settings) {
    boolean common = settings.architecture() == MLP;
    return common ? new int[] {9} : new int[] {1, 3, 5, 6, 9};
  }

  /** Trains from the start or from what was saved, to the end or until the listener stops it. */
  private Trace run(TrainingSettings settings, Listener listener, Path from, Path saveTo)
      throws IOException {
    try (Trainer trainer = new Trainer(DATA, settings, 0.05f)) {
      List<Checkpointed> state = trainer.state();
      if (from != null) {
        for (Checkpointed part : state) {
          part.restore(from);
        }
      }
      if (saveTo != null) {
        assertThatThrownBy(() -> trainer.train(listener)).isInstanceOf(Stop.class);
        for (Checkpointed part : state) {
          part.save(saveTo);
        }
        return null;
      }
      TrainingResult result = trainer.train(listener);
      Path end = Files.createTempDirectory(directory, "end");
      state.get(0).save(end);
      byte[] variables = Files.readAllBytes(end.resolve("variables.data-00000-of-00001"));
      return new Trace(listener.told, variables, result.epochs());
    }
  }

  @Test
  void theModelOfAResumedRunHasTheSameBytes() throws IOException {
    TrainingSettings settings =
        settings(CNN, BaseOptimizer.ADAM, Optional.of(SamSettings.of(0.1f)));
    Path saved = Files.createDirectory(directory.resolve("saved"));
    run(settings, new Listener(3), null, saved);
    export(settings, Optional.empty(), directory.resolve("whole"));
    export(settings, Optional.of(saved), directory.resolve("resumed"));
    for (String file :
        List.of(
            "saved_model.pb",
            "variables/variables.index",
            "variables/variables.data-00000-of-00001")) {
      assertThat(directory.resolve("resumed").resolve(file))
          .as(file)
          .hasSameBinaryContentAs(directory.resolve("whole").resolve(file));
    }
  }

  private static void export(TrainingSettings settings, Optional<Path> from, Path to)
      throws IOException {
    try (Trainer trainer = new Trainer(DATA, settings, 0.05f)) {
      if (from.isPresent()) {
        for (Checkpointed part : trainer.state()) {
          part.restore(from.get());
        }
      }
      trainer.train(TrainingListener.NONE);
      trainer.export(to);
    }
  }

  /** What a run fetches to tell others does not change it. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void measuringChangesNothing(boolean cnn) {
    TrainingSettings settings =
        settings(cnn ? CNN : MLP, BaseOptimizer.MOMENTUM, Optional.of(SamSettings.of(0.05f)));
    try (Trainer quiet = new Trainer(DATA, settings, 0.05f);
        Trainer measured = new Trainer(DATA, settings, 0.05f)) {
      assertThat(quiet.train(TrainingListener.NONE).epochs())
          .isEqualTo(measured.train(new Listener(-1)).epochs());
    }
  }

  @Test
  void theClockForgetsTheFirstStepsOfEachProcess() throws IOException {
    StepClock clock = new StepClock(8);
    for (int i = 0; i < 5; i++) {
      clock.add(1_000_000_000);
    }
    assertThat(clock.medianMillis()).isEqualTo(1000);
    for (int i = 1; i <= 3; i++) {
      clock.add(i * 1_000_000L);
    }
    assertThat(clock.medianMillis()).isEqualTo(2);
    clock.save(directory);

    StepClock resumed = new StepClock(8);
    resumed.restore(directory);
    for (int i = 0; i < 5; i++) {
      resumed.add(1_000_000_000);
    }
    assertThat(resumed.medianMillis()).isEqualTo(2);
    for (int i = 0; i < 8; i++) {
      resumed.add(4_000_000);
    }
    assertThat(resumed.medianMillis()).isEqualTo(4);
  }
}
