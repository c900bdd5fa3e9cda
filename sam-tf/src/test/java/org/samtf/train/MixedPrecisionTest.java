package org.samtf.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.OrderedOptimizer;
import org.samtf.SamOptimizer;
import org.samtf.SmallClassifier;
import org.samtf.Values;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.TensorFlow;
import org.tensorflow.framework.optimizers.Adam;
import org.tensorflow.framework.optimizers.GradientDescent;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TBfloat16;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat16;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TNumber;

/** Float32 losses that are computed in half precision. */
class MixedPrecisionTest {

  private static Class<? extends TNumber> type(String name) {
    return name.equals("float16") ? TFloat16.class : TBfloat16.class;
  }

  /** What the ops of a scope put out, by type and number type. */
  private static Map<String, Integer> outputs(Graph graph, String scope) {
    Map<String, Integer> outputs = new TreeMap<>();
    graph
        .operations()
        .forEachRemaining(
            op -> {
              if (op.name().startsWith(scope) && op.numOutputs() > 0) {
                String number = ((GraphOperation) op).output(0).type().getSimpleName();
                outputs.merge(op.type() + " " + number, 1, Integer::sum);
              }
            });
    return outputs;
  }

  @ParameterizedTest
  @ValueSource(strings = {"float16", "bfloat16"})
  void productsAndConvolutionsAreInHalfPrecisionAndTheLossIsNot(String name) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      SmallClassifier model = new SmallClassifier(graph, session, "net/", 0);
      MixedPrecision mixed = MixedPrecision.of(graph, model.trainingLoss, type(name));
      String half = type(name).getSimpleName();
      Map<String, Integer> outputs = outputs(graph, "Mixed/");
      assertThat(outputs)
          .containsEntry("Conv2D " + half, 1)
          .containsEntry("FusedBatchNormV3 " + half, 1)
          .containsEntry("Relu " + half, 1)
          .containsEntry("MatMul " + half, 1)
          .containsEntry("Add " + half, 1)
          .containsEntry("SoftmaxCrossEntropyWithLogits TFloat32", 1)
          // Over the pixels and over the batch.
          .containsEntry("Mean TFloat32", 2);
      assertThat(mixed.narrowOps()).hasSize(5);
      assumeFalse(
          name.equals("bfloat16") && TensorFlow.version().startsWith("2.10"),
          "TensorFlow 2.10 has no convolution in bfloat16 that runs on every CPU");
      double[] losses = new double[2];
      Map<String, Tensor> batch = SmallClassifier.batch(1);
      Session.Runner runner = session.runner().fetch(model.trainingLoss).fetch(mixed.loss());
      batch.forEach(runner::feed);
      try (Result result = runner.run()) {
        losses[0] = Values.of(result.get(0))[0];
        losses[1] = Values.of(result.get(1))[0];
      }
      SmallClassifier.close(batch);
      double unit = name.equals("float16") ? 1e-3 : 8e-3;
      assertThat(losses[1]).isNotEqualTo(losses[0]).isCloseTo(losses[0], within(5 * unit));
    }
  }

  /** 1 + 2⁻¹² is 1 in float16; the sum of a thousand such products is not rounded to it. */
  @Test
  void weightsAreRoundedWhereTheyAreReadAndStayAsTheyAre() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      float weight = 1 + 1 / 4096f;
      Variable<TFloat32> w =
          tf.withName("w").variable(tf.fill(tf.constant(new int[] {64, 1}), tf.constant(weight)));
      Operand<TFloat32> x = tf.fill(tf.constant(new int[] {1, 64}), tf.constant(1f));
      Operand<TFloat32> loss = tf.sum(tf.linalg.matMul(x, w), tf.constant(new int[] {0, 1}));
      MixedPrecision mixed = MixedPrecision.of(graph, loss, TFloat16.class);
      SamOptimizer sam =
          SamOptimizer.builder(graph, new GradientDescent(graph, 1f / 8192)).rho(0).build();
      Op train = sam.minimize(mixed.loss());
      session.initialize();
      assertThat(Values.scalar(session, loss)).isEqualTo(64 * weight);
      assertThat(Values.scalar(session, mixed.loss())).isEqualTo(64);
      session.run(train);
      assertThat(Values.of(session, w)[7]).isEqualTo(1 + 1 / 8192.0);
    }
  }

  /** What is too small for float16 arrives with a scale, exactly. */
  @Test
  void aLossScaleKeepsSmallGradients() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Variable<TFloat32> w = tf.withName("w").variable(tf.constant(new float[][] {{1}}));
      Operand<TFloat32> x = tf.constant(new float[][] {{(float) Math.scalb(1.0, -10)}});
      Operand<TFloat32> loss =
          tf.math.mul(
              tf.sum(tf.linalg.matMul(x, w), tf.constant(new int[] {0, 1})),
              tf.constant((float) Math.scalb(1.0, -20)));
      MixedPrecision mixed = MixedPrecision.of(graph, loss, TFloat16.class);
      List<Double> steps = new ArrayList<>();
      for (float scale : new float[] {1, 1 << 15}) {
        Op train =
            OrderedOptimizer.builder(graph, new GradientDescent(graph, (float) Math.scalb(1.0, 20)))
                .lossScale(scale)
                .build()
                .minimize(mixed.loss());
        session.initialize();
        session.run(tf.assign(w, tf.constant(new float[][] {{1}})));
        session.run(train);
        steps.add(1 - Values.scalar(session, w));
      }
      assertThat(steps).containsExactly(0.0, Math.scalb(1.0, -10));
    }
  }

  /** Too large a scale: steps are skipped until it fits, and leave everything as it was. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anOverflowingRunRecovers(boolean withSam) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      SmallClassifier model = new SmallClassifier(graph, session, "", 0);
      MixedPrecision mixed = MixedPrecision.of(graph, model.trainingLoss, TFloat16.class);
      Adam adam = new Adam(graph, 0.01f);
      float initial = (float) Math.scalb(1.0, 24);
      Operand<TBool> skipped;
      Operand<TInt64> count;
      Op train;
      if (withSam) {
        SamOptimizer sam = SamOptimizer.builder(graph, adam).dynamicLossScale(initial, 5).build();
        train = sam.minimize(mixed.loss());
        skipped = sam.skipped();
        count = sam.skippedSteps();
      } else {
        OrderedOptimizer plain =
            OrderedOptimizer.builder(graph, adam).dynamicLossScale(initial, 5).build();
        train = plain.minimize(mixed.loss());
        skipped = plain.skipped();
        count = plain.skippedSteps();
      }
      session.initialize();
      List<String> state = List.of("/state/skippedSteps", "/state/lossScale", "/state/goodSteps");
      Map<String, byte[]> before = Values.variables(graph, session);
      int overflowed = 0;
      double first = 0;
      double last = 0;
      Map<String, Tensor> batch = SmallClassifier.batch(1);
      for (int step = 0; step < 30; step++) {
        Session.Runner runner =
            session.runner().addTarget(train).fetch(skipped).fetch(model.trainingLoss);
        batch.forEach(runner::feed);
        boolean isSkipped;
        try (Result result = runner.run()) {
          isSkipped = ((TBool) result.get(0)).getBoolean();
          last = Values.of(result.get(1))[0];
        }
        overflowed += isSkipped ? 1 : 0;
        first = step == 0 ? last : first;
        if (step < 8) {
          Map<String, byte[]> after = Values.variables(graph, session);
          List<String> changed = Values.changed(before, after);
          assertThat(changed.stream().allMatch(v -> state.stream().anyMatch(v::endsWith)))
              .isEqualTo(isSkipped);
          before = after;
        }
      }
      SmallClassifier.close(batch);
      assertThat(overflowed).isBetween(3, 20);
      assertThat(last).isLessThan(first);
      try (Result result = session.runner().fetch(count).run()) {
        assertThat(((TInt64) result.get(0)).getLong()).isEqualTo(overflowed);
      }
    }
  }

  /** The twin is of the copy; parts and conditions are as with any other loss. */
  @Test
  void samAndPartsOfABatchTrainInHalfPrecision() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      SmallClassifier model = new SmallClassifier(graph, session, "net/", 0.25f);
      MixedPrecision mixed = MixedPrecision.of(graph, model.trainingLoss, TFloat16.class);
      SamOptimizer sam =
          SamOptimizer.builder(graph, new Momentum(graph, 0.1f, 0.9f))
              .microBatches(2, model.images, model.labels)
              .every(2)
              .dynamicLossScale()
              .build();
      Op train = sam.minimize(mixed.loss());
      session.initialize();
      Map<String, Integer> outputs = outputs(graph, "Sam/part1/twin/");
      assertThat(outputs).containsEntry("Conv2D TFloat16", 1).doesNotContainKey("Conv2D TFloat32");
      List<Double> losses = new ArrayList<>();
      Map<String, Tensor> batch = SmallClassifier.batch(1);
      for (int step = 0; step < 12; step++) {
        Session.Runner runner =
            session.runner().addTarget(train).fetch(sam.loss()).fetch(sam.skipped());
        batch.forEach(runner::feed);
        try (Result result = runner.run()) {
          losses.add(Values.of(result.get(0))[0]);
          assertThat(((TBool) result.get(1)).getBoolean()).isFalse();
        }
      }
      SmallClassifier.close(batch);
      assertThat(losses.get(11)).isLessThan(losses.get(0));
    }
  }

  @Test
  void opsCanBeKeptAndOthersAreNotCopied() {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> x = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(4, 3)));
      Operand<TFloat32> scaled = tf.math.mul(x, tf.constant(2f));
      Variable<TFloat32> w = tf.variable(tf.fill(tf.constant(new int[] {3, 3}), tf.constant(1f)));
      Operand<TFloat32> hidden = tf.withName("hidden").linalg.matMul(scaled, w);
      Operand<TFloat32> head = tf.withName("head").linalg.matMul(tf.nn.relu(hidden), w);
      Operand<TFloat32> loss = tf.math.mean(head, tf.constant(new int[] {0, 1}));
      MixedPrecision mixed = MixedPrecision.of(graph, loss, TFloat16.class, "he*");
      assertThat(mixed.narrowOps()).containsExactly("Relu", "hidden");
      assertThat(mixed.of(scaled).asOutput()).isEqualTo(scaled.asOutput());
      assertThat(mixed.of(hidden).type()).isEqualTo(TFloat32.class);
      assertThat(mixed.of(hidden).asOutput()).isNotEqualTo(hidden.asOutput());

      assertRefused(() -> MixedPrecision.of(graph, loss, TFloat16.class, "*d*"), "no product");
      assertRefused(() -> MixedPrecision.of(graph, loss, TFloat16.class, "tail"), "tail");
      assertRefused(() -> MixedPrecision.of(graph, loss, TFloat64.class), "type is TFloat64; it");
      assertRefused(
          () -> MixedPrecision.of(graph, tf.constant(1.0), TFloat16.class), "is TFloat64; mixed");
      assertRefused(
          () -> MixedPrecision.of(graph, tf.math.mul(x, x), TFloat16.class),
          "computed by no product of matrices and no convolution in float32, so");
      Operand<TFloat32> assigned = tf.assign(w, tf.linalg.matMul(w, w));
      assertRefused(
          () -> MixedPrecision.of(graph, assigned, TFloat16.class), "takes a variable itself");
    }
  }

  private static void assertRefused(Runnable making, String why) {
    assertThatThrownBy(making::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(why);
  }
}
