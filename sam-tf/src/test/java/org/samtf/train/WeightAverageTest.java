package org.samtf.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.samtf.OrderedOptimizer;
import org.samtf.SamOptimizer;
import org.samtf.SmallClassifier;
import org.samtf.Values;
import org.samtf.direction.AscentDirections;
import org.samtf.internal.graph.Reals;
import org.samtf.model.GraphCheckpoint;
import org.samtf.model.ModelExporter;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.exceptions.TFInvalidArgumentException;
import org.tensorflow.framework.optimizers.GradientDescent;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TBfloat16;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;

/**
 * Averages of the weights against their definitions, and what is computed and written from them.
 */
class WeightAverageTest {

  private static final int STEPS = 12;

  @TempDir Path directory;

  /** From weights after each step, counted from 1, to their average after the last. */
  private interface Definition extends Function<List<double[]>, double[]> {}

  private static double[] weighted(List<double[]> weights, List<Double> shares) {
    double[] sum = new double[weights.get(0).length];
    for (int k = 0; k < weights.size(); k++) {
      for (int i = 0; i < sum.length; i++) {
        sum[i] += shares.get(k) * weights.get(k)[i];
      }
    }
    return sum;
  }

  /** Shares of weights of which each newer one takes 1 − d from all older ones. */
  private static List<Double> shares(int count, Function<Integer, Double> decay) {
    List<Double> shares = new ArrayList<>();
    for (int k = 0; k < count; k++) {
      double share = k == 0 ? 1 : 1 - decay.apply(k);
      for (int later = k + 1; later < count; later++) {
        share *= decay.apply(later);
      }
      shares.add(share);
    }
    return shares;
  }

  /** The weights after some steps. */
  private static List<double[]> picked(List<double[]> weights, int first, int every) {
    List<double[]> picked = new ArrayList<>();
    for (int step = first; step <= weights.size(); step += every) {
      picked.add(weights.get(step - 1));
    }
    return picked;
  }

  private static double[] mean(List<double[]> weights) {
    return weighted(weights, Collections.nCopies(weights.size(), 1.0 / weights.size()));
  }

  private static double[] ema(List<double[]> weights, Function<Integer, Double> decay) {
    return weighted(weights, shares(weights.size(), decay));
  }

  private static double[] corrected(List<double[]> weights, double decay) {
    List<Double> shares = new ArrayList<>();
    int count = weights.size();
    double all = 0;
    for (int k = 0; k < count; k++) {
      shares.add(Math.pow(decay, count - 1 - k));
      all += shares.get(k);
    }
    double sum = all;
    shares.replaceAll(share -> share / sum);
    return weighted(weights, shares);
  }

  private static Arguments kind(
      String name, Function<Graph, WeightAverage.Builder> builder, Definition definition) {
    return Arguments.of(name, builder, definition);
  }

  static Stream<Arguments> kinds() {
    return Stream.of(
        kind("ema", g -> WeightAverage.ema(g, 0.75), ws -> ema(ws, k -> 0.75)),
        kind(
            "ema, corrected",
            g -> WeightAverage.ema(g, 0.9).biasCorrected(),
            ws -> corrected(ws, 0.9)),
        kind(
            "ema, warmed up",
            g -> WeightAverage.ema(g, 0.4).warmedUp(),
            ws -> ema(ws, k -> Math.min(0.4, (1.0 + k) / (10 + k)))),
        kind(
            "ema, late and rare",
            g -> WeightAverage.ema(g, 0.5).startAt(2).every(3),
            ws -> ws.size() < 2 ? ws.get(0) : ema(picked(ws, 2, 3), k -> 0.5)),
        kind("swa", WeightAverage::swa, WeightAverageTest::mean),
        kind("swa, rare", g -> WeightAverage.swa(g).every(5), ws -> mean(picked(ws, 1, 5))),
        kind(
            "swa, late and rare",
            g -> WeightAverage.swa(g).startAt(4).every(2),
            ws -> ws.size() < 4 ? ws.get(ws.size() - 1) : mean(picked(ws, 4, 2))));
  }

