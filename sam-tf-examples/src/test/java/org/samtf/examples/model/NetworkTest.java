package org.samtf.examples.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.SamOptimizer;
import org.samtf.examples.data.ImageShape;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.framework.optimizers.GradientDescent;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.RunOptions;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

class NetworkTest {

  private static final ImageShape SHAPE = new ImageShape(5, 4, 2);
  private static final int BATCH = 6;
  private static final Layered CNN = new Cnn(List.of(3, 4), 0.5f, 0.9f);

  static Stream<Layered> architectures() {
    return Stream.of(new Mlp(List.of()), new Mlp(List.of(7, 3)), CNN, new WideResNet(10, 1, 0.9f));
  }

  @ParameterizedTest
  @MethodSource("architectures")
  void givesAProbabilityForEachClass(Layered architecture) {
    try (Fixture f = new Fixture(architecture, 1)) {
      float[] probabilities = f.floats(f.network.probabilities());

      assertThat(probabilities).hasSize(BATCH * 3);
      for (int i = 0; i < BATCH; i++) {
        float sum = probabilities[3 * i] + probabilities[3 * i + 1] + probabilities[3 * i + 2];
        assertThat(sum).isCloseTo(1f, Offset.offset(1e-5f));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("architectures")
  void countsWhatIsPredictedRight(Layered architecture) {
    try (Fixture f = new Fixture(architecture, 1);
        Result result =
            f.feed().fetch(f.network.correct()).fetch(f.network.predictedClass()).run()) {
      TInt64 predicted = (TInt64) result.get(1);
      int expected = 0;
      for (int i = 0; i < BATCH; i++) {
        expected += predicted.getLong(i) == i % 3 ? 1 : 0;
      }
      assertThat(((TInt32) result.get(0)).getInt()).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @MethodSource("architectures")
  void startsFromTheSameBitsForTheSameSeed(Layered architecture) {
    try (Fixture one = new Fixture(architecture, 5);
        Fixture same = new Fixture(architecture, 5);
        Fixture other = new Fixture(architecture, 6)) {
      List<float[]> weights = one.variables();
      assertThat(same.variables()).usingRecursiveComparison().isEqualTo(weights);
      assertThat(other.variables()).usingRecursiveComparison().isNotEqualTo(weights);
    }
  }

  @Test
  void weightsHaveHesVariance() {
    float[] weights = new HeInitializer(3).draw("a_kernel", 100_000, 50);

    double squares = 0;
    for (float weight : weights) {
      squares += (double) weight * weight;
    }
    assertThat(squares / weights.length).isBetween(0.98 * 2 / 50, 1.02 * 2 / 50);
  }

  @Test
  void namesItsVariables() {
    try (Fixture f = new Fixture(CNN, 1)) {
      assertThat(f.variableOps())
          .extracting(org.tensorflow.Operation::name)
          .containsExactlyInAnyOrder(
              "conv1_kernel",
              "bn1_gamma",
              "bn1_beta",
              "bn1_moving_mean",
              "bn1_moving_variance",
              "conv2_kernel",
              "bn2_gamma",
              "bn2_beta",
              "bn2_moving_mean",
              "bn2_moving_variance",
              "logits_kernel",
              "logits_bias",
              "steps_taken");
    }
  }

  @Test
  void inferenceHasNoDropoutAndTrainingHas() {
    try (Fixture f = new Fixture(new Cnn(List.of(3), 0.5f, 1f), 1)) {
      Op step = f.network.step(Ops.create(f.graph).noOp());
      float first = f.floats(f.network.inferenceLoss())[0];
      float trained = f.floats(f.network.loss())[0];
      f.feed().addTarget(step).run().close();
      assertThat(f.floats(f.network.inferenceLoss())[0]).isEqualTo(first);
      assertThat(f.floats(f.network.loss())[0]).isNotEqualTo(trained);
    }
  }

  @Test
  void dropoutDrawsTheSameMasksForTheSameSeedAndOthersInEachStep() {
    try (Fixture one = new Fixture(CNN, 9);
        Fixture same = new Fixture(CNN, 9);
        Fixture other = new Fixture(CNN, 10)) {
      Op stepOfOne = one.network.step(Ops.create(one.graph).noOp());
      Op stepOfSame = same.network.step(Ops.create(same.graph).noOp());
      List<float[]> masks = new ArrayList<>();
      for (int step = 0; step < 3; step++) {
        masks.add(one.floats(one.network.batchInputs()[2]));
        assertThat(same.floats(same.network.batchInputs()[2])).isEqualTo(masks.get(step));
        one.feed().addTarget(stepOfOne).run().close();
        same.feed().addTarget(stepOfSame).run().close();
      }
      assertThat(masks.get(1)).isNotEqualTo(masks.get(0)).isNotEqualTo(masks.get(2));
      assertThat(other.floats(other.network.batchInputs()[2])).isNotEqualTo(masks.get(0));
    }
  }

  /** Whether dropout is drawn for the batch or its parts: it is the same mask, cut. */
  @Test
  void partsOfABatchHaveMasksOfTheirOwn() {
    try (Fixture f = new Fixture(CNN, 1)) {
      float[] noise = f.floats(f.network.batchInputs()[2]);
      SamOptimizer.builder(f.graph, new GradientDescent(f.graph, 1f))
          .microBatches(3, f.network.batchInputs())
          .build()
          .minimize(f.network.loss());

      float[][] parts = new float[3][];
      for (int i = 0; i < 3; i++) {
        Operand<?> kept =
            f.graph.operationOrThrow("Sam/part" + i + "/forward/training/dropout/Cast").output(0);
        parts[i] = f.floats(kept);
      }

      int size = noise.length / 3;
      for (int i = 0; i < noise.length; i++) {
        assertThat(parts[i / size][i % size]).isEqualTo(noise[i] >= 0.5f ? 1f : 0f);
      }
      assertThat(parts[0]).isNotEqualTo(parts[1]);
    }
  }

  @Test
  void aFailedStepIsNotCounted() {
    try (Fixture f = new Fixture(CNN, 1)) {
      Ops tf = Ops.create(f.graph);
      Op failing = tf.assertThat(tf.constant(false), List.of(tf.constant("on purpose")));
      Op step = f.network.step(failing);
      float[] before = f.floats(f.network.batchInputs()[2]);

      org.assertj.core.api.Assertions.assertThatThrownBy(
              () -> f.feed().addTarget(step).fetch(f.network.loss()).run())
          .hasMessageContaining("on purpose");

      assertThat(f.floats(f.network.batchInputs()[2])).isEqualTo(before);
    }
  }

  @Test
  void movingAveragesMoveExactlyOnceAStep() {
    try (Fixture f = new Fixture(CNN, 1)) {
      Op step = f.network.step(Ops.create(f.graph).noOp());
      float[] mean = f.batchMeanOfFirstConvolution();

      f.feed().addTarget(step).fetch(f.network.loss()).run().close();
      float[] afterOne = f.floats(f.variable("bn1_moving_mean"));
      f.feed().addTarget(step).fetch(f.network.loss()).run().close();
      float[] afterTwo = f.floats(f.variable("bn1_moving_mean"));

      for (int c = 0; c < mean.length; c++) {
        var tolerance = Offset.offset(1e-5f);
        assertThat(afterOne[c]).isCloseTo(0.1f * mean[c], tolerance);
        assertThat(afterTwo[c]).isCloseTo(0.19f * mean[c], tolerance);
        assertThat(mean[c]).isNotCloseTo(0f, tolerance);
      }
    }
  }

  @Test
  void movingAveragesFollowTheWeightsAndNotThePerturbedOnes() {
    try (Fixture f = new Fixture(CNN, 2)) {
      // A radius and a rate so large that batch means at any other weights would be far off.
      Op train =
          new SamOptimizer(f.graph, new GradientDescent(f.graph, 1f), 5f)
              .minimize(f.network.loss());
      Op step = f.network.step(train);
      float[] mean = f.batchMeanOfFirstConvolution();

      f.feed().addTarget(step).run().close();

      float[] after = f.floats(f.variable("bn1_moving_mean"));
      float[] meanAfter = f.batchMeanOfFirstConvolution();
      for (int c = 0; c < mean.length; c++) {
        assertThat(after[c]).isCloseTo(0.1f * mean[c], Offset.offset(1e-5f));
        assertThat(meanAfter[c]).isNotCloseTo(mean[c], Offset.offset(1e-3f));
      }
    }
  }

  /** Six images in parts of two: the mean of the parts' means is the mean of the batch. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void movingAveragesFollowAllPartsOfABatch(boolean sequential) {
    try (Fixture f = new Fixture(CNN, 1)) {
      SamOptimizer sam =
          SamOptimizer.builder(f.graph, new GradientDescent(f.graph, 1f))
              .rho(5f)
              .microBatches(3, f.network.batchInputs())
              .sequential(sequential)
              .build();
      Op step = f.network.step(sam.minimize(f.network.loss()), sam);
      float[] mean = f.batchMeanOfFirstConvolution();

      List<String> ran = f.opsOf(step);

      float[] after = f.floats(f.variable("bn1_moving_mean"));
      for (int c = 0; c < mean.length; c++) {
        assertThat(after[c]).isCloseTo(0.1f * mean[c], Offset.offset(1e-5f));
      }
      assertThat(ran)
          .anyMatch(name -> name.endsWith("part2/forward/training/conv1/Conv2d"))
          .noneMatch(name -> name.startsWith("training/conv1"));
    }
  }

  @Test
  void movingAveragesFollowTheExamplesOfThePerturbation() {
    try (Fixture f = new Fixture(CNN, 1)) {
      SamOptimizer sam =
          SamOptimizer.builder(f.graph, new GradientDescent(f.graph, 1f))
              .ascentExamples(6, f.network.batchInputs())
              .build();
      Op step = f.network.step(sam.minimize(f.network.loss()), sam);
      float[] mean = f.batchMeanOfFirstConvolution();

      List<String> ran = f.opsOf(step);

      float[] after = f.floats(f.variable("bn1_moving_mean"));
      for (int c = 0; c < mean.length; c++) {
        assertThat(after[c]).isCloseTo(0.1f * mean[c], Offset.offset(1e-5f));
      }
      assertThat(ran).noneMatch(name -> name.startsWith("training/conv1"));
    }
  }

  @Test
  void evaluationMovesNoAverage() {
    try (Fixture f = new Fixture(CNN, 1)) {
      f.network.step(Ops.create(f.graph).noOp());
      float[] before = f.floats(f.variable("bn1_moving_mean"));

      f.feed().fetch(f.network.loss()).fetch(f.network.correct()).run().close();

      assertThat(f.floats(f.variable("bn1_moving_mean"))).isEqualTo(before);
    }
  }

  @Test
  void aFailedStepMovesNoAverage() {
    try (Fixture f = new Fixture(CNN, 1)) {
      Ops tf = Ops.create(f.graph);
      Op failing = tf.assertThat(tf.constant(false), List.of(tf.constant("on purpose")));
      Op step = f.network.step(failing);
      float[] before = f.floats(f.variable("bn1_moving_mean"));

      org.assertj.core.api.Assertions.assertThatThrownBy(
              () -> f.feed().addTarget(step).fetch(f.network.loss()).run())
          .hasMessageContaining("on purpose");

      assertThat(f.floats(f.variable("bn1_moving_mean"))).isEqualTo(before);
    }
  }

  /** A network with a session and one batch. */
  private static final class Fixture implements AutoCloseable {
    final Graph graph = new Graph();
    final LayeredNetwork network;
    final Session session;
    final TFloat32 images;
    final TInt32 labels;

    Fixture(Layered architecture, long seed) {
      network = new LayeredNetwork(graph, architecture, SHAPE, 3, seed);
      session = new Session(graph);
      network.initialize(session);
      float[] pixels = new float[BATCH * SHAPE.size()];
      for (int i = 0; i < pixels.length; i++) {
        pixels[i] = i * 7 % 11 / 10f;
      }
      images = TFloat32.tensorOf(Shape.of(BATCH, 5, 4, 2), DataBuffers.of(pixels));
      labels = TInt32.vectorOf(0, 1, 2, 0, 1, 2);
    }

    Session.Runner feed() {
      return session.runner().feed(network.images(), images).feed(network.labels(), labels);
    }

    float[] floats(Operand<?> operand) {
      try (Result result = feed().fetch(operand).run()) {
        Tensor tensor = result.get(0);
        float[] values = new float[(int) tensor.shape().size()];
        ((TFloat32) tensor).copyTo(DataBuffers.of(values, false, false));
        return values;
      }
    }

    /** The names of the ops that ran. */
    List<String> opsOf(Op step) {
      var options = RunOptions.newBuilder().setTraceLevel(RunOptions.TraceLevel.FULL_TRACE).build();
      try (Result result = feed().addTarget(step).setOptions(options).runAndFetchMetadata()) {
        return result.getMetadata().orElseThrow().getStepStats().getDevStatsList().stream()
            .flatMap(device -> device.getNodeStatsList().stream())
            .map(node -> node.getNodeName())
            .toList();
      }
    }

    List<org.tensorflow.Operation> variableOps() {
      List<org.tensorflow.Operation> variables = new ArrayList<>();
      graph
          .operations()
          .forEachRemaining(
              op -> {
                if (op.type().equals("VariableV2")) {
                  variables.add(op);
                }
              });
      return variables;
    }

    List<float[]> variables() {
      return variableOps().stream()
          .filter(op -> !op.name().equals(Draws.COUNTER))
          .map(op -> floats(op.output(0)))
          .toList();
    }

    Operand<?> variable(String name) {
      return graph.operationOrThrow(name).output(0);
    }

    float[] batchMeanOfFirstConvolution() {
      Ops tf = Ops.create(graph);
      Operand<TFloat32> convolved = graph.operationOrThrow("training/conv1/Conv2d").output(0);
      return floats(tf.math.mean(convolved, tf.constant(new int[] {0, 1, 2})));
    }

    @Override
    public void close() {
      images.close();
      labels.close();
      session.close();
      graph.close();
    }
  }
}
