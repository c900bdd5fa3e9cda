package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.SessionFunction;
import org.tensorflow.Signature;
import org.tensorflow.framework.optimizers.Adam;
import org.tensorflow.framework.optimizers.GradientDescent;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.framework.optimizers.Optimizer.GradAndVar;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat64;

/** Graphs that come from elsewhere, and graphs with more than one optimizer in them. */
class LoadedGraphTest {

  private static final float RHO = 0.2f;

  @TempDir Path directory;

  @Test
  void graphDefTrainsAsTheGraphItWasMadeFrom() {
    List<double[]> expected;
    List<double[]> actual;
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Model model = TestModels.convolution(graph, session);
      List<double[]> initial = values(session, names(model.variables));
      try (Graph loaded = new Graph();
          Session loadedSession = new Session(loaded)) {
        loaded.importGraphDef(graph.toGraphDef());
        List<String> names = names(model.variables);
        assign(loaded, loadedSession, names, initial);
        Op train =
            new SamOptimizer(loaded, new Momentum(loaded, 0.1f, 0.9f), RHO)
                .minimize(loaded.operation(model.loss.op().name()).output(0));
        run(loadedSession, train, 5);
        actual = values(loadedSession, names);
      }
      Op train = new SamOptimizer(graph, new Momentum(graph, 0.1f, 0.9f), RHO).minimize(model.loss);
      run(session, train, 5);
      expected = values(session, names(model.variables));
    }
    assertSame(actual, expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"momentum", "adam"})
  void savedModelWithItsTrainOpGoesOnExactly(String base) throws IOException {
    List<double[]> expected;
    String path = directory.resolve("model").toString();
    List<String> names;
    String train;
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Model model = TestModels.perceptron(graph, session);
      SamOptimizer sam =
          new SamOptimizer(
              graph,
              base.equals("adam") ? new Adam(graph, 0.01f) : new Momentum(graph, 0.1f, 0.9f),
              RHO);
      Op op = sam.minimize(model.loss);
      train = op.op().name();
      run(session, op, 4);
      SavedModelBundle.exporter(path)
          .withFunction(
              SessionFunction.create(
                  Signature.builder("loss").output("loss", sam.loss()).build(), session))
          .export();
      run(session, op, 4);
      names = names(model.variables);
      expected = values(session, names);
    }
    try (SavedModelBundle bundle = SavedModelBundle.load(path)) {
      for (int step = 0; step < 4; step++) {
        bundle.session().runner().addTarget(train).run().close();
      }
      assertSame(values(bundle.session(), names), expected);
    }
  }

  @Test
  void savedModelGetsASamOptimizerAndTrains() throws IOException {
    String path = directory.resolve("model").toString();
    List<double[]> expected;
    List<String> names;
    String loss;
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Model model = TestModels.perceptron(graph, session);
      names = names(model.variables);
      loss = model.loss.op().name();
      SavedModelBundle.exporter(path)
          .withFunction(
              SessionFunction.create(
                  Signature.builder("loss").output("loss", model.loss).build(), session))
          .export();
      run(
          session,
          new SamOptimizer(graph, new Momentum(graph, 0.1f, 0.9f), RHO).minimize(model.loss),
          5);
      expected = values(session, names);
    }
    try (SavedModelBundle bundle = SavedModelBundle.load(path)) {
      Graph graph = bundle.graph();
      Op train =
          new SamOptimizer(graph, new Momentum(graph, 0.1f, 0.9f), RHO)
              .minimize(graph.operation(loss).output(0));
      bundle.session().initialize();
      run(bundle.session(), train, 5);
      assertSame(values(bundle.session(), names), expected);
    }
  }

  @Test
  void graphWithOurOpsInItGetsAnotherOptimizer() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Model model = TestModels.perceptron(graph, session);
      new SamOptimizer(graph, new Momentum(graph, 0.1f, 0.9f), RHO).minimize(model.loss);
      try (Graph loaded = new Graph();
          Session loadedSession = new Session(loaded)) {
        loaded.importGraphDef(graph.toGraphDef());
        List<String> names = names(model.variables);
        assign(loaded, loadedSession, names, values(session, names));
        SamOptimizer sam = new SamOptimizer(loaded, new Momentum(loaded, 0.1f, 0.9f), 2 * RHO);
        Op train = sam.minimize(loaded.operation(model.loss.op().name()).output(0));
        assertThat(train.op().name()).isEqualTo("Sam-minimize_1");
        assertThat(sam.sharpness().op().name()).isEqualTo("Sam_1/sharpness");
        assertThat(sam.step().perturbed()).hasSize(4);
        run(loadedSession, train, 3);
        assertThat(Values.scalar(loadedSession, sam.perturbationNorm()))
            .isCloseTo(2 * RHO, org.assertj.core.api.Assertions.within(1e-7));
      }
    }
  }

  @Test
  void twoOptimizersTrainTwoModelsInOneGraph() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Maker m = new TestModels.Maker(graph, session);
      Ops tf = m.tf;
      Variable<TFloat64> first = m.weight("first", 3);
      Variable<TFloat64> second = m.weight("second", 3);
      SamOptimizer one = new SamOptimizer(graph, new Momentum(graph, 0.1f, 0.9f), RHO);
      SamOptimizer two = new SamOptimizer(graph, new Momentum(graph, 0.1f, 0.9f), RHO);
      Op trainFirst = one.minimize(tf.sum(tf.math.mul(first, first), tf.constant(0)));
      Op trainSecond = two.minimize(tf.sum(tf.math.mul(second, second), tf.constant(0)));
      double[] firstBefore = Values.of(session, first);
      double[] secondBefore = Values.of(session, second);
      session.run(trainFirst);
      assertThat(Values.of(session, first)).isNotEqualTo(firstBefore);
      assertThat(Values.of(session, second)).isEqualTo(secondBefore);
      double[] firstAfter = Values.of(session, first);
      session.run(trainSecond);
      assertThat(Values.of(session, first)).isEqualTo(firstAfter);
      assertThat(Values.of(session, second)).isNotEqualTo(secondBefore);
      assertThat(one.loss().op().name()).isEqualTo("Sam/loss");
      assertThat(two.loss().op().name()).isEqualTo("Sam_1/loss");
    }
  }

  @Test
  void minimizeCanBeCalledTwice() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Model model = TestModels.perceptron(graph, session);
      SamOptimizer sam = new SamOptimizer(graph, new Adam(graph, 0.01f), RHO);
      Op once = sam.minimize(model.loss);
      Op again = sam.minimize(model.loss);
      assertThat(once.op().name()).isEqualTo("Sam-minimize");
      assertThat(again.op().name()).isEqualTo("Sam-minimize_1");
      double before = Values.scalar(session, sam.loss());
      session.run(once);
      session.run(again);
      assertThat(Values.scalar(session, sam.loss())).isLessThan(before);
    }
  }

  /** SAM must not train what it made itself, nor the slots of optimizers. */
  @Test
  void onlyVariablesOfTheModelAreTrained() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Model model = TestModels.everything(graph, session);
      new Adam(graph, 0.1f);
      SamOptimizer sam = new SamOptimizer(graph, new Adam(graph, 0.01f), RHO);
      Op train = sam.minimize(model.loss);
      var before = Values.variables(graph, session);
      session.run(train);
      List<String> changed = Values.changed(before, Values.variables(graph, session));
      assertThat(changed).contains("k1", "k2", "w", "bn1-gamma", "beta1_power");
      assertThat(changed).doesNotContain("bn1-movingMean", "bn2-movingMean");
      assertThat(sam.step().perturbed()).hasSize(model.variables.size());
    }
  }

  @Test
  void gradientsCanBeChangedBeforeTheyAreApplied() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Maker m = new TestModels.Maker(graph, session);
      Ops tf = m.tf;
      Variable<TFloat64> w = m.variable("w", new double[] {3, 4}, 2);
      SamOptimizer sam = new SamOptimizer(graph, new GradientDescent(graph, 0.5f), 1f);
      var pairs = sam.computeGradients(tf.nn.l2Loss(w));
      // g = w = (3, 4), so that ε = (0.6, 0.8).
      assertThat(Values.of(session, pairs.get(0).getGradient()))
          .containsExactly(new double[] {3.6, 4.8}, org.assertj.core.data.Offset.offset(1e-12));
      Operand<TFloat64> clipped =
          tf.math.minimum(Reals.<Operand<TFloat64>>unchecked(pairs.get(0).getGradient()), m.c(4));
      Op train =
          sam.applyGradients(
              List.of(new GradAndVar<>(clipped.asOutput(), w.asOutput())), "clippedStep");
      session.run(train);
      assertThat(train.op().name()).isEqualTo("clippedStep");
      assertThat(Values.of(session, w))
          .containsExactly(new double[] {1.2, 2}, org.assertj.core.data.Offset.offset(1e-12));
    }
  }

  private static void run(Session session, Op op, int times) {
    for (int i = 0; i < times; i++) {
      session.run(op);
    }
  }

  private static List<String> names(List<Variable<TFloat64>> variables) {
    List<String> names = new ArrayList<>();
    variables.forEach(variable -> names.add(variable.op().name()));
    return names;
  }

  private static List<double[]> values(Session session, List<String> names) {
    List<double[]> values = new ArrayList<>();
    for (String name : names) {
      try (Result result = session.runner().fetch(name).run()) {
        values.add(Values.of(result.get(0)));
      }
    }
    return values;
  }

  private static void assign(
      Graph graph, Session session, List<String> names, List<double[]> values) {
    Ops tf = Ops.create(graph);
    for (int i = 0; i < names.size(); i++) {
      Operand<TFloat64> variable = graph.operation(names.get(i)).output(0);
      session.run(
          tf.assign(
              variable, Values.constant(tf, TFloat64.class, variable.shape(), values.get(i))));
    }
  }

  private static void assertSame(List<double[]> actual, List<double[]> expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < expected.size(); i++) {
      assertThat(actual.get(i)).isEqualTo(expected.get(i));
    }
  }
}