  private interface Way {
    Op step(
        Graph graph,
        Operand<TFloat64> loss,
        Operand<?> inputs,
        WeightAverage average,
        Operand<?> w);
  }

  private static Optimizer base(Graph graph) {
    return new Momentum(graph, 0.02f, 0.5f);
  }

  private static final Map<String, Way> WAYS = new LinkedHashMap<>();

  static {
    WAYS.put("plain", (g, loss, x, a, w) -> a.around(base(g)).minimize(loss));
    WAYS.put(
        "clipped",
        (g, loss, x, a, w) -> Clipped.byGlobalNorm(g, a.around(base(g)), 0.7).minimize(loss));
    WAYS.put(
        "ordered", (g, loss, x, a, w) -> new OrderedOptimizer(g, a.around(base(g))).minimize(loss));
    WAYS.put(
        "sam, clipped",
        (g, loss, x, a, w) ->
            new SamOptimizer(g, a.around(Clipped.byGlobalNorm(g, base(g), 0.7)), 0.1f)
                .minimize(loss));
    WAYS.put(
        "sam, in parts",
        (g, loss, x, a, w) ->
            SamOptimizer.builder(g, a.around(base(g))).microBatches(2, x).build().minimize(loss));
    WAYS.put(
        "sam in place",
        (g, loss, x, a, w) ->
            SamOptimizer.builder(g, a.around(base(g))).inPlace(true).build().minimize(loss));
    WAYS.put(
        "sam every 3",
        (g, loss, x, a, w) ->
            SamOptimizer.builder(g, a.around(base(g))).every(3).build().minimize(loss));
    WAYS.put(
        "momentum ascent",
        (g, loss, x, a, w) ->
            SamOptimizer.builder(g, a.around(base(g)))
                .ascent(AscentDirections.momentum())
                .build()
                .minimize(loss));
    WAYS.put(
        "after",
        (g, loss, x, a, w) -> a.after(new OrderedOptimizer(g, base(g)).minimize(loss), List.of(w)));
  }

  /** w·x per row, squared error, w of three entries. */
  private static final class Problem {
    final Placeholder<TFloat64> x;
    final Variable<TFloat64> w;
    final Operand<TFloat64> loss;

    Problem(Ops tf) {
      x = tf.withName("x").placeholder(TFloat64.class);
      w = tf.withName("w").variable(tf.constant(new double[] {0.5, -1, 2}));
      Operand<TFloat64> error =
          tf.math.sub(tf.sum(tf.math.mul(x, w), tf.constant(1)), tf.constant(1.0));
      loss = tf.math.mean(tf.math.mul(error, error), tf.constant(0));
    }

    static TFloat64 batch(int step) {
      double[] x = new double[12];
      for (int i = 0; i < x.length; i++) {
        x[i] = Math.sin(1 + i + 13 * step);
      }
      return Values.tensor(Shape.of(4, 3), x);
    }

    void run(Session session, Op train, int step) {
      try (TFloat64 fed = batch(step)) {
        session.runner().feed(x, fed).addTarget(train).run().close();
      }
    }
  }

