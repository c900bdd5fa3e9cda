package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.internal.graph.Protos;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.framework.optimizers.Adam;
import org.tensorflow.framework.optimizers.GradientDescent;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TBfloat16;
import org.tensorflow.types.TFloat16;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.family.TNumber;

/** Losses with ops that TensorFlow's C++ has no gradient of. */
class OwnGradientsTest {

  private static final float RHO = 0.01f;

  /** A seed with which a maker does not hide shapes. */
  private static final long KNOWN_SHAPES = 2;

  /** Most of the time would go into it: each graph is run a few times only. */
  private static Session notOptimized(Graph graph) {
    var config = Protos.config();
    config.getGraphOptionsBuilder().getRewriteOptionsBuilder().setDisableMetaOptimizer(true);
    return new Session(graph, config.build());
  }

  static Stream<String> cases() {
    return OwnGradientCases.ALL.keySet().stream();
  }

  @Provide
  Arbitrary<String> anyCase() {
    return Arbitraries.of(OwnGradientCases.ALL.keySet());
  }

  /**
   * As users run it: with TensorFlow's optimizer, which the properties leave out. It takes logits
   * of unknown shape for as many rows as there are labels, so shapes are known here.
   */
  @ParameterizedTest
  @MethodSource("cases")
  void gradientIsTheDifferenceQuotient(String name) {
    check(OwnGradientCases.ALL.get(name), KNOWN_SHAPES, Session::new);
  }

  @Property(tries = 40)
  void gradientIsTheDifferenceQuotientForAnyShape(
      @ForAll("anyCase") String name, @ForAll long seed) {
    check(OwnGradientCases.ALL.get(name), seed);
  }

  /** Ways that part and meet again, before, between and behind ops with gradients of ours. */
  @Property(tries = 15)
  void gradientIsTheDifferenceQuotientAlongAllWays(@ForAll long seed) {
    check(
        m -> {
          List<Operand<TFloat64>> known = new ArrayList<>();
          known.add(m.weights(-1, 1, 2));
          known.add(m.variable(-1, 1, 2));
          for (int i = 0; i < 8; i++) {
            Operand<TFloat64> x = known.get(m.random.nextInt(known.size()));
            Operand<TFloat64> y = known.get(m.random.nextInt(known.size()));
            switch (m.random.nextInt(6)) {
              case 0:
                known.add(m.op("Erfc", x));
                break;
              case 1:
                known.add(m.op("Gather", x, m.integers(2, 2)));
                break;
              case 2:
                known.add(m.op("Xdivy", x, m.tf.math.exp(m.tf.math.tanh(y))));
                break;
              case 3:
                known.add(m.tf.math.tanh(x));
                break;
              case 4:
                known.add(m.tf.math.mul(x, y));
                break;
              default:
                known.add(m.tf.math.sub(x, y));
                break;
            }
          }
          return m.tf.math.addN(known);
        },
        seed);
  }

  /**
   * The gradient against central differences, and a step of SAM against the gradient at w+ε, where
   * the twin computes it.
   */
  private static void check(Function<OwnGradientCases.Maker, Operand<TFloat64>> model, long seed) {
    check(model, seed, OwnGradientsTest::notOptimized);
  }

