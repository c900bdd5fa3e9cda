package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.Adam;
import org.tensorflow.framework.optimizers.GradientDescent;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat64;

/**
 * No variable is assigned before all that reads it in the step has read it. TensorFlow Java 0.5
 * leaves that to chance: there, an update waits for the gradient of its own variable only.
 */
class UpdateComesLastTest {

  private static final int SLOW_OPS = 60;
  private static final double RATE = 0.5;

  /**
   * The optimizer to test.
   *
   * @param read the variable that the second pass is to read itself, and not a tensor beside it
   */
  private static Optimizer wrap(Graph graph, Optimizer base, boolean sam, String read) {
    return sam
        ? SamOptimizer.builder(graph, base).rho(0.1f).doNotPerturb(read).build()
        : new OrderedOptimizer(graph, base);
  }

  /** The gradient in "early" is there at once; the gradient in "late" is a late read of "early". */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aLateReadSeesTheWeightsBeforeTheUpdate(boolean sam) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Maker m = new TestModels.Maker(graph, session);
      Ops tf = m.tf;
      Variable<TFloat64> early = m.variable("early", new double[] {3}, 1);
      Variable<TFloat64> late = m.variable("late", new double[] {1}, 1);
      // It depends on "late" by a part of zero, so that it runs in both passes.
      Operand<TFloat64> slow =
          tf.math.add(m.data(200, 200), tf.math.mul(tf.stopGradient(late), m.c(0)));
      for (int i = 0; i < SLOW_OPS; i++) {
        slow = tf.math.tanh(tf.linalg.matMul(slow, slow));
      }
      Operand<TFloat64> read = tf.withControlDependencies(List.of(slow)).identity(early);
      Operand<TFloat64> loss =
          tf.sum(
              tf.math.add(early, tf.math.mul(tf.stopGradient(read), late)),
              tf.constant(new int[] {0}));
      Op train = wrap(graph, new GradientDescent(graph, (float) RATE), sam, "early").minimize(loss);
      for (int step = 0; step < 3; step++) {
        double earlyBefore = Values.scalar(session, early);
        double lateBefore = Values.scalar(session, late);
        session.run(train);
        assertThat(Values.scalar(session, early)).isCloseTo(earlyBefore - RATE, within(1e-12));
        assertThat(Values.scalar(session, late))
            .isCloseTo(lateBefore - RATE * earlyBefore, within(1e-12));
      }
    }
  }

  /** The same, read off the edges of the graph: no run is needed to find a missing one. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void everyReaderIsBehindEveryUpdate(boolean sam) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Model model = TestModels.everything(graph, session);
      Op train = wrap(graph, new Adam(graph, 0.01f), sam, "k1").minimize(model.loss);
      Set<GraphOperation> step = GraphOps.behind((GraphOperation) train.op());
      Set<GraphOperation> weights = new HashSet<>();
      model.variables.forEach(w -> weights.add((GraphOperation) w.op()));
      int updates = 0;
      for (GraphOperation update : step) {
        if (update.type().equals("ApplyAdam")) {
          updates++;
          Set<GraphOperation> before = GraphOps.behind(update);
          for (GraphOperation op : step) {
            if (!op.type().equals("ApplyAdam") && reads(op, weights)) {
              assertThat(before).as("before %s", update.name()).contains(op);
            }
          }
        }
      }
      assertThat(updates).isEqualTo(model.variables.size());
    }
  }

  private static boolean reads(GraphOperation op, Set<GraphOperation> variables) {
    return op.inputs().stream().anyMatch(input -> variables.contains(input.op()));
  }
}