  /** In each way to train, after each step; the average is of the weights after the update. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("kinds")
  void averagesAreWhatTheirDefinitionsSay(
      String name, Function<Graph, WeightAverage.Builder> builder, Definition definition) {
    boolean all = name.equals("ema") || name.equals("swa, late and rare");
    WAYS.forEach(
        (way, writer) -> {
          if (!all && !way.equals("sam, clipped")) {
            return;
          }
          try (Graph graph = new Graph();
              Session session = new Session(graph)) {
            Ops tf = Ops.create(graph);
            Problem problem = new Problem(tf);
            WeightAverage average = builder.apply(graph).build();
            Op train = writer.step(graph, problem.loss, problem.x, average, problem.w);
            Operand<?> read = average.values().get(problem.w.asOutput());
            session.initialize();
            assertThat(Values.of(session, read)).containsExactly(0.5, -1, 2);
            List<double[]> weights = new ArrayList<>();
            for (int step = 1; step <= STEPS; step++) {
              problem.run(session, train, step);
              weights.add(Values.of(session, problem.w));
              assertThat(Values.of(session, read))
                  .as("%s, step %d", way, step)
                  .containsExactly(definition.apply(weights), within(1e-13));
            }
            assertThat(weights.get(STEPS - 1)).isNotEqualTo(weights.get(STEPS - 2));
          }
        });
  }

  /**
   * Weights and slots are those of a training without averages, and a failed step moves nothing.
   */
  @Test
  void trainingDoesNotSeeTheAverages() {
    List<Map<String, byte[]>> reached = new ArrayList<>();
    for (boolean averages : new boolean[] {false, true}) {
      try (Graph graph = new Graph();
          Session session = new Session(graph)) {
        SmallClassifier model = new SmallClassifier(graph, session, "net/", 0.25f);
        WeightAverage average = WeightAverage.ema(graph, 0.9).build();
        Optimizer base = AdamW.builder(graph).build();
        SamOptimizer sam = new SamOptimizer(graph, averages ? average.around(base) : base, 0.05f);
        Op step = model.step(sam.minimize(model.trainingLoss), sam);
        session.initialize();
        SmallClassifier.run(session, step, 0, 3);
        if (averages) {
          evaluate(session, model, average.at(model.loss));
          Map<String, byte[]> before = Values.variables(graph, session);
          Map<String, Tensor> bad = SmallClassifier.batch(0);
          ((TFloat32) bad.get("images")).setFloat(Float.NaN, 0, 0, 0, 0);
          Session.Runner runner = session.runner().addTarget(step);
          bad.forEach(runner::feed);
          assertThatThrownBy(runner::run).isInstanceOf(TFInvalidArgumentException.class);
          SmallClassifier.close(bad);
          assertThat(Values.changed(before, Values.variables(graph, session))).isEmpty();
        }
        SmallClassifier.run(session, step, 3, 5);
        reached.add(Values.variables(graph, session));
      }
    }
    assertThat(reached.get(1).keySet()).contains("Average/net/conv_kernel", "Average/steps");
    assertThat(Values.changed(reached.get(0), reached.get(1))).isEmpty();
  }

  private static double evaluate(Session session, SmallClassifier model, Operand<?> loss) {
    Map<String, Tensor> batch = SmallClassifier.batch(9);
    Session.Runner runner = session.runner().fetch(loss);
    batch.forEach(runner::feed);
    try (Result result = runner.run()) {
      return Values.of(result.get(0))[0];
    } finally {
      SmallClassifier.close(batch);
    }
  }

  private static void assign(Graph graph, Session session, Map<Operand<?>, Operand<?>> values) {
    Ops tf = Ops.create(graph);
    Session.Runner runner = session.runner();
    values.keySet().forEach(variable -> runner.fetch(values.get(variable)));
    try (Result result = runner.run()) {
      Session.Runner assigner = session.runner();
      int next = 0;
      for (Operand<?> variable : values.keySet()) {
        TFloat32 value = (TFloat32) result.get(next++);
        Placeholder<TFloat32> fed = tf.placeholder(TFloat32.class);
        Operand<TFloat32> typed = Reals.unchecked(variable);
        assigner.feed(fed, value).addTarget(tf.assign(typed, fed));
      }
      assigner.run().close();
    }
  }