  private static void check(
      Function<OwnGradientCases.Maker, Operand<TFloat64>> model,
      long seed,
      Function<Graph, Session> opening) {
    try (Graph graph = new Graph();
        Session session = opening.apply(graph)) {
      OwnGradientCases.Maker m = new OwnGradientCases.Maker(graph, session, seed);
      Operand<TFloat64> y = model.apply(m);
      Operand<TFloat64> loss = weighted(m, y);
      Optimizer plain = new OrderedOptimizer(graph, new GradientDescent(graph, 1f));
      Map<String, Operand<?>> gradients = new LinkedHashMap<>();
      plain
          .computeGradients(loss)
          .forEach(pair -> gradients.put(pair.getVariable().op().name(), pair.getGradient()));
      SamOptimizer sam = new SamOptimizer(graph, new GradientDescent(graph, 1f), RHO);
      Op step = sam.minimize(loss);

      List<double[]> w = new ArrayList<>();
      m.weights.forEach(variable -> w.add(Values.of(session, variable)));
      List<double[]> g = gradients(m, gradients, w);
      boolean single = hasFloat32(graph);
      double h = single ? 1e-2 : 1e-5;
      double tolerance = single ? 2e-3 : 2e-8;
      for (int i = 0; i < w.size(); i++) {
        for (int k = 0; k < w.get(i).length; k++) {
          double quotient = (lossAt(m, loss, w, i, k, h) - lossAt(m, loss, w, i, k, -h)) / (2 * h);
          assertThat(g.get(i)[k])
              .as("gradient in w%d, entry %d", i, k)
              .isCloseTo(quotient, within(tolerance * Math.max(1, Math.abs(quotient))));
        }
      }

      double norm =
          Math.sqrt(g.stream().flatMapToDouble(java.util.Arrays::stream).map(x -> x * x).sum());
      List<double[]> perturbed = new ArrayList<>();
      for (int i = 0; i < w.size(); i++) {
        double[] moved = w.get(i).clone();
        for (int k = 0; k < moved.length; k++) {
          moved[k] += norm == 0 ? 0 : RHO * g.get(i)[k] / norm;
        }
        perturbed.add(moved);
      }
      List<double[]> second = gradients(m, gradients, perturbed);
      session.run(step);
      for (int i = 0; i < w.size(); i++) {
        double[] after = Values.of(session, m.weights.get(i));
        for (int k = 0; k < after.length; k++) {
          assertThat(after[k])
              .as("w%d, entry %d, after a step", i, k)
              .isCloseTo(w.get(i)[k] - second.get(i)[k], within(single ? 1e-5 : 1e-10));
        }
      }
    }
  }

  private static boolean hasFloat32(Graph graph) {
    Iterator<GraphOperation> ops = graph.operations();
    while (ops.hasNext()) {
      if (ops.next().type().endsWith("Pool3D")) {
        return true;
      }
    }
    return false;
  }

  /** The sum of the entries, each with a factor of its own. */
  private static Operand<TFloat64> weighted(OwnGradientCases.Maker m, Operand<TFloat64> y) {
    double[] values;
    Shape shape;
    try (Result result = m.session.runner().fetch(y).run()) {
      shape = result.get(0).shape();
      values = new double[(int) shape.size()];
    }
    for (int i = 0; i < values.length; i++) {
      values[i] = Math.cos(1 + i);
    }
    Operand<TFloat64> products =
        m.tf.math.mul(y, Values.constant(m.tf, TFloat64.class, shape, values));
    int[] axes = new int[shape.numDimensions()];
    for (int i = 0; i < axes.length; i++) {
      axes[i] = i;
    }
    return m.tf.sum(products, m.tf.constant(axes));
  }

  private static List<double[]> gradients(
      OwnGradientCases.Maker m, Map<String, Operand<?>> gradients, List<double[]> at) {
    List<double[]> values = new ArrayList<>();
    try (Fed fed = new Fed(m, at)) {
      gradients.values().forEach(fed.runner::fetch);
      try (Result result = fed.runner.run()) {
        List<String> names = new ArrayList<>(gradients.keySet());
        for (int i = 0; i < at.size(); i++) {
          int index = names.indexOf(m.weights.get(i).op().name());
          values.add(index < 0 ? new double[at.get(i).length] : Values.of(result.get(index)));
        }
      }
    }
    return values;
  }

  private static double lossAt(
      OwnGradientCases.Maker m, Operand<?> loss, List<double[]> w, int i, int k, double by) {
    List<double[]> moved = new ArrayList<>(w);
    moved.set(i, w.get(i).clone());
    moved.get(i)[k] += by;
    try (Fed fed = new Fed(m, moved);
        Result result = fed.runner.fetch(loss).run()) {
      return Values.of(result.get(0))[0];
    }
  }

  /** A run with values in place of the variables'. */
  private static final class Fed implements AutoCloseable {
    final Session.Runner runner;
    private final List<Tensor> tensors = new ArrayList<>();

    Fed(OwnGradientCases.Maker m, List<double[]> values) {
      runner = m.session.runner();
      for (int i = 0; i < values.size(); i++) {
        tensors.add(Values.tensor(m.weights.get(i).shape(), values.get(i)));
        runner.feed(m.weights.get(i).asOutput(), tensors.get(i));
      }
    }

