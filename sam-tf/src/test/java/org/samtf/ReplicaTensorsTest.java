package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.GradientDescent;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat64;

/** A tensor of the user's, as each replica has it. */
class ReplicaTensorsTest {

  private static final Shape BATCH = Shape.of(6, 3);

  private final Graph graph = new Graph();
  private final Session session = new Session(graph);
  private final TestModels.Maker m = new TestModels.Maker(graph, session);
  private final double[] batch = new Random(1).doubles(BATCH.size()).toArray();
  private final Placeholder<TFloat64> x =
      m.tf.placeholder(TFloat64.class, Placeholder.shape(Shape.of(-1, 3)));
  private final Operand<TFloat64> product = m.tf.linalg.matMul(x, m.weight("w", 3, 2));
  private final Operand<TFloat64> mean = m.tf.math.mean(product, m.tf.constant(new int[] {0, 1}));
  private final Operand<TFloat64> loss = m.tf.math.mul(mean, mean);

  @AfterEach
  void close() {
    session.close();
    graph.close();
  }

  private SamOptimizerBuilder builder() {
    return SamOptimizer.builder(graph, new GradientDescent(graph, 0.1f)).rho(0.1f);
  }

  private double[] fetch(Op target, List<? extends Operand<?>> tensors, double[] rows) {
    try (TFloat64 fed = Values.tensor(Shape.of(rows.length / 3, 3), rows)) {
      Session.Runner runner = session.runner().feed(x, fed);
      if (target != null) {
        runner.addTarget(target);
      }
      tensors.forEach(runner::fetch);
      try (Result result = runner.run()) {
        double[] values = new double[tensors.size()];
        Arrays.setAll(values, i -> Values.of(result.get(i))[0]);
        return values;
      }
    }
  }

  @Test
  void partsHaveCopiesThatReadTheirExamples() {
    double[] expected = new double[3];
    for (int i = 0; i < 3; i++) {
      double[] rows = Arrays.copyOfRange(batch, i * 6, i * 6 + 6);
      expected[i] = fetch(null, List.of(mean), rows)[0];
    }
    SamOptimizer sam = builder().microBatches(3, x).build();
    Op train = sam.minimize(loss);
    List<Operand<TFloat64>> means = sam.replicas(mean);
    assertThat(means).hasSize(3);
    assertThat(fetch(train, means, batch)).containsExactly(expected, within(1e-12));
    List<Operand<TFloat64>> inputs = sam.replicas(x);
    assertThat(fetch(train, inputs, batch))
        .containsExactly(new double[] {batch[0], batch[6], batch[12]}, within(0.0));
  }

  @Test
  void ascentExamplesHaveACopyToo() {
    double expected = fetch(null, List.of(mean), Arrays.copyOf(batch, 6))[0];
    SamOptimizer sam = builder().ascentExamples(2, x).build();
    Op train = sam.minimize(loss);
    assertThat(fetch(train, sam.replicas(mean), batch))
        .containsExactly(new double[] {expected}, within(1e-12));
  }

  @Test
  void aLossOfTheUsersHasNoCopy() {
    SamOptimizer sam = builder().build();
    assertThatThrownBy(() -> sam.replicas(mean)).isInstanceOf(IllegalStateException.class);
    sam.minimize(loss);
    assertThat(sam.replicas(mean).get(0).asOutput()).isEqualTo(mean.asOutput());
    try (Graph other = new Graph()) {
      assertThatThrownBy(() -> sam.replicas(Ops.create(other).constant(1f)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("is of another graph");
    }
  }
}
