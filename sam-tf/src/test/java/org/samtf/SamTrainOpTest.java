package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.internal.graph.Protos;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.framework.optimizers.GradientDescent;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/** SAM around steps that are in the graph already. */
class SamTrainOpTest {

  /** The step of an optimizer of TF-Java, as its code wrote it: with SAM the same as SAM's own. */
  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"NADAM", "OF_A_USER"})
  void aroundAStepOfJavaItIsSam(ZeroRhoTest.Base base) {
    Map<String, byte[]> expected =
        ZeroRhoTest.trained(
            (graph, loss) ->
                SamOptimizer.builder(graph, base.maker.apply(graph))
                    .rho(0.25f)
                    .build()
                    .minimize(loss),
            ZeroRhoTest.Bias.PLAIN,
            5);
    Map<String, byte[]> actual =
        ZeroRhoTest.trained(
            (graph, loss) -> around(graph, base, loss, 0.25f), ZeroRhoTest.Bias.PLAIN, 5);
    for (String name : List.of("w0", "b0", "w1", "b1", "w2", "b2")) {
      float[] one = floats(expected.get(name));
      float[] other = floats(actual.get(name));
      for (int i = 0; i < one.length; i++) {
        assertThat(other[i]).as(name).isCloseTo(one[i], within(2e-5f));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"NADAM", "OF_A_USER"})
  void withRhoZeroItIsTheStepToTheLastBit(ZeroRhoTest.Base base) {
    for (ZeroRhoTest.Bias bias : ZeroRhoTest.Bias.values()) {
      Map<String, byte[]> expected = ZeroRhoTest.trainedByBase(base, bias);
      Map<String, byte[]> actual =
          ZeroRhoTest.trained(
              (graph, loss) -> around(graph, base, loss, 0), bias, ZeroRhoTest.STEPS);
      assertThat(Values.changed(expected, actual)).isEmpty();
    }
  }

  /** TF-Java writes Nadam with plain assignments. */
  @Test
  void aStepOfPlainAssignmentsIsRefused() {
    assertThatThrownBy(
            () ->
                ZeroRhoTest.trained(
                    (graph, loss) -> around(graph, ZeroRhoTest.Base.NADAM, loss, 0.1f),
                    ZeroRhoTest.Bias.PLAIN,
                    1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("it assigns by Assign, from which the gradients cannot be told");
  }

  private static Op around(Graph graph, ZeroRhoTest.Base base, Operand<?> loss, float rho) {
    Op train = new OrderedOptimizer(graph, base.maker.apply(graph)).minimize(loss);
    return SamTrainOp.around(graph, train).rho(rho).build().op();
  }

  private static float[] floats(byte[] bytes) {
    float[] values = new float[bytes.length / 4];
    java.nio.ByteBuffer.wrap(bytes)
        .order(java.nio.ByteOrder.nativeOrder())
        .asFloatBuffer()
        .get(values);
    return values;
  }

  static Stream<Arguments> graphsOfPython() throws IOException {
    List<Arguments> runs = new ArrayList<>();
    JsonNode document = json();
    document.get("runs").forEach(run -> runs.add(Arguments.of(run.get("name").asText(), run)));
    return runs.stream();
  }

  /** Rows of a table, clipping by the global norm, batch norm, variables of both kinds. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("graphsOfPython")
  void aroundAStepOfPythonItIsWhatPythonComputes(String name, JsonNode run) throws IOException {
    try (Graph graph = read(name);
        Session session = new Session(graph)) {
      SamTrainOp sam = SamTrainOp.around(graph, op(graph, "train")).rho(0.125f).build();
      session.run("init");
      for (int step = 0; step < run.get("batches").size(); step++) {
        List<Tensor> fed = new ArrayList<>();
        Session.Runner runner = session.runner().addTarget(sam.op()).fetch(sam.gradientNorm());
        run.get("batches")
            .get(step)
            .fields()
            .forEachRemaining(
                batch -> {
                  fed.add(tensor(batch.getValue(), graph, batch.getKey()));
                  runner.feed(batch.getKey() + ":0", fed.get(fed.size() - 1));
                });
        try (Result result = runner.fetch(sam.perturbationNorm()).run()) {
          double norm = run.get("gradient_norms").get(step).asDouble();
          assertThat(Values.of(result.get(0))[0]).isCloseTo(norm, within(1e-4 * norm));
          assertThat(Values.of(result.get(1))[0]).isCloseTo(0.125, within(1e-6));
        } finally {
          fed.forEach(Tensor::close);
        }
        Set<String> checked = new HashSet<>();
        run.get("variables_after_step")
            .get(step)
            .fields()
            .forEachRemaining(
                variable -> {
                  checked.add(variable.getKey());
                  double[] actual = value(graph, session, variable.getKey());
                  List<Double> expected = new ArrayList<>();
                  flatten(variable.getValue(), expected);
                  assertThat(actual).hasSize(expected.size());
                  for (int i = 0; i < actual.length; i++) {
                    assertThat(actual[i])
                        .as("%s[%d]", variable.getKey(), i)
                        .isCloseTo(expected.get(i), within(1e-5));
                  }
                });
        assertThat(checked).hasSizeGreaterThan(4);
      }
    }
  }

  /** Loops included, and on top of each other. */
  @ParameterizedTest
  @ValueSource(strings = {"momentum-rows", "momentum-loops", "adam-resource-loops"})
  void withRhoZeroAStepOfPythonIsTheSameToTheLastBit(String name) throws IOException {
    assertThat(Values.changed(threeSteps(name, false), threeSteps(name, true))).isEmpty();
  }

  private static Map<String, byte[]> threeSteps(String name, boolean withSam) throws IOException {
    JsonNode run = null;
    for (JsonNode one : json().get("runs")) {
      run = one.get("name").asText().equals(name) ? one : run;
    }
    try (Graph graph = read(name);
        Session session = new Session(graph)) {
      Op train = op(graph, "train");
      if (withSam) {
        SamTrainOp.around(graph, train).rho(0.5f).build(); // it is there, and not run
        train = SamTrainOp.around(graph, train).rho(0).build().op();
      }
      session.run("init");
      for (int step = 0; step < 3; step++) {
        List<Tensor> fed = new ArrayList<>();
        Session.Runner runner = session.runner().addTarget(train);
        run.get("batches")
            .get(step)
            .fields()
            .forEachRemaining(
                batch -> {
                  fed.add(tensor(batch.getValue(), graph, batch.getKey()));
                  runner.feed(batch.getKey() + ":0", fed.get(fed.size() - 1));
                });
        runner.run().close();
        fed.forEach(Tensor::close);
      }
      Map<String, byte[]> values = new TreeMap<>();
      run.get("variables_after_step")
          .get(0)
          .fieldNames()
          .forEachRemaining(
              variable -> {
                double[] value = value(graph, session, variable);
                values.put(variable, Arrays.toString(value).getBytes(StandardCharsets.UTF_8));
              });
      return values;
    }
  }

  /** With TF-Java such a graph cannot be differentiated, nor can its step be told apart. */
  @Test
  void whatCannotBeIsRefusedByName() throws IOException {
    try (Graph graph = read("random-in-loop")) {
      assertThatThrownBy(() -> SamTrainOp.around(graph, op(graph, "train")).build())
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("(RandomUniform) is in a loop and has state or a side effect");
    }
    try (Graph graph = read("plain-assign")) {
      assertThatThrownBy(() -> SamTrainOp.around(graph, op(graph, "train")).build())
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("it assigns by AssignSub");
    }
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Maker m = new TestModels.Maker(graph, session);
      Variable<TFloat64> w = m.variable("w", new double[] {1, 2}, 2);
      Variable<TFloat64> v = m.variable("v", new double[] {1, 2}, 2);
      Ops tf = m.tf;
      Operand<TFloat64> loss = tf.sum(tf.math.mul(tf.math.mul(w, w), v), tf.constant(0));
      Op train = new GradientDescent(graph, 0.1f).minimize(loss);
      SamTrainOp.Builder sam = SamTrainOp.around(graph, train);
      assertThatThrownBy(() -> sam.doNotPerturb("*").build()).hasMessageContaining("doNotPerturb");
      assertThatThrownBy(() -> sam.doNotPerturb("x").build()).hasMessageContaining("x");
      assertThatThrownBy(() -> sam.norm(0.5)).hasMessageContaining("norm is 0.5");
      assertThatThrownBy(() -> sam.rho(-1)).hasMessageContaining("rho is -1.0");
      assertThatThrownBy(() -> SamTrainOp.around(graph, loss).build())
          .hasMessageContaining("assigns by nothing");
      Op again = new GradientDescent(graph, 0.1f).minimize(loss);
      Op both = tf.withControlDependencies(List.of(train, again)).noOp();
      assertThatThrownBy(() -> SamTrainOp.around(graph, both).build())
          .hasMessageContaining("updated twice");
      Op byHand = tf.assignSub(v, tf.math.mul(tf.math.mul(w, w), tf.constant(0.1)));
      GraphOperation ofW =
          (GraphOperation)
              GraphOps.behind((GraphOperation) train.op()).stream()
                  .filter(op -> op.type().equals("ApplyGradientDescent"))
                  .filter(op -> op.inputs().get(0).op().name().equals("w"))
                  .findFirst()
                  .orElseThrow();
      Op mixed = tf.withControlDependencies(List.of(byHand, () -> ofW)).noOp();
      assertThatThrownBy(() -> SamTrainOp.around(graph, mixed).build())
          .hasMessageContaining("updates variable \"v\"")
          .hasMessageContaining("AssignSub");
    }
  }

  /** A step that fails at w+ε leaves everything as it was. */
  @Test
  void aStepThatFailsChangesNothing() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Maker m = new TestModels.Maker(graph, session);
      Variable<TFloat64> w = m.variable("w", new double[] {1, 2}, 2);
      Operand<TFloat64> loss = FailedStepTest.lossWithLimit(m, w, m.tf.constant(100.0));
      Op train = new Momentum(graph, 0.1f, 0.9f).minimize(loss);
      Op sam = SamTrainOp.around(graph, train).rho(1000).build().op();
      session.initialize();
      Map<String, byte[]> before = Values.variables(graph, session);
      assertThatThrownBy(() -> session.run(sam)).hasMessageContaining("Sam/");
      assertThat(Values.changed(before, Values.variables(graph, session))).isEmpty();
      session.run(train);
      assertThat(Values.changed(before, Values.variables(graph, session))).contains("w");
    }
  }

  /** Momentum, a count behind it, and a moving average beside it. */
  private static final class Skippable {
    final Graph graph;
    final Placeholder<TFloat64> x;
    final Op train;
    final Op average;

    Skippable(Graph graph, Session session) {
      this.graph = graph;
      TestModels.Maker m = new TestModels.Maker(graph, session);
      Ops tf = m.tf;
      x = tf.placeholder(TFloat64.class, Placeholder.shape(Shape.of(2)));
      Variable<TFloat64> w = m.variable("w", new double[] {1, 2}, 2);
      Operand<TFloat64> error = tf.math.sub(tf.math.mul(w, x), tf.constant(3.0));
      Operand<TFloat64> loss = tf.math.mean(tf.math.square(error), tf.constant(0));
      // Before there are other variables: TF-Java would ask for their gradients, too.
      Op updates = new Momentum(graph, 0.125f, 0.5f).minimize(loss);
      Variable<TFloat64> mean = m.variable("mean", new double[] {3}, 1);
      Variable<TInt64> count = tf.withName("count").variable(tf.constant(0L));
      Operand<TFloat64> ofBatch = tf.reshape(tf.math.mean(x, tf.constant(0)), tf.array(1));
      average = tf.assignSub(mean, tf.math.mul(tf.math.sub(mean, ofBatch), tf.constant(0.25)));
      Op counted = tf.withControlDependencies(List.of(updates)).assignAdd(count, tf.constant(1L));
      train = tf.withControlDependencies(List.of(counted, average)).noOp();
    }

    boolean run(Session session, SamTrainOp step, boolean skips, double... batch) {
      try (TFloat64 fed = TFloat64.vectorOf(batch)) {
        Session.Runner runner = session.runner().feed(x, fed).addTarget(step.op());
        try (Result result = (skips ? runner.fetch(step.skipped()) : runner).run()) {
          return skips && ((TBool) result.get(0)).getBoolean();
        }
      }
    }
  }

  @Test
  void aStepThatIsSkippedChangesNothingButItsCount() {
    Map<String, byte[]> failing;
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Skippable model = new Skippable(graph, session);
      SamTrainOp step = SamTrainOp.around(graph, model.train).rho(0.25f).build();
      session.initialize();
      model.run(session, step, false, 1, 2);
      model.run(session, step, false, 3, -1);
      failing = Values.variables(graph, session);
      assertThatThrownBy(step::skipped).hasMessageContaining("build with notFinite(SKIP)");
      assertThatThrownBy(step::skippedSteps).hasMessageContaining("build with notFinite(SKIP)");
    }
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Skippable model = new Skippable(graph, session);
      SamTrainOp step =
          SamTrainOp.around(graph, model.train).rho(0.25f).notFinite(NotFinite.SKIP).build();
      session.initialize();
      assertThat(model.run(session, step, true, 1, 2)).isFalse();
      for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY, 1e200}) {
        Map<String, byte[]> before = Values.variables(graph, session);
        assertThat(model.run(session, step, true, bad, 2)).isTrue();
        assertThat(Values.changed(before, Values.variables(graph, session)))
            .singleElement()
            .asString()
            .contains("skippedSteps");
      }
      assertThat(model.run(session, step, true, 3, -1)).isFalse();
      Map<String, byte[]> skipping = Values.variables(graph, session);
      failing.forEach((name, value) -> assertThat(skipping.get(name)).as(name).isEqualTo(value));
      try (Result result = session.runner().fetch(step.skippedSteps()).run()) {
        assertThat(((TInt64) result.get(0)).getLong()).isEqualTo(3);
      }
    }
  }

  /** What a gradient waits for is assigned before the gradient is known. */
  @Test
  void aStepThatAssignsBeforeItsGradientsIsNotSkipped() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Skippable model = new Skippable(graph, session);
      TestModels.Maker m = new TestModels.Maker(graph, session);
      Variable<TFloat64> v = m.variable("v", new double[] {1, 2}, 2);
      Operand<TFloat64> loss =
          m.tf
              .withControlDependencies(List.of(model.average))
              .math
              .mean(m.tf.math.square(v), m.tf.constant(0));
      Op train = new OrderedOptimizer(graph, new Momentum(graph, 0.1f, 0.9f)).minimize(loss);
      SamTrainOp.Builder sam = SamTrainOp.around(graph, train);
      sam.build();
      assertThatThrownBy(() -> sam.notFinite(NotFinite.SKIP).build())
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("notFinite is SKIP, but a gradient of the step waits for")
          .hasMessageContaining("(AssignSub)")
          .message()
          .hasLineCount(1);
    }
  }

  private static Op op(Graph graph, String name) {
    GraphOperation op = graph.operation(name);
    return () -> op;
  }

  private static Tensor tensor(JsonNode values, Graph graph, String name) {
    List<Double> flat = new ArrayList<>();
    flatten(values, flat);
    Shape shape = graph.operation(name).output(0).shape();
    if (TInt32.class.equals(graph.operation(name).output(0).type())) {
      return TInt32.tensorOf(
          shape, DataBuffers.of(flat.stream().mapToInt(Double::intValue).toArray()));
    }
    float[] floats = new float[flat.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = flat.get(i).floatValue();
    }
    return TFloat32.tensorOf(shape, DataBuffers.of(floats));
  }

  private static double[] value(Graph graph, Session session, String variable) {
    boolean isResource = graph.operation(variable).type().equals("VarHandleOp");
    String name = isResource ? variable + "/Read/ReadVariableOp" : variable;
    try (Result result = session.runner().fetch(name + ":0").run()) {
      Tensor value = result.get(0);
      if (value instanceof org.tensorflow.types.TInt64) {
        return new double[] {((org.tensorflow.types.TInt64) value).getLong()};
      }
      return Values.of(value);
    }
  }

  private static void flatten(JsonNode node, List<Double> values) {
    if (node.isArray()) {
      node.forEach(child -> flatten(child, values));
    } else {
      values.add(node.asDouble());
    }
  }

  private static JsonNode json() throws IOException {
    try (InputStream in =
        SamTrainOpTest.class.getResourceAsStream("train-graphs/train-graphs.json")) {
      return new ObjectMapper().readTree(in);
    }
  }

  private static Graph read(String name) throws IOException {
    try (InputStream in =
        SamTrainOpTest.class.getResourceAsStream("train-graphs/" + name + ".pb")) {
      Graph graph = new Graph();
      graph.importGraphDef(
          Protos.savedModel(in.readAllBytes(), "train").getMetaGraphs(0).getGraphDef());
      return graph;
    }
  }
}
