package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.DoubleStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.AdaDelta;
import org.tensorflow.framework.optimizers.AdaGrad;
import org.tensorflow.framework.optimizers.AdaGradDA;
import org.tensorflow.framework.optimizers.Adam;
import org.tensorflow.framework.optimizers.Adamax;
import org.tensorflow.framework.optimizers.Ftrl;
import org.tensorflow.framework.optimizers.GradientDescent;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.framework.optimizers.Nadam;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.framework.optimizers.RMSProp;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat64;

/** Variables in name scopes, as Python writes them; TF-Java alone cannot give those slots. */
class ScopedNamesTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "AdaDelta",
        "AdaGrad",
        "AdaGradDA",
        "Adam",
        "Adamax",
        "Ftrl",
        "GradientDescent",
        "Momentum",
        "Nadam",
        "RMSProp"
      })
  void trainsAsWithoutScopes(String base) {
    assertThat(train("layer/w", "a/b/w", graph -> base(base, graph)))
        .isEqualTo(train("w", "w2", graph -> base(base, graph)));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void slotsAreFoundByTheirVariable(boolean withSam) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Variable<TFloat64> w = variable(graph, session, "layer/w", 1, 2);
      variable(graph, session, "layer.w", 3, 4);
      Momentum base = new Momentum(graph, 0.1f, 0.9f);
      Optimizer optimizer =
          withSam ? new SamOptimizer(graph, base) : new OrderedOptimizer(graph, base);
      Op train = optimizer.minimize(Ops.create(graph).nn.l2Loss(w));
      session.run(train);
      assertThat(Values.of(session, optimizer.getSlot(w.asOutput(), "momentum").orElseThrow()))
          .satisfies(slot -> assertThat(slot[0]).isBetween(1.0, 1.05));
      assertThat(graph.operation("layer.w_1-momentum")).isNotNull();
      assertThat(optimizer.getSlot(w.asOutput(), "none")).isEmpty();
    }
  }

  private static List<Double> train(String first, String second, Function<Graph, Optimizer> base) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Variable<TFloat64> w = variable(graph, session, first, 0.5, -1);
      Variable<TFloat64> w2 = variable(graph, session, second, 2, 3);
      Operand<TFloat64> product = tf.math.mul(tf.math.tanh(w), w2);
      Op train =
          new SamOptimizer(graph, base.apply(graph), 0.1f)
              .minimize(tf.math.add(tf.nn.l2Loss(product), tf.nn.l2Loss(w)));
      for (int step = 0; step < 4; step++) {
        session.run(train);
      }
      List<Double> values = new ArrayList<>();
      DoubleStream.of(Values.of(session, w)).forEach(values::add);
      DoubleStream.of(Values.of(session, w2)).forEach(values::add);
      return values;
    }
  }

  private static Variable<TFloat64> variable(
      Graph graph, Session session, String name, double... values) {
    Ops tf = Ops.create(graph);
    int slash = name.lastIndexOf('/');
    for (String scope : slash < 0 ? new String[0] : name.substring(0, slash).split("/")) {
      tf = tf.withSubScope(scope);
    }
    Shape shape = Shape.of(values.length);
    Variable<TFloat64> variable =
        tf.withName(name.substring(slash + 1)).variable(shape, TFloat64.class);
    assertThat(variable.op().name()).isEqualTo(name);
    session.run(
        Ops.create(graph).assign(variable, Values.constant(tf, TFloat64.class, shape, values)));
    return variable;
  }

  private static Optimizer base(String name, Graph graph) {
    switch (name) {
      case "AdaDelta":
        return new AdaDelta(graph, 0.1f);
      case "AdaGrad":
        return new AdaGrad(graph, 0.1f);
      case "AdaGradDA":
        return new AdaGradDA(graph, 0.1f);
      case "Adam":
        return new Adam(graph, 0.1f);
      case "Adamax":
        return new Adamax(graph, 0.1f);
      case "Ftrl":
        return new Ftrl(graph, 0.1f);
      case "GradientDescent":
        return new GradientDescent(graph, 0.1f);
      case "Momentum":
        return new Momentum(graph, 0.1f, 0.9f);
      case "Nadam":
        return new Nadam(graph, 0.1f);
      default:
        return new RMSProp(graph, 0.1f);
    }
  }
}
