package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.OpDefs;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.Adam;
import org.tensorflow.framework.optimizers.GradientDescent;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.framework.optimizers.Nadam;
import org.tensorflow.op.Op;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat64;

/** A plain optimizer whose step is in order; what it computes is in PublishedOptimizersTest. */
class OrderedOptimizerTest {

  @Test
  void trainsInAGraphWithVariablesThatTheLossDoesNotReach() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Maker m = new TestModels.Maker(graph, session);
      Variable<TFloat64> idle = m.variable("idle", new double[] {7}, 1);
      Variable<TFloat64> w = m.variable("w", new double[] {2}, 1);
      Operand<TFloat64> loss = m.tf.nn.l2Loss(w);
      assertThatThrownBy(() -> new GradientDescent(graph, 0.5f).minimize(loss))
          .hasMessageContaining("idle");
      session.run(new OrderedOptimizer(graph, new GradientDescent(graph, 0.5f)).minimize(loss));
      assertThat(Values.of(session, w)).containsExactly(1);
      assertThat(Values.of(session, idle)).containsExactly(7);
    }
  }

  @Test
  void gradientThatIsNotFiniteNamesItsVariableAndChangesNothing() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Maker m = new TestModels.Maker(graph, session);
      Variable<TFloat64> good = m.variable("good", new double[] {1}, 1);
      Variable<TFloat64> bad = m.variable("bad", new double[] {0}, 1);
      Operand<TFloat64> loss =
          m.tf.math.add(m.tf.nn.l2Loss(good), m.tf.sum(m.tf.math.sqrt(bad), m.tf.constant(0)));
      // Nadam assigns part of its state without waiting for a gradient.
      Op train = new OrderedOptimizer(graph, new Nadam(graph, 0.1f)).minimize(loss);
      Map<String, byte[]> before = Values.variables(graph, session);
      for (int i = 0; i < 20; i++) {
        assertThatThrownBy(() -> session.run(train))
            .hasMessageContaining(
                "Ordered: the gradient of variable bad is not finite, no variable was changed");
      }
      assertThat(Values.changed(before, Values.variables(graph, session))).isEmpty();
    }
  }

  @Test
  void whatIsFrozenStays() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Maker m = new TestModels.Maker(graph, session);
      Variable<TFloat64> body = m.variable("body", new double[] {2}, 1);
      Variable<TFloat64> head = m.variable("head", new double[] {2}, 1);
      Operand<TFloat64> loss = m.tf.nn.l2Loss(m.tf.math.mul(body, head));
      OrderedOptimizer.Builder builder =
          OrderedOptimizer.builder(graph, new Momentum(graph, 0.25f, 0.9f));
      for (OrderedOptimizer optimizer :
          List.of(builder.freeze("bo*").build(), builder.freeze("body"::equals).build())) {
        session.run(m.tf.assign(head, m.tf.constant(new double[] {2})));
        session.run(optimizer.minimize(loss));
        assertThat(Values.of(session, body)).containsExactly(2);
        // The gradient is 2 * 2 * 2; there is no slot of what is frozen.
        assertThat(Values.of(session, head)).containsExactly(0);
      }
      assertThat(Values.variables(graph, session).keySet())
          .filteredOn(name -> name.contains("momentum"))
          .isNotEmpty()
          .allMatch(name -> name.contains("head"));
      assertThatThrownBy(() -> builder.freeze("tail").build().minimize(loss))
          .hasMessageContaining("freeze has \"tail\", which matches no variable");
      assertThatThrownBy(() -> builder.freeze("*").build().minimize(loss))
          .hasMessageContaining("so that none is left to train; freeze fewer");
      assertThat(builder.freeze("bo*").build())
          .hasToString(
              "OrderedOptimizer{base=Momentum{learningRate=0.25, momentum=0.9, useNesterov=false},"
                  + " freeze=[bo*]}");
    }
  }

  /** Every op of a step that assigns comes after the barrier that all gradients pass. */
  @Test
  void nothingIsAssignedBeforeTheBarrier() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Model model = TestModels.perceptron(graph, session);
      Op train = new OrderedOptimizer(graph, new Adam(graph, 0.1f)).minimize(model.loss);
      Set<GraphOperation> step = graph.subgraphToOps(Set.of((GraphOperation) train.op()));
      Set<GraphOperation> barriers = new HashSet<>();
      step.stream().filter(op -> op.type().equals("IdentityN")).forEach(barriers::add);
      Set<GraphOperation> behind = graph.subgraphFromOps(barriers);
      assertThat(barriers).hasSize(1);
      assertThat(step.stream().filter(op -> OpDefs.of(op.type()).takesRef))
          .hasSize(4 + 2)
          .allMatch(behind::contains);
    }
  }

  @Test
  void updatesAreOrderedByAsManyEdgesAsThereAreVariables() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Model model = TestModels.perceptron(graph, session);
      Op train = new OrderedOptimizer(graph, new Momentum(graph, 0.1f, 0.9f)).minimize(model.loss);
      graph.subgraphToOps(Set.of((GraphOperation) train.op())).stream()
          .filter(op -> op.type().equals("ApplyMomentum"))
          .forEach(op -> assertThat(op.numControlInputs()).isLessThanOrEqualTo(1));
    }
  }

  /** Which of two variables is assigned to is known in the run only: its readers come first. */
  @Test
  void anAssignmentToOneOfSeveralVariablesWaitsForTheReadersOfEach() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Maker m = new TestModels.Maker(graph, session);
      Variable<TFloat64> a = m.variable("a", new double[] {1}, 1);
      Variable<TFloat64> b = m.variable("b", new double[] {2}, 1);
      GraphOperation read = (GraphOperation) m.tf.withName("read").identity(b).op();
      GraphOperation selected =
          graph
              .opBuilder("RefSelect", "selected", graph.baseScope())
              .addInput(m.tf.constant(1).asOutput())
              .addInputList(new Output<?>[] {a.asOutput(), b.asOutput()})
              .build();
      GraphOperation store =
          (GraphOperation)
              m.tf
                  .withName("store")
                  .assign(selected.<TFloat64>output(0), m.tf.constant(new double[] {3}))
                  .op();
      GraphOperation update =
          (GraphOperation)
              m.tf.withControlDependencyOps(List.of(read, store)).withName("update").noOp().op();
      GraphScope scope = GraphScope.unique(graph, "Ordered");
      List<GraphOperation> ordered =
          UpdateOrder.order(scope, Set.of(), List.of(read, selected, store, update), update);
      assertThat(ordered).extracting(GraphOperation::name).containsOnly("read", "Ordered/store");
      assertThat(graph.operation("Ordered/store").controlInputs()).containsExactly(read);
    }
  }
}
