package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TNumber;

/** What usage.md and limits.md say of empty batches, forgotten inputs and the range of float32. */
class StatedLimitsTest {

  private final Graph graph = new Graph();
  private final Session session = new Session(graph);
  private final Ops tf = Ops.create(graph);
  private final Placeholder<TFloat32> x =
      tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 2)));
  private final Placeholder<TFloat32> y =
      tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 2)));
  private final Variable<TFloat32> weights =
      tf.withName("weights").variable(tf.constant(new float[][] {{1, 0}, {2, 1}}));
  private final Operand<TFloat32> outputs = tf.linalg.matMul(x, weights);
  private final Operand<TFloat32> meanLoss =
      tf.math.mean(tf.math.square(tf.math.sub(outputs, y)), tf.constant(new int[] {0, 1}));

  @AfterEach
  void close() {
    session.close();
    graph.close();
  }

  @Test
  void momentumCoastsOverAnEmptyBatch() {
    Op train = new SamOptimizer(graph, new Momentum(graph, 0.01f, 0.5f)).minimize(meanLoss);
    session.initialize();
    float before = weight();
    step(train, 4);
    float first = weight() - before;
    step(train, 0);
    assertThat(weight() - before - first).isCloseTo(0.5f * first, within(1e-5f));
    assertThat(first).isNotZero();
  }

  @Test
  void anEmptyBatchFailsWhereItsMeanGetsIntoAGradient() {
    Variable<TFloat32> factors = tf.withName("factors").variable(tf.constant(new float[] {1, 2}));
    Operand<TFloat32> meanOutputs = tf.math.mean(outputs, tf.constant(0));
    Operand<TFloat32> loss = tf.math.mean(tf.math.mul(factors, meanOutputs), tf.constant(0));
    Op train = new SamOptimizer(graph, new Momentum(graph, 0.01f, 0.5f)).minimize(loss);
    session.initialize();
    float before = weight();
    assertThatThrownBy(() -> step(train, 0))
        .hasMessageContaining("gradient at w of variable factors is not finite");
    assertThat(weight()).isEqualTo(before);
  }

  @Test
  void forgottenLabelsAreNamed() {
    Op train =
        SamOptimizer.builder(graph, new Momentum(graph, 0.01f, 0.5f))
            .microBatches(2, x)
            .build()
            .minimize(meanLoss);
    session.initialize();
    assertThatThrownBy(() -> step(train, 4))
        .hasMessageContaining("input " + y.op().name() + " has a row for each example")
        .hasMessageContaining("Sam/part");
  }

  @Test
  void forgottenLabelsThatMeetTheBatchElsewhereFailWithTheShapesAndThePart() {
    Operand<TFloat32> both = tf.concat(List.of(outputs, y), tf.constant(1));
    Op train =
        SamOptimizer.builder(graph, new Momentum(graph, 0.01f, 0.5f))
            .microBatches(2, x)
            .build()
            .minimize(tf.math.mean(tf.math.square(both), tf.constant(new int[] {0, 1})));
    session.initialize();
    assertThatThrownBy(() -> step(train, 4))
        .message()
        .containsPattern("\\[2[, ]2\\]")
        .containsPattern("\\[4[, ]2\\]")
        .contains("Sam/part");
  }

  @Test
  void largeNormsLoseSmallEntries() {
    float[] large = {1e30f, 1e-30f};
    float[] epsilons = epsilons(new HolderDual(100, true, NotFinite.FAIL), large, new float[2]);
    assertThat(epsilons[0]).isEqualTo(1);
    assertThat(Math.pow(1e-60, 1 / 99.0)).isCloseTo(0.25, within(0.01));
    assertThat(epsilons[1]).isZero();
    assertThat(
            epsilons(
                new HolderDual(Double.POSITIVE_INFINITY, true, NotFinite.FAIL),
                large,
                new float[2]))
        .containsExactly(1, 1);
  }

  @Test
  void normsNextToOneCountRoundingManyTimes() {
    float[] close = {3, Math.nextDown(3f)};
    for (double[] pAndError : new double[][] {{1.00001, 0.002}, {1.0000001, 0.22}}) {
      float[] epsilons =
          epsilons(new HolderDual(pAndError[0], true, NotFinite.FAIL), close, new float[2]);
      double exact = Math.pow((double) close[1] / close[0], 1 / (pAndError[0] - 1));
      double error = epsilons[1] / epsilons[0] / exact - 1;
      assertThat(error).isCloseTo(pAndError[1], within(0.1 * pAndError[1]));
    }
    assertThat(epsilons(new HolderDual(1, true, NotFinite.FAIL), close, new float[2]))
        .containsExactly(1, 0);
  }

  @Test
  void withoutEtaTinyWeightsAreNotPerturbed() {
    float[] weights = {1, 1e-30f};
    float[] gradient = {1e-10f, 1e-10f};
    assertThat(epsilons(adaptive(0), gradient, weights)[1]).isZero();
    assertThat(epsilons(adaptive(0.01), gradient, weights)[1]).isGreaterThan(0);
    assertThat(epsilons(adaptive(0), gradient, new float[] {1e-30f, 1e-30f})).containsExactly(0, 0);
  }

  private static Ascent adaptive(double eta) {
    return new Adaptive(new HolderDual(2, true, NotFinite.FAIL), eta, Set.of());
  }

  /** ε for ρ = 1. */
  private float[] epsilons(Ascent ascent, float[] gradient, float[] weights) {
    Ops ops = GraphScope.unique(graph, "ascent").ops();
    Operand<TNumber> g = Reals.unchecked(ops.constant(gradient).asOutput());
    Operand<TNumber> w = Reals.unchecked(ops.constant(weights).asOutput());
    Operand<TNumber> rho = Reals.unchecked(ops.constant(1f).asOutput());
    Operand<TNumber> epsilon =
        ascent
            .perturb(
                ops, List.of(g), () -> List.of(w), List.of(VariableGroup.of("w", g.shape())), rho)
            .epsilons(ops)
            .get(0);
    try (Result result = session.runner().fetch(epsilon).run()) {
      TFloat32 values = (TFloat32) result.get(0);
      return new float[] {values.getFloat(0), values.getFloat(1)};
    }
  }

  private void step(Op train, int examples) {
    try (TFloat32 inputs = TFloat32.tensorOf(Shape.of(examples, 2));
        TFloat32 targets = TFloat32.tensorOf(Shape.of(examples, 2))) {
      for (int i = 0; i < examples; i++) {
        inputs.setFloat(1 + i, i, 0);
        inputs.setFloat(2, i, 1);
        targets.setFloat(0.5f, i, 0);
        targets.setFloat(0, i, 1);
      }
      session.runner().feed(x, inputs).feed(y, targets).addTarget(train).run().close();
    }
  }

  private float weight() {
    try (Result result = session.runner().fetch(weights).run()) {
      return ((TFloat32) result.get(0)).getFloat(0, 0);
    }
  }
}
