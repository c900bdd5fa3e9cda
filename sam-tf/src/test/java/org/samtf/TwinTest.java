package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat64;

/** The second pass is the user's own loss, at w+ε. */
class TwinTest {

  private static final float RHO = 0.3f;

  static Stream<String> models() {
    return new TreeSet<>(TestModels.ALL.keySet()).stream();
  }

  @ParameterizedTest
  @MethodSource("models")
  void lossOfTheTwinIsTheLossAtThePerturbedWeights(String name) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Model model = TestModels.ALL.get(name).apply(graph, session);
      SamOptimizer sam = new SamOptimizer(graph, new Momentum(graph, 0.1f, 0.9f), RHO);
      sam.minimize(model.loss);

      Session.Runner first = session.runner().fetch(sam.perturbedLoss()).fetch(sam.loss());
      List<Operand<?>> fetched = new ArrayList<>(sam.step().epsilons());
      fetched.addAll(model.drawn);
      fetched.forEach(first::fetch);
      try (Result result = first.run()) {
        double perturbed = ((TFloat64) result.get(0)).getDouble();
        double plain = ((TFloat64) result.get(1)).getDouble();
        assertThat(perturbed).isNotEqualTo(plain);
        assertThat(sam.step().perturbed()).hasSameSizeAs(model.variables);
        for (int i = 0; i < model.variables.size(); i++) {
          String variable = sam.step().perturbed().get(i).op().name();
          add(graph, session, variable, (TFloat64) result.get(2 + i));
        }
        Session.Runner again = session.runner().fetch(model.loss);
        int epsilons = model.variables.size();
        for (int i = 0; i < model.drawn.size(); i++) {
          again.feed(model.drawn.get(i), result.get(2 + epsilons + i));
        }
        try (Result second = again.run()) {
          double assigned = ((TFloat64) second.get(0)).getDouble();
          assertThat(perturbed).isCloseTo(assigned, within(1e-12 * Math.abs(assigned)));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"perceptron", "convolution", "dropout", "everything", "weightDecay"})
  void inPlaceGivesTheSameWeights(String name) {
    List<double[]> beside = train(name, false);
    List<double[]> inPlace = train(name, true);
    for (int i = 0; i < beside.size(); i++) {
      for (int k = 0; k < beside.get(i).length; k++) {
        double expected = beside.get(i)[k];
        assertThat(inPlace.get(i)[k])
            .isCloseTo(expected, within(1e-12 * Math.max(1, Math.abs(expected))));
      }
    }
  }

  private static List<double[]> train(String name, boolean inPlace) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Model model = TestModels.ALL.get(name).apply(graph, session);
      SamOptimizer sam =
          SamOptimizer.builder(graph, new Momentum(graph, 0.1f, 0.9f))
              .rho(RHO)
              .inPlace(inPlace)
              .build();
      Op train = sam.minimize(model.loss);
      for (int step = 0; step < 5; step++) {
        Session.Runner runner = session.runner().addTarget(train);
        List<Tensor> masks = new ArrayList<>();
        for (int i = 0; i < model.drawn.size(); i++) {
          masks.add(mask(session, model.drawn.get(i), step));
          runner.feed(model.drawn.get(i), masks.get(i));
        }
        runner.run().close();
        masks.forEach(Tensor::close);
      }
      return Values.of(session, model.variables);
    }
  }

  /** The same numbers for a step in every training. */
  private static Tensor mask(Session session, Operand<?> drawn, int step) {
    try (Result result = session.runner().fetch(drawn).run()) {
      Tensor like = result.get(0);
      double[] values = new java.util.Random(step).doubles(like.size()).toArray();
      return Values.tensor(like.shape(), values);
    }
  }

  @Test
  void copiesOnlyWhatReadsTheWeights() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Variable<TFloat64> w = new TestModels.Maker(graph, session).weight("w", 3);
      Operand<TFloat64> input =
          tf.withName("preprocessed")
              .math
              .exp(tf.withName("input").constant(new double[] {1, 2, 3}));
      Operand<TFloat64> product = tf.withSubScope("layer").withName("product").math.mul(w, input);
      Operand<TFloat64> loss =
          tf.withName("loss").sum(tf.math.mul(product, product), tf.constant(0));
      new SamOptimizer(graph, new Momentum(graph, 0.1f)).minimize(loss);
      List<String> names = new ArrayList<>();
      graph.operations().forEachRemaining(op -> names.add(op.name()));
      assertThat(names)
          .contains("Sam/twin/layer/product", "Sam/twin/loss")
          .doesNotContain("Sam/twin/preprocessed", "Sam/twin/input", "Sam/twin/w");
      assertThat(names.stream().filter(name -> name.startsWith("Sam/twin/"))).hasSize(3);
    }
  }

  @Test
  void copiesStandOnTheDeviceOfTheOriginal() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Variable<TFloat64> w = new TestModels.Maker(graph, session).weight("w", 3);
      GraphOperation product =
          graph
              .opBuilder("Mul", "product", graph.baseScope().withDevice(device()))
              .addInput(w.asOutput())
              .addInput(w.asOutput())
              .build();
      Operand<TFloat64> loss = tf.sum(product.<TFloat64>output(0), tf.constant(0));
      new SamOptimizer(graph, new Momentum(graph, 0.1f)).minimize(loss);
      assertThat(product.device()).isEqualTo("/device:CPU:0");
      assertThat(graph.operation("Sam/twin/product").device()).isEqualTo("/device:CPU:0");
    }
  }

  private static org.tensorflow.DeviceSpec device() {
    return org.tensorflow.DeviceSpec.newBuilder()
        .deviceType(org.tensorflow.DeviceSpec.DeviceType.CPU)
        .deviceIndex(0)
        .build();
  }

  @Test
  void goesDeeperThanTheStack() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Operand<TFloat64> x = new TestModels.Maker(graph, session).weight("w", 2);
      for (int i = 0; i < 6000; i++) {
        x = tf.math.tanh(x);
      }
      new SamOptimizer(graph, new Momentum(graph, 0.1f)).minimize(tf.sum(x, tf.constant(0)));
      assertThat(graph.operation("Sam/twin/Tanh_5999")).isNotNull();
    }
  }

  private static void add(Graph graph, Session session, String variable, TFloat64 epsilon) {
    Ops tf = Ops.create(graph);
    Operand<TFloat64> w = graph.operation(variable).output(0);
    Operand<TFloat64> delta = tf.placeholder(TFloat64.class);
    session.runner().feed(delta, epsilon).addTarget(tf.assignAdd(w, delta)).run().close();
  }
}
