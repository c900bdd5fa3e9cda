package org.samtf.examples.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.samtf.NotFinite;
import org.samtf.examples.data.DataSet;
import org.samtf.examples.data.DataSets;
import org.samtf.examples.model.Cnn;
import org.samtf.examples.model.Layered;
import org.samtf.examples.model.LayeredNetwork;
import org.tensorflow.DeviceSpec;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

class UpdateCountTest {

  private static final DataSet DATA = DataSets.open("digits");
  private static final Layered CNN = new Cnn(List.of(3), 0, 0.9f);
  private static final int BATCH = 32;
  private static final int STEPS = 4;

  /** They remember gradients, or count steps, beside the update. */
  private static final Set<Variant> HAVE_MEMORY =
      EnumSet.of(
          Variant.SAM_LATE,
          Variant.EVERY_2,
          Variant.EVERY_5,
          Variant.LOOKSAM,
          Variant.AE_SAM,
          Variant.FRIENDLY,
          Variant.VASSO,
          Variant.SANER,
          Variant.RANDOM);

  private static final DeviceSpec HERE =
      DeviceSpec.newBuilder()
          .job("localhost")
          .replica(0)
          .task(0)
          .deviceType(DeviceSpec.DeviceType.CPU)
          .deviceIndex(0)
          .build();

  /** What steps of a network with batch normalization come to. */
  private static final class Run implements AutoCloseable {
    final Graph graph = new Graph();
    final UpdateCount count = new UpdateCount(graph, List.of(HERE));
    final LayeredNetwork network = new LayeredNetwork(graph, CNN, DATA.shape(), DATA.classes(), 1);
    final TrainingStep step;
    final Session session;

    Run(TrainingSettings settings, boolean isCounted) {
      UnaryOperator<Optimizer> around = isCounted ? count::around : UnaryOperator.identity();
      step = TrainingStep.write(graph, network, settings, STEPS, List.of(), around);
      session = new Session(graph);
      network.initialize(session);
    }

    void take(int number, float scale) {
      int[] order = new int[BATCH];
      Arrays.setAll(order, i -> number * BATCH + i);
      try (Batch batch = Batch.of(DATA.train(), order, 0, BATCH)) {
        TFloat32 images = (TFloat32) batch.images();
        images.scalars().forEach(pixel -> pixel.setFloat(scale * pixel.getFloat()));
        session
            .runner()
            .feed(network.images(), batch.images())
            .feed(network.labels(), batch.labels())
            .addTarget(step.op())
            .run()
            .close();
      }
    }

    /** All float variables: weights, slots, moving averages. */
    Map<String, List<Float>> variables() {
      Map<String, List<Float>> all = new LinkedHashMap<>();
      List<String> names = new ArrayList<>();
      Session.Runner runner = session.runner();
      graph
          .operations()
          .forEachRemaining(
              op -> {
                if (op.type().equals("VariableV2") && TFloat32.class.equals(op.output(0).type())) {
                  names.add(op.name());
                  runner.fetch(op.output(0));
                }
              });
      try (Result result = runner.run()) {
        for (int i = 0; i < names.size(); i++) {
          List<Float> values = new ArrayList<>();
          ((TFloat32) result.get(i)).scalars().forEach(value -> values.add(value.getFloat()));
          all.put(names.get(i), values);
        }
      }
      return all;
    }

    @Override
    public void close() {
      session.close();
      graph.close();
    }
  }

  private static TrainingSettings settings(Variant variant) {
    SamSettings sam = SamSettings.of(variant, variant.defaultRho()).with(BatchCut.NONE);
    return new TrainingSettings(
        CNN, BaseOptimizer.ADAM, 0.01f, 0.5f, Optional.of(sam), 2, BATCH, 1);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "BASE")
  void countsUpdatesAndChangesNoBit(Variant variant) {
    try (Run plain = new Run(settings(variant), false);
        Run counted = new Run(settings(variant), true)) {
      for (int i = 0; i < STEPS; i++) {
        plain.take(i, 1);
        counted.take(i, 1);
        assertThat(counted.count.begun(counted.session)).isEqualTo(i + 1);
      }
      assertThat(counted.variables()).isEqualTo(plain.variables());
      assertThat(plain.count.precedesAllOf(plain.step.op())).isFalse();
      assertThat(counted.count.precedesAllOf(counted.step.op()))
          .isEqualTo(!HAVE_MEMORY.contains(variant));
    }
  }

  @Test
  void doesNotCountAStepThatFails() {
    try (Run run = new Run(settings(Variant.SAM), true)) {
      run.take(0, 1);
      Map<String, List<Float>> before = run.variables();
      assertThatThrownBy(() -> run.take(1, Float.NaN)).hasMessageContaining("is not finite");
      assertThat(run.count.begun(run.session)).isEqualTo(1);
      assertThat(run.variables()).isEqualTo(before);
    }
  }

  /** A step that is skipped changes the count of those, and that is not counted here. */
  @Test
  void isNoProofWhereStepsAreSkipped() {
    TrainingSettings skips =
        settings(Variant.SAM)
            .with(
                new Numerics(
                    Precision.FLOAT32, Numerics.Scaling.NONE, Optional.empty(), NotFinite.SKIP));
    try (Run run = new Run(skips, true)) {
      run.take(0, Float.NaN);
      assertThat(run.count.begun(run.session)).isZero();
      assertThat(run.count.precedesAllOf(run.step.op())).isFalse();
    }
  }

  /** An op elsewhere in the step that assigns. */
  @Test
  void seesWhatItDoesNotPrecede() {
    try (Run run = new Run(settings(Variant.SAM), true)) {
      Ops tf = Ops.create(run.graph);
      var other = tf.variable(tf.constant(0f));
      Op assign = tf.assignAdd(other, tf.constant(1f));
      Op both = tf.withControlDependencies(List.of(run.step.op(), assign)).noOp();
      assertThat(run.count.precedesAllOf(run.step.op())).isTrue();
      assertThat(run.count.precedesAllOf(both)).isFalse();
    }
  }
}
