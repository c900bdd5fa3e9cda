package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.Adam;
import org.tensorflow.op.Op;
import org.tensorflow.types.TFloat64;

/** A step is one {@code session.run} that feeds and fetches nothing but what the user says. */
class OneRunTest {

  private static final Set<String> TO_THE_HOST =
      Set.of("PyFunc", "EagerPyFunc", "_Send", "_Recv", "Send", "Recv", "_HostSend", "_HostRecv");

  @Test
  void oneRunIsTheWholeStep() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Model model = TestModels.perceptron(graph, session);
      SamOptimizer sam = new SamOptimizer(graph, new Adam(graph, 0.01f), 0.1f);
      Op train = sam.minimize(model.loss);
      double[] before = Values.of(session, model.variables.get(0));
      double beta = 0;
      try (Result result =
          session
              .runner()
              .addTarget(train)
              .fetch(sam.loss())
              .fetch(sam.perturbedLoss())
              .fetch(sam.sharpness())
              .fetch(sam.gradientNorm())
              .fetch(sam.perturbationNorm())
              .run()) {
        double loss = ((TFloat64) result.get(0)).getDouble();
        double perturbedLoss = ((TFloat64) result.get(1)).getDouble();
        assertThat(((TFloat64) result.get(2)).getDouble()).isEqualTo(perturbedLoss - loss);
        assertThat(perturbedLoss).isGreaterThan(loss);
        assertThat(((TFloat64) result.get(3)).getDouble()).isPositive();
        assertThat(((TFloat64) result.get(4)).getDouble())
            .isCloseTo(0.1f, org.assertj.core.api.Assertions.within(1e-9));
      }
      assertThat(Values.of(session, model.variables.get(0))).isNotEqualTo(before);
    }
  }

  /** A variable that every run of the forward ops advances counts the runs. */
  @Test
  void everythingOfAStepIsBehindTheTrainOp() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Maker m = new TestModels.Maker(graph, session);
      var w = m.weight("w", 4);
      var runs = m.variable("runs", new double[1], 1);
      Op counted = m.tf.assignAdd(runs, m.tf.constant(new double[] {1}));
      Operand<TFloat64> read = m.tf.withControlDependencies(List.of(counted)).identity(w);
      SamOptimizer sam = new SamOptimizer(graph, new Adam(graph, 0.01f), 0.1f);
      Op train = sam.minimize(m.tf.nn.l2Loss(read));
      Set<GraphOperation> behind =
          new HashSet<>(graph.subgraphToOps(Set.of((GraphOperation) train.op())));
      assertThat(behind)
          .noneMatch(op -> op.type().equals("Placeholder"))
          .noneMatch(op -> TO_THE_HOST.contains(op.type()))
          .anyMatch(op -> op.name().startsWith("Sam/ascent/"))
          .anyMatch(op -> op.name().startsWith("Sam/twin/"))
          .anyMatch(op -> op.name().startsWith("Sam/descent/"))
          .anyMatch(op -> op.type().equals("ApplyAdam"));
      for (int step = 1; step <= 3; step++) {
        session.run(train);
        assertThat(Values.of(session, runs)).containsExactly(step);
      }
    }
  }
}