    @Override
    public void close() {
      tensors.forEach(Tensor::close);
    }
  }

  /** A perceptron with sparse labels, in several types. */
  private static Operand<TNumber> classifier(Graph graph, Class<? extends TNumber> type) {
    Ops tf = Ops.create(graph);
    Random random = new Random(3);
    Class<TNumber> of = Reals.unchecked(type);
    Variable<TNumber> w =
        tf.withName("w")
            .variable(Values.constant(tf, of, Shape.of(4, 3), random.doubles(12).toArray()));
    Operand<TNumber> x = Values.constant(tf, of, Shape.of(5, 4), random.doubles(20).toArray());
    Operand<TInt32> labels = tf.constant(new int[] {0, 2, 1, 1, 0});
    Output<?> losses =
        graph
            .opBuilder("SparseSoftmaxCrossEntropyWithLogits", "losses", graph.baseScope())
            .addInput(tf.linalg.matMul(x, w).asOutput())
            .addInput(labels.asOutput())
            .build()
            .output(0);
    return tf.math.mean(Reals.<Operand<TNumber>>unchecked(losses), tf.constant(0));
  }

  @Test
  void rhoOfZeroTrainsAsTheWrappedOptimizerToTheBit() {
    List<Map<String, byte[]>> trained = new ArrayList<>();
    List<Function<Graph, Optimizer>> optimizers =
        List.of(
            graph -> new OrderedOptimizer(graph, new Adam(graph, 0.1f)),
            graph -> new SamOptimizer(graph, new Adam(graph, 0.1f), 0f));
    for (Function<Graph, Optimizer> optimizer : optimizers) {
      try (Graph graph = new Graph();
          Session session = new Session(graph)) {
        Op step = optimizer.apply(graph).minimize(classifier(graph, TFloat32.class));
        session.initialize();
        for (int i = 0; i < 4; i++) {
          session.run(step);
        }
        trained.add(Values.variables(graph, session));
      }
    }
    assertThat(trained.get(0)).containsKey("w");
    assertThat(Values.changed(trained.get(0), trained.get(1))).isEmpty();
  }

  /** What stands for a loss in float64 is the same in the types that have half the digits. */
  @ParameterizedTest
  @ValueSource(classes = {TFloat16.class, TBfloat16.class, TFloat32.class})
  void narrowTypesHaveTheSameGradientToTheirPrecision(Class<? extends TNumber> type) {
    double[] exact = gradientOfDenseLabels(TFloat64.class);
    double[] narrow = gradientOfDenseLabels(type);
    double tolerance = type == TFloat32.class ? 1e-6 : type == TFloat16.class ? 2e-3 : 2e-2;
    for (int i = 0; i < exact.length; i++) {
      assertThat(narrow[i]).isCloseTo(exact[i], within(tolerance));
    }
  }

