package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;

/** Micro-batches that read inputs of their own. */
class PartInputsTest {

  private static final int FEATURES = 3;
  private static final int PARTS = 3;
  private static final int ROWS = 4;

  private static double[] rows(int part) {
    return new Random(part).doubles((long) ROWS * FEATURES).toArray();
  }

  /** Weights after three steps, of which each part reads its rows from a variable or a slice. */
  private static double[] train(boolean ownInputs, boolean sequential, int sharing) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Maker m = new TestModels.Maker(graph, session);
      Ops tf = m.tf;
      Placeholder<TFloat64> x =
          tf.placeholder(TFloat64.class, Placeholder.shape(Shape.of(-1, FEATURES)));
      Variable<TFloat64> w = m.weight("w", FEATURES, 2);
      Operand<TFloat64> y = tf.math.tanh(tf.linalg.matMul(x, tf.identity(w)));
      Operand<TFloat64> loss = tf.math.mean(tf.math.mul(y, y), tf.constant(new int[] {0, 1}));
      SamOptimizerBuilder builder =
          SamOptimizer.builder(graph, new Momentum(graph, 0.1f, 0.9f))
              .rho(0.2f)
              .microBatches(PARTS, x)
              .sharePerturbation(sharing)
              .sequential(sequential);
      List<List<Operand<?>>> inputs = new ArrayList<>();
      double[] all = new double[PARTS * ROWS * FEATURES];
      for (int part = 0; part < PARTS; part++) {
        double[] rows = rows(part);
        System.arraycopy(rows, 0, all, part * rows.length, rows.length);
        Variable<TFloat64> shard =
            tf.withName("shard" + part).variable(Shape.of(ROWS, FEATURES), TFloat64.class);
        if (ownInputs) {
          try (TFloat64 tensor = Values.tensor(Shape.of(ROWS, FEATURES), rows)) {
            session.run(tf.assign(shard, tf.constantOf(tensor)));
          }
          // Some rows of what a machine has.
          inputs.add(
              List.of(tf.gather(shard, tf.constant(new int[] {0, 1, 2, 3}), tf.constant(0))));
        }
      }
      Op train = (ownInputs ? builder.partInputs(inputs) : builder).build().minimize(loss);
      session.initialize();
      for (int step = 0; step < 3; step++) {
        Session.Runner runner = session.runner().addTarget(train);
        if (ownInputs) {
          runner.run().close();
        } else {
          try (TFloat64 fed = Values.tensor(Shape.of(PARTS * ROWS, FEATURES), all)) {
            runner.feed(x, fed).run().close();
          }
        }
      }
      return Values.of(session, w);
    }
  }

  @ParameterizedTest
  @CsvSource({"false, 1", "true, 1", "false, 2147483647"})
  void givesWhatSlicesGive(boolean sequential, int sharing) {
    assertThat(train(true, sequential, sharing)).isEqualTo(train(false, sequential, sharing));
  }

  @Test
  void inputsThatDoNotStandForTheBatch() {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Operand<TFloat64> x = tf.withName("x").placeholder(TFloat64.class);
      Operand<TFloat32> other = tf.withName("other").placeholder(TFloat32.class);
      assertRefused(
          builder(graph).microBatches(2, x).partInputs(List.of(List.of(x))),
          "partInputs are for 1 parts, and microBatches has 2");
      assertRefused(
          builder(graph).microBatches(2, x).partInputs(List.of(List.of(x), List.of(x, x))),
          "partInputs has 2 inputs for part 1, and microBatches names 1");
      assertRefused(
          builder(graph).microBatches(2, x).partInputs(List.of(List.of(x), List.of(other))),
          "part input \"other\" is DT_FLOAT, and batch input \"x\", which it stands for, is");
      assertRefused(
          builder(graph).partInputs(List.of(List.of(x))),
          "partInputs are given, but the batch is in one part");
    }
  }

  private static SamOptimizerBuilder builder(Graph graph) {
    return SamOptimizer.builder(graph, new Momentum(graph, 0.1f, 0.9f));
  }

  private static void assertRefused(SamOptimizerBuilder builder, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(builder::build)
        .withMessageContaining(message)
        .extracting(Throwable::getMessage)
        .asString()
        .hasLineCount(1);
  }
}