  /** Against really giving the variables the averages, for a loss, a vector and a training loss. */
  @Test
  void tensorsAreThoseOfAModelWithTheAverages() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      SmallClassifier model = new SmallClassifier(graph, session, "net/", 0.25f);
      WeightAverage average = WeightAverage.swa(graph).build();
      SamOptimizer sam =
          new SamOptimizer(graph, average.around(new Momentum(graph, 0.1f, 0.9f)), 0.05f);
      Op step = model.step(sam.minimize(model.trainingLoss), sam);
      session.initialize();
      List<Operand<?>> tensors =
          List.of(model.loss, model.probabilities, model.features, model.trainingLoss);
      List<Operand<?>> averaged = average.at(tensors);
      Operand<TFloat32> alone = average.at(model.loss);
      assertThat(averaged).doesNotContainAnyElementsOf(tensors);
      assertThat(average.at(model.images)).isEqualTo(model.images.asOutput());
      // Those of the pass for training and of the other, and one for the loss alone.
      assertThat(copies(graph, "Conv2D", "Average/at/")).isEqualTo(3);
      SmallClassifier.run(session, step, 0, 4);
      List<double[]> before = fetched(session, tensors);
      List<double[]> expected = fetched(session, averaged);
      assertThat(fetched(session, List.of(alone)).get(0)).isEqualTo(expected.get(0));
      assign(graph, session, average.values());
      List<double[]> found = fetched(session, tensors);
      for (int i = 0; i < tensors.size(); i++) {
        assertThat(found.get(i)).as("tensor %d", i).isEqualTo(expected.get(i));
        assertThat(found.get(i)).as("tensor %d", i).isNotEqualTo(before.get(i));
      }
    }
  }

  /** How many copies of such an op there are. */
  private static long copies(Graph graph, String type, String scope) {
    List<String> names = new ArrayList<>();
    graph
        .operations()
        .forEachRemaining(
            op -> {
              if (op.type().equals(type) && op.name().startsWith(scope)) {
                names.add(op.name());
              }
            });
    return names.size();
  }

  private static List<double[]> fetched(Session session, List<Operand<?>> tensors) {
    Map<String, Tensor> batch = SmallClassifier.batch(9);
    Session.Runner runner = session.runner();
    batch.forEach(runner::feed);
    tensors.forEach(runner::fetch);
    List<double[]> values = new ArrayList<>();
    try (Result result = runner.run()) {
      result.forEach(entry -> values.add(Values.of(entry.getValue())));
    }
    SmallClassifier.close(batch);
    return values;
  }

  /** Only the weights that were chosen; the rest of the tensor is as it is. */
  @Test
  void variablesAreChosenByName() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      SmallClassifier model = new SmallClassifier(graph, session, "net/", 0);
      WeightAverage average = WeightAverage.ema(graph, 0.5).variables("net/head*").build();
      new SamOptimizer(graph, average.around(new GradientDescent(graph)), 0.05f)
          .minimize(model.trainingLoss);
      assertThat(average.values().keySet())
          .extracting(variable -> variable.op().name())
          .containsExactly("net/head_weights", "net/head_biases");
      assertThat(average.at(model.features)).isEqualTo(model.features.asOutput());
      WeightAverage none = WeightAverage.ema(graph, 0.5).variables("nothing").build();
      Optimizer around = none.around(new GradientDescent(graph));
      assertThatThrownBy(() -> new OrderedOptimizer(graph, around).minimize(model.trainingLoss))
          .hasMessageContaining("nothing")
          .hasMessageContaining("net/conv_kernel");
    }
  }

  /** A small average step would be lost in bfloat16. */
  @Test
  void narrowVariablesAreAveragedInFloat32() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Variable<TBfloat16> w =
          tf.withName("w").variable(tf.dtypes.cast(tf.constant(new float[] {1}), TBfloat16.class));
      WeightAverage average = WeightAverage.ema(graph, 0.999).build();
      Operand<TBfloat16> loss = tf.sum(w, tf.constant(0));
      Optimizer around = average.around(new GradientDescent(graph, 0.25f));
      Op train = new OrderedOptimizer(graph, around).minimize(loss);
      Operand<?> slot = around.getSlot(w.asOutput(), WeightAverage.AVERAGE).orElseThrow();
      session.initialize();
      session.run(train);
      session.run(train);
      assertThat(slot.type()).isEqualTo(TFloat32.class);
      assertThat(Values.of(session, slot)[0]).isCloseTo(0.999 * 0.75 + 0.001 * 0.5, within(1e-7));
      assertThat(average.values().get(w.asOutput()).type()).isEqualTo(TBfloat16.class);
    }
  }

  @Test
  void aResumedTrainingGoesOnToTheBit() throws Exception {
    Map<String, byte[]> expected = null;
    for (boolean resumes : new boolean[] {false, true}) {
      try (Graph graph = new Graph();
          Session session = new Session(graph)) {
        SmallClassifier model = new SmallClassifier(graph, session, "net/", 0.25f);
        WeightAverage average = WeightAverage.swa(graph).startAt(2).every(2).build();
        Optimizer base = average.around(AdamW.builder(graph).build());
        Op step = model.step(new OrderedOptimizer(graph, base).minimize(model.trainingLoss));
        session.initialize();
        if (resumes) {
          GraphCheckpoint.of(graph, session).restore(directory.resolve("3"));
        } else {
          SmallClassifier.run(session, step, 0, 3);
          GraphCheckpoint.of(graph, session).save(directory.resolve("3"));
        }
        SmallClassifier.run(session, step, 3, 6);
        Map<String, byte[]> reached = Values.variables(graph, session);
        if (resumes) {
          assertThat(Values.changed(expected, reached)).isEmpty();
        }
        expected = reached;
      }
    }
  }

  /** The model that is written has the averages under the names of the weights, and no slot. */
  @Test
  void averagesAreExportedUnderTheNamesOfTheWeights() throws Exception {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      SmallClassifier model = new SmallClassifier(graph, session, "net/", 0);
      WeightAverage average = WeightAverage.ema(graph, 0.5).build();
      SamOptimizer sam =
          new SamOptimizer(graph, average.around(new Momentum(graph, 0.1f, 0.9f)), 0.05f);
      Op step = model.step(sam.minimize(model.trainingLoss), sam);
      session.initialize();
      SmallClassifier.run(session, step, 0, 3);
      Map<String, byte[]> before = Values.variables(graph, session);
      new ModelExporter(graph, session)
          .signature(model.evaluate())
          .values(average.values())
          .export(directory.resolve("model"));
      assertThat(Values.changed(before, Values.variables(graph, session))).isEmpty();
      double expected = evaluate(session, model, average.at(model.loss));
      assertThat(expected).isNotEqualTo(evaluate(session, model, model.loss));
      Map<String, Tensor> batch = SmallClassifier.batch(9);
      try (SavedModelBundle bundle = SavedModelBundle.load(directory.resolve("model").toString());
          Result result = bundle.function("evaluate").call(batch)) {
        assertThat(Values.of(result.get("loss").orElseThrow())[0]).isEqualTo(expected);
        assertThat(Values.variables(bundle.graph(), bundle.session()))
            .containsOnlyKeys(
                "net/conv_kernel",
                "net/bn_gamma",
                "net/bn_beta",
                "net/bn_movingMean",
                "net/bn_movingVariance",
                "net/head_weights",
                "net/head_biases");
      }
      SmallClassifier.close(batch);
      ModelExporter exporter = new ModelExporter(graph, session);
      Ops tf = Ops.create(graph);
      Operand<?> gamma = graph.operation("net/bn_gamma").output(0);
      assertThatThrownBy(() -> exporter.values(Map.of(model.loss, model.loss)))
          .hasMessageContaining("no variable");
      assertThatThrownBy(() -> exporter.values(Map.of(gamma, tf.constant(1f))))
          .hasMessageContaining("net/bn_gamma")
          .hasMessageContaining("the value to save");
    }
  }

  /** Against the batches' statistics in a model that really has the averages. */
  @Test
  void statisticsAreCollectedForTheAverages() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      SmallClassifier model = new SmallClassifier(graph, session, "net/", 0);
      WeightAverage average = WeightAverage.swa(graph).build();
      SamOptimizer sam =
          new SamOptimizer(graph, average.around(new Momentum(graph, 0.1f, 0.9f)), 0.05f);
      Op step = model.step(sam.minimize(model.trainingLoss), sam);
      Operand<?> moving = graph.operation("net/bn_movingMean").output(0);
      Operand<?> movingVariance = graph.operation("net/bn_movingVariance").output(0);
      BatchStatistics statistics =
          average.statistics(
              Map.of(moving, model.batchMean(), movingVariance, model.batchVariance()));
      Operand<TFloat32> averaged = average.at(model.loss);
      session.initialize();
      SmallClassifier.run(session, step, 0, 3);
      Map<String, byte[]> before = Values.variables(graph, session);
      double unchanged = evaluate(session, model, averaged);
      for (int round = 0; round < 2; round++) {
        session.run(statistics.reset());
        SmallClassifier.run(session, statistics.add(), 0, 4);
      }
      before.keySet().removeIf(name -> name.startsWith("Average/statistics/"));
      assertThat(Values.changed(before, Values.variables(graph, session))).isEmpty();
      double found = evaluate(session, model, averaged);
      Map<Operand<?>, Operand<?>> values = average.values();
      assertThat(values).containsKeys(moving.asOutput(), movingVariance.asOutput());
      double[] mean = Values.of(session, values.get(moving.asOutput()));
      double[] variance = Values.of(session, values.get(movingVariance.asOutput()));

      assign(graph, session, values);
      assertThat(evaluate(session, model, model.loss)).isEqualTo(found).isNotEqualTo(unchanged);
      assertThat(mean).containsExactly(meanOverBatches(session, model.batchMean()), within(1e-6));
      assertThat(variance)
          .containsExactly(meanOverBatches(session, model.batchVariance()), within(1e-6));
      assertThatThrownBy(() -> average.statistics(Map.of(moving, model.batchMean())))
          .hasMessageContaining("already");
    }
  }

  private static double[] meanOverBatches(Session session, Operand<?> tensor) {
    double[] sum = null;
    for (int n = 0; n < 4; n++) {
      Map<String, Tensor> batch = SmallClassifier.batch(n);
      Session.Runner runner = session.runner().fetch(tensor);
      batch.forEach(runner::feed);
      try (Result result = runner.run()) {
        double[] values = Values.of(result.get(0));
        sum = sum == null ? new double[values.length] : sum;
        for (int i = 0; i < values.length; i++) {
          sum[i] += values[i] / 4;
        }
      }
      SmallClassifier.close(batch);
    }
    return sum;
  }

  @Test
  void badSettingsAreRefused() {
    try (Graph graph = new Graph();
        Graph other = new Graph()) {
      Ops tf = Ops.create(graph);
      Variable<TFloat64> w = tf.withName("w").variable(tf.constant(new double[] {1}));
      Operand<TFloat64> loss = tf.sum(tf.math.mul(w, w), tf.constant(0));
      assertThatThrownBy(() -> WeightAverage.ema(graph, 1)).hasMessageContaining("decay is 1.0");
      assertThatThrownBy(() -> WeightAverage.swa(graph).every(0))
          .hasMessageContaining("every is 0; it must be at least 1");
      assertThatThrownBy(() -> WeightAverage.swa(graph).startAt(0))
          .hasMessageContaining("startAt is 0");
      assertThatThrownBy(() -> WeightAverage.swa(graph).warmedUp().build())
          .hasMessageContaining("warmedUp is for an exponential average");
      assertThatThrownBy(() -> WeightAverage.ema(graph, 0.9).warmedUp().biasCorrected().build())
          .hasMessageContaining("leave one of them out");
      assertThatThrownBy(() -> WeightAverage.swa(graph).variables("regex:["))
          .hasMessageContaining("no regular expression");
      WeightAverage average = WeightAverage.swa(graph).build();
      assertThatThrownBy(() -> average.at(loss))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("no step averages weights yet");
      assertThatThrownBy(() -> average.around(new GradientDescent(other)))
          .hasMessageContaining("another graph");
      SamOptimizer sam = new SamOptimizer(graph, new GradientDescent(graph), 0.1f);
      assertThatThrownBy(() -> average.around(sam))
          .hasMessageContaining("put that around this optimizer");
      assertThatThrownBy(() -> Clipped.byValue(graph, sam, 1))
          .hasMessageContaining("put that around this optimizer");
      assertThatThrownBy(() -> average.after(tf.noOp(), List.of(loss)))
          .hasMessageContaining("is no floating-point variable");
      average.around(new GradientDescent(graph)).minimize(loss);
      assertThatThrownBy(() -> average.statistics(Map.of(w, loss)))
          .hasMessageContaining("averaged as a weight");
      // Its name is in the message.
      Operand<TFloat64> assigned = tf.withName("moved").assign(w, tf.math.neg(w));
      assertThatThrownBy(() -> average.at(assigned)).hasMessageContaining("moved");
    }
  }
}