  private static double[] gradientOfDenseLabels(Class<? extends TNumber> type) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Class<TNumber> of = Reals.unchecked(type);
      Variable<TNumber> w = tf.withName("w").variable(Shape.of(2, 3), of);
      session.run(
          tf.assign(w, Values.constant(tf, of, Shape.of(2, 3), 0.5, -0.25, 1, 0.125, 0.75, -1)));
      Operand<TNumber> labels = Values.constant(tf, of, Shape.of(2, 3), 0.25, 0.25, 0.5, 1, 0, 0);
      Operand<TNumber> losses = tf.nn.softmaxCrossEntropyWithLogits(w, labels).loss();
      Optimizer plain = new OrderedOptimizer(graph, new GradientDescent(graph, 1f));
      return Values.of(
          session, plain.computeGradients(tf.sum(losses, tf.constant(0))).get(0).getGradient());
    }
  }

  /** C++ gives a gradient in float32, of the labels' shape. */
  @ParameterizedTest
  @ValueSource(classes = {TFloat32.class, TFloat64.class})
  void logitsThatAreRepeatedForEachRowOfLabelsGetTheSumOverRows(Class<? extends TNumber> type) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Class<TNumber> of = Reals.unchecked(type);
      Variable<TNumber> w = tf.withName("w").variable(Shape.of(1, 2), of);
      session.run(tf.assign(w, Values.constant(tf, of, Shape.of(1, 2), 0, 0)));
      Operand<TNumber> labels = Values.constant(tf, of, Shape.of(3, 2), 1, 0, 0.75, 0.25, 1, 0);
      Operand<TNumber> losses = tf.nn.softmaxCrossEntropyWithLogits(w, labels).loss();
      Optimizer plain = new OrderedOptimizer(graph, new GradientDescent(graph, 1f));
      Operand<?> gradient =
          plain.computeGradients(tf.sum(losses, tf.constant(0))).get(0).getGradient();
      assertThat(Values.of(session, gradient)).containsExactly(1.5 - 2.75, 1.5 - 0.25);
    }
  }

  @Test
  void theForwardOpsStayAsTheyAre() {
    try (Graph graph = new Graph()) {
      Operand<?> loss = classifier(graph, TFloat32.class);
      List<String> before = ops(graph, "");
      new OrderedOptimizer(graph, new GradientDescent(graph, 0.1f)).minimize(loss);
      List<String> after = ops(graph, "");
      assertThat(after.subList(0, before.size())).isEqualTo(before);
      assertThat(after.subList(before.size(), after.size()))
          .noneMatch(op -> op.startsWith("SparseSoftmax") || op.startsWith("Placeholder"));
    }
  }

  @Test
  void aGraphWithoutSuchOpsIsDifferentiatedByTensorFlowAlone() {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Variable<TFloat32> w = tf.withName("w").variable(tf.constant(new float[][] {{1, 2}, {3, 4}}));
      Operand<TFloat32> x = tf.math.tanh(tf.linalg.matMul(w, w));
      Operand<TFloat32> loss = tf.math.mean(tf.math.square(x), tf.constant(new int[] {0, 1}));
      graph.addGradients(
          "alone", new Output<?>[] {loss.asOutput()}, new Output<?>[] {w.asOutput()}, null);
      new OrderedOptimizer(graph, new GradientDescent(graph, 0.1f)).minimize(loss);
      assertThat(ops(graph, "Ordered/gradients/")).isNotEmpty().isEqualTo(ops(graph, "alone/"));
    }
  }

  /** Type and name of each op below a prefix, without the prefix. */
  private static List<String> ops(Graph graph, String prefix) {
    List<String> ops = new ArrayList<>();
    graph
        .operations()
        .forEachRemaining(
            op -> {
              if (op.name().startsWith(prefix)) {
                ops.add(op.type() + " " + op.name().substring(prefix.length()));
              }
            });
    return ops;
  }

  /** Parts of the batch, each with its own labels. */
  @Test
  void microBatchesGiveTheMeanOfTheirGradients() {
    List<double[]> weights = new ArrayList<>();
    for (int parts : new int[] {1, 2}) {
      try (Graph graph = new Graph();
          Session session = new Session(graph)) {
        Ops tf = Ops.create(graph);
        Placeholder<TFloat64> x =
            tf.placeholder(TFloat64.class, Placeholder.shape(Shape.of(-1, 2)));
        Placeholder<TInt32> labels = tf.placeholder(TInt32.class, Placeholder.shape(Shape.of(-1)));
        Variable<TFloat64> w =
            tf.withName("w").variable(tf.constant(new double[][] {{1, 2, -1}, {0.5, 0, 1}}));
        Output<?> losses =
            graph
                .opBuilder("SparseSoftmaxCrossEntropyWithLogits", "losses", graph.baseScope())
                .addInput(tf.linalg.matMul(x, w).asOutput())
                .addInput(labels.asOutput())
                .build()
                .output(0);
        SamOptimizerBuilder builder =
            SamOptimizer.builder(graph, new GradientDescent(graph, 0.5f)).rho(0f);
        if (parts > 1) {
          builder.microBatches(parts, x, labels);
        }
        Op step =
            builder
                .build()
                .minimize(tf.math.mean(Reals.<Operand<TFloat64>>unchecked(losses), tf.constant(0)));
        session.initialize();
        try (Tensor batch = Values.tensor(Shape.of(4, 2), 1, 2, -1, 0.5, 3, -2, 0, 1);
            Tensor classes = TInt32.vectorOf(0, 2, 1, 2)) {
          session.runner().feed(x, batch).feed(labels, classes).addTarget(step).run().close();
        }
        weights.add(Values.of(session, w));
      }
    }
    for (int i = 0; i < 6; i++) {
      assertThat(weights.get(1)[i]).isCloseTo(weights.get(0)[i], within(1e-14));
    }
  }

  /** The batch normalization of old against the one that C++ has a gradient of. */
  @ParameterizedTest
  @ValueSource(strings = {"FusedBatchNorm true", "FusedBatchNormV2 true", "FusedBatchNormV2 false"})
  void oldBatchNormalizationHasTheGradientOfTheNew(String name) {
    String type = name.split(" ")[0];
    boolean isTraining = name.endsWith("true");
    List<Map<String, double[]>> found = new ArrayList<>();
    for (String each : List.of(type, "FusedBatchNormV3")) {
      try (Graph graph = new Graph();
          Session session = new Session(graph)) {
        Ops tf = Ops.create(graph);
        float[] values = new float[24];
        for (int i = 0; i < 24; i++) {
          values[i] = (float) Math.sin(3 * i + 1);
        }
        Variable<TFloat32> x =
            tf.withName("x")
                .variable(tf.reshape(tf.constant(values), tf.constant(new int[] {3, 2, 2, 2})));
        Variable<TFloat32> scale = tf.withName("scale").variable(tf.constant(new float[] {1, 2}));
        Variable<TFloat32> offset =
            tf.withName("offset").variable(tf.constant(new float[] {0.5f, 0}));
        float[] given = isTraining ? new float[0] : new float[] {0.5f, 2};
        Output<?> y =
            graph
                .opBuilder(each, "norm", graph.baseScope())
                .addInput(tf.math.mul(x, tf.constant(1f)).asOutput())
                .addInput(tf.math.mul(scale, tf.constant(1f)).asOutput())
                .addInput(tf.math.mul(offset, tf.constant(1f)).asOutput())
                .addInput(tf.constant(given).asOutput())
                .addInput(tf.constant(given).asOutput())
                .setAttr("is_training", isTraining)
                .build()
                .output(0);
        Operand<TFloat32> loss = tf.nn.l2Loss(tf.math.sin(Reals.<Operand<TFloat32>>unchecked(y)));
        Map<String, double[]> gradients = new LinkedHashMap<>();
        Optimizer plain = new OrderedOptimizer(graph, new GradientDescent(graph, 1f));
        List<Optimizer.GradAndVar<?>> pairs = plain.computeGradients(loss);
        session.initialize();
        pairs.forEach(
            pair ->
                gradients.put(
                    pair.getVariable().op().name(), Values.of(session, pair.getGradient())));
        found.add(gradients);
      }
    }
    assertThat(found.get(0)).containsOnlyKeys("x", "scale", "offset");
    found
        .get(1)
        .forEach(
            (variable, expected) -> {
              for (int i = 0; i < expected.length; i++) {
                assertThat(found.get(0).get(variable)[i]).isCloseTo(expected[i], within(1e-5));
              }
            });
  }

  @Test
  void whatHasNoGradientInSomeInputIsRefusedByName() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      OwnGradientCases.Maker m = new OwnGradientCases.Maker(graph, session, 1);
      Operand<TFloat64> y =
          m.op(
              "MatrixDiagPartV3",
              m.numbers(0, 1, 2, 2),
              m.tf.constant(0),
              m.tf.reshape(m.variable(0, 1, 1), m.tf.constant(new int[0])));
      assertThatThrownBy(
              () ->
                  new OrderedOptimizer(graph, new GradientDescent(graph, 1f))
                      .minimize(m.tf.nn.l2Loss(y)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("(MatrixDiagPartV3)")
          .hasMessageContaining("no gradient in its input 2")
          .message()
          .hasLineCount(1);
    }
  }

  @Test
  void anOpWithoutAnyGradientBesideOneOfOursIsNamed() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      OwnGradientCases.Maker m = new OwnGradientCases.Maker(graph, session, 1);
      Operand<TFloat64> y = m.op("Erfc", m.tf.math.zeta(m.variable(2, 3, 2), m.tf.constant(2.0)));
      assertThatThrownBy(
              () ->
                  new SamOptimizer(graph, new GradientDescent(graph, 1f))
                      .minimize(m.tf.nn.l2Loss(y)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("No gradient defined for op: Zeta")
          .message()
          .hasLineCount(1);
    }
  }
}
