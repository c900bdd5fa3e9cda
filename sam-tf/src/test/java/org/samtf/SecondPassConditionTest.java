package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.direction.AscentDirections;
import org.samtf.direction.DescentDirections;
import org.samtf.direction.StepVectors;
import org.samtf.direction.WeightVector;
import org.samtf.model.GraphCheckpoint;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.GradientDescent;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.family.TNumber;

/** Steps with and without a second pass. */
@Tag("one-line")
class SecondPassConditionTest {

  @TempDir Path directory;

  private static Function<Graph, Optimizer> sam(
      ZeroRhoTest.Base base, UnaryOperator<SamOptimizerBuilder> settings) {
    return graph ->
        settings.apply(SamOptimizer.builder(graph, base.maker.apply(graph)).rho(0.5f)).build();
  }

  /** Also where the gradient at w has a faster form on this processor. */
  @ParameterizedTest
  @EnumSource
  void aStepWithoutSecondPassIsTheBasesToTheLastBit(ZeroRhoTest.Base base) {
    for (ZeroRhoTest.Bias bias : ZeroRhoTest.Bias.values()) {
      Map<String, byte[]> expected = ZeroRhoTest.trainedByBase(base, bias);
      Map<String, byte[]> actual =
          ZeroRhoTest.trained(sam(base, b -> b.startAt(1000)), bias, ZeroRhoTest.STEPS);
      assertThat(actual.keySet()).containsAll(expected.keySet());
      assertThat(Values.changed(expected, actual)).isEmpty();
    }
  }

  @Test
  void theFirstSecondPassMakesTheDifference() {
    ZeroRhoTest.Base base = ZeroRhoTest.Base.MOMENTUM;
    ZeroRhoTest.Bias bias = ZeroRhoTest.Bias.PLAIN;
    Map<String, byte[]> ofBase = ZeroRhoTest.trainedByBase(base, bias);
    int last = ZeroRhoTest.STEPS - 1;
    Map<String, byte[]> late =
        ZeroRhoTest.trained(sam(base, b -> b.startAt(last)), bias, ZeroRhoTest.STEPS);
    assertThat(Values.changed(ofBase, late)).contains("w0", "w1", "w2", "b0", "b1", "b2");
  }

  /** With rho = 0 a condition changes nothing at all. */
  @ParameterizedTest
  @EnumSource
  void withRhoZeroEveryConditionTrainsAsTheBase(ZeroRhoTest.Base base) {
    Map<String, byte[]> expected = ZeroRhoTest.trainedByBase(base, ZeroRhoTest.Bias.PLAIN);
    List<UnaryOperator<SamOptimizerBuilder>> all =
        List.of(
            b -> b.every(3),
            b -> b.whenGradientIsLarge(1, -1, 20),
            b -> b.ascent(AscentDirections.momentum()),
            b -> b.ascent(AscentDirections.random(3)),
            b -> b.ascent(AscentDirections.friendly(1, 0.9)).every(2));
    for (UnaryOperator<SamOptimizerBuilder> settings : all) {
      Map<String, byte[]> actual =
          ZeroRhoTest.trained(
              sam(base, b -> settings.apply(b).rho(0)), ZeroRhoTest.Bias.PLAIN, ZeroRhoTest.STEPS);
      assertThat(Values.changed(expected, actual)).isEmpty();
    }
  }

  /** What counts the second passes that are really run: an op on the way up. */
  private static final class Counted {
    final Variable<TFloat64> count;

    Counted(Graph graph) {
      Ops tf = Ops.create(graph);
      count = tf.withName("count").variable(tf.constant(0.0));
    }

    WeightVector gradient(StepVectors step) {
      return step.gradient().map(this::counted);
    }

    private Operand<TNumber> counted(Ops tf, Operand<TNumber> x) {
      // Of x: else it would be run in each step.
      Operand<TFloat64> one =
          tf.math.add(
              tf.math.mul(
                  tf.dtypes.cast(tf.sum(x, tf.constant(0)), TFloat64.class), tf.constant(0.0)),
              tf.constant(1.0));
      return tf.withControlDependencies(List.of(tf.assignAdd(count, one))).identity(x);
    }
  }

  static Stream<Arguments> conditions() {
    return Stream.of(
        condition("every 3", b -> b.every(3), "x..x..x.."),
        condition("start at 4", b -> b.startAt(4), "....xxxxx"),
        condition("every 3 from 2", b -> b.every(3).startAt(2), "..x..x..x"),
        condition("always by chance", b -> b.atRandom(1, 7), "xxxxxxxxx"),
        condition("hardly ever by chance", b -> b.atRandom(1e-12, 7), "........."));
  }

  private static Arguments condition(
      String name, UnaryOperator<SamOptimizerBuilder> settings, String runs) {
    return Arguments.of(name, settings, runs);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("conditions")
  void theSecondPassIsRunWhereItIsToBe(
      String name, UnaryOperator<SamOptimizerBuilder> settings, String runs) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Maker m = new TestModels.Maker(graph, session);
      Variable<TFloat64> w = m.variable("w", new double[] {1, 2}, 2);
      Counted counted = new Counted(graph);
      Operand<TFloat64> loss = m.tf.sum(m.tf.math.mul(w, w), m.tf.constant(0));
      SamOptimizer sam =
          settings
              .apply(SamOptimizer.builder(graph, new GradientDescent(graph, 0.01f)))
              .ascent(counted::gradient)
              .build();
      Op train = sam.minimize(loss);
      session.initialize();
      long count = 0;
      for (int step = 0; step < runs.length(); step++) {
        boolean expected = runs.charAt(step) == 'x';
        try (Result result =
            session
                .runner()
                .addTarget(train)
                .fetch(sam.active())
                .fetch(sam.loss())
                .fetch(sam.perturbedLoss())
                .fetch(sam.sharpness())
                .fetch(sam.gradientNorm())
                .fetch(sam.perturbationNorm())
                .run()) {
          assertThat(((TBool) result.get(0)).getBoolean()).isEqualTo(expected);
          assertThat(Values.of(result.get(1))[0]).isPositive();
          for (int i = 2; i < 6; i++) {
            assertThat(Double.isNaN(Values.of(result.get(i))[0])).isEqualTo(!expected);
          }
        }
        count += expected ? 1 : 0;
        assertThat(Values.scalar(session, counted.count)).isEqualTo(count);
      }
    }
  }

  /** The twin has an op that fails at w+ε. */
  @Test
  void theTwinIsNotRunInOtherSteps() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Maker m = new TestModels.Maker(graph, session);
      Variable<TFloat64> w = m.variable("w", new double[] {1, 2}, 2);
      Operand<TFloat64> loss = FailedStepTest.lossWithLimit(m, w, m.tf.constant(100.0));
      Placeholder<TBool> active = m.tf.placeholder(TBool.class);
      SamOptimizer sam =
          SamOptimizer.builder(graph, new GradientDescent(graph, 0.01f))
              .rho(1000)
              .when(active)
              .build();
      Op train = sam.minimize(loss);
      session.initialize();
      Map<String, byte[]> before = Values.variables(graph, session);
      try (TBool yes = TBool.scalarOf(true);
          TBool no = TBool.scalarOf(false)) {
        session.runner().feed(active, no).addTarget(train).run().close();
        Map<String, byte[]> after = Values.variables(graph, session);
        assertThat(Values.changed(before, after)).contains("w");
        assertThatThrownBy(() -> session.runner().feed(active, yes).addTarget(train).run())
            .hasMessageContaining("Sam/");
        assertThat(Values.changed(after, Values.variables(graph, session))).isEmpty();
      }
    }
  }

  /** Members that keep something, each with a slot that shows it. */
  static Stream<Arguments> members() {
    return Stream.of(
        member("every", b -> b.every(5)),
        member("by chance", b -> b.atRandom(0.4, 11)),
        member("LookSAM", b -> b.every(5).descent(DescentDirections.looking(0.7))),
        member("AE-SAM", b -> b.whenGradientIsLarge(0.5, -0.5, 13)),
        member("Friendly SAM", b -> b.ascent(AscentDirections.friendly(1, 0.9))),
        member(
            "variance-suppressed, every 2",
            b -> b.every(2).ascent(AscentDirections.varianceSuppressed(0.4))),
        member("SANER", b -> b.descent(DescentDirections.saner(0.5, 10))),
        member("random", b -> b.ascent(AscentDirections.random(3)).lossAtWeights(true)),
        member("momentum", b -> b.ascent(AscentDirections.momentum()).lossAtWeights(true)));
  }

  private static Arguments member(String name, UnaryOperator<SamOptimizerBuilder> settings) {
    return Arguments.of(name, settings);
  }

  private static Op step(
      SmallClassifier model, Optimizer base, UnaryOperator<SamOptimizerBuilder> settings) {
    SamOptimizer sam = settings.apply(SamOptimizer.builder(model.graph(), base)).build();
    Op train = sam.minimize(model.trainingLoss);
    model.session().initialize();
    return model.step(train);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("members")
  void aCheckpointGoesOnBitForBit(String name, UnaryOperator<SamOptimizerBuilder> settings)
      throws IOException {
    for (boolean keepsMomentum : new boolean[] {true, false}) {
      Path path = directory.resolve("checkpoint" + keepsMomentum);
      Map<String, byte[]> expected;
      try (Graph graph = new Graph();
          Session session = new Session(graph)) {
        SmallClassifier model = new SmallClassifier(graph, session, "net/", 0.25f);
        Op step = step(model, base(graph, keepsMomentum), settings);
        SmallClassifier.run(session, step, 0, 7);
        GraphCheckpoint.of(graph, session).save(path);
        SmallClassifier.run(session, step, 7, 13);
        expected = Values.variables(graph, session);
      }
      try (Graph graph = new Graph();
          Session session = new Session(graph)) {
        SmallClassifier model = new SmallClassifier(graph, session, "net/", 0.25f);
        Op step = step(model, base(graph, keepsMomentum), settings);
        GraphCheckpoint.of(graph, session).restore(path);
        SmallClassifier.run(session, step, 7, 13);
        Map<String, byte[]> actual = Values.variables(graph, session);
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        assertThat(Values.changed(expected, actual)).isEmpty();
      }
    }
  }

  private static Optimizer base(Graph graph, boolean keepsMomentum) {
    return keepsMomentum ? new Momentum(graph, 0.1f, 0.9f) : new GradientDescent(graph, 0.1f);
  }

  /** A batch with a NaN: counters, averages and kept directions stay as they are. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("members")
  void aStepThatFailsKeepsNothing(String name, UnaryOperator<SamOptimizerBuilder> settings) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      SmallClassifier model = new SmallClassifier(graph, session, "", 0);
      Op train =
          settings
              .apply(SamOptimizer.builder(graph, new GradientDescent(graph, 0.1f)))
              .build()
              .minimize(model.trainingLoss);
      session.initialize();
      // One of these two steps has a second pass in "every 5", the other has none.
      for (int done = 5; done <= 6; done++) {
        SmallClassifier.run(session, train, done == 5 ? 0 : 5, done);
        Map<String, byte[]> before = Values.variables(graph, session);
        var batch = SmallClassifier.batch(1);
        ((TFloat32) batch.get("images")).setFloat(Float.NaN, 0, 0, 0, 0);
        Session.Runner runner = session.runner().addTarget(train);
        batch.forEach(runner::feed);
        assertThatThrownBy(runner::run).hasMessageContaining("is not finite");
        SmallClassifier.close(batch);
        assertThat(Values.changed(before, Values.variables(graph, session))).isEmpty();
      }
    }
  }

  /** The parts of a batch go on without their second passes, also one by one. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void partsOfABatchTrainAsTheWholeBatchInOtherSteps(boolean sequential) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Maker m = new TestModels.Maker(graph, session);
      Placeholder<TFloat64> x = m.tf.placeholder(TFloat64.class, Placeholder.shape(Shape.of(4, 2)));
      Variable<TFloat64> w = m.variable("w", new double[] {1, -2}, 2, 1);
      Operand<TFloat64> loss =
          m.tf.math.mean(
              m.tf.math.square(m.tf.linalg.matMul(x, w)), m.tf.constant(new int[] {0, 1}));
      SamOptimizer sam =
          SamOptimizer.builder(graph, new GradientDescent(graph, 0.125f))
              .rho(0.5f)
              .microBatches(2, x)
              .sequential(sequential)
              .every(2)
              .build();
      Op train = sam.minimize(loss);
      session.initialize();
      double[] values = {1, 0.5, -1, 2, 0.25, 1, 1.5, -0.5};
      double[] weights = {1, -2};
      try (TFloat64 fed = Values.tensor(Shape.of(4, 2), values)) {
        for (int step = 0; step < 4; step++) {
          session.runner().feed(x, fed).addTarget(train).run().close();
          double[] gradient =
              step % 2 == 0 ? samGradient(values, weights) : gradient(values, weights, 0, 4);
          for (int i = 0; i < 2; i++) {
            weights[i] -= 0.125 * gradient[i];
          }
          double[] actual = Values.of(session, w);
          assertThat(actual[0]).isCloseTo(weights[0], org.assertj.core.data.Offset.offset(1e-12));
          assertThat(actual[1]).isCloseTo(weights[1], org.assertj.core.data.Offset.offset(1e-12));
        }
      }
    }
  }

  /** The mean over two parts of the gradient at the w+ε of each. */
  private static double[] samGradient(double[] x, double[] w) {
    double[] mean = new double[2];
    for (int part = 0; part < 2; part++) {
      double[] g = gradient(x, w, 2 * part, 2 * part + 2);
      double norm = Math.hypot(g[0], g[1]);
      double[] there = {w[0] + 0.5 * g[0] / norm, w[1] + 0.5 * g[1] / norm};
      double[] second = gradient(x, there, 2 * part, 2 * part + 2);
      mean[0] += second[0] / 2;
      mean[1] += second[1] / 2;
    }
    return mean;
  }

  private static double[] gradient(double[] x, double[] w, int from, int to) {
    double[] g = new double[2];
    for (int row = from; row < to; row++) {
      double y = x[2 * row] * w[0] + x[2 * row + 1] * w[1];
      g[0] += 2 * y * x[2 * row] / (to - from);
      g[1] += 2 * y * x[2 * row + 1] / (to - from);
    }
    return g;
  }

  /** An ascent along the momentum needs no pass at w: the ops of the loss are not run. */
  @Test
  void aPassThatIsNotNeededIsNotRun() {
    for (boolean lossAtWeights : new boolean[] {false, true}) {
      try (Graph graph = new Graph();
          Session session = new Session(graph)) {
        SmallClassifier model = new SmallClassifier(graph, session, "", 0);
        SamOptimizer sam =
            SamOptimizer.builder(graph, new Momentum(graph, 0.1f, 0.9f))
                .ascent(AscentDirections.momentum())
                .lossAtWeights(lossAtWeights)
                .build();
        Op train = sam.minimize(model.trainingLoss);
        List<String> run = new ArrayList<>();
        GraphOps.behind((org.tensorflow.GraphOperation) train.op())
            .forEach(op -> run.add(op.type()));
        assertThat(run.stream().filter("Conv2D"::equals).count()).isEqualTo(lossAtWeights ? 2 : 1);
        assertThat(run.stream().filter("Conv2DBackpropFilter"::equals).count()).isEqualTo(1);
        if (!lossAtWeights) {
          assertThatThrownBy(sam::loss).hasMessageContaining("lossAtWeights(true)");
          assertThatThrownBy(sam::sharpness).hasMessageContaining("perturbedLoss()");
        }
      }
    }
  }

  /** Such as the statistics of batch normalization: those of the one pass that there is. */
  @Test
  void withoutAPassAtWReplicasAreThoseAtThePerturbation() {
    for (boolean lossAtWeights : new boolean[] {false, true}) {
      try (Graph graph = new Graph();
          Session session = new Session(graph)) {
        TestModels.Maker m = new TestModels.Maker(graph, session);
        Variable<TFloat64> w = m.variable("w", new double[] {1, -2}, 2);
        Operand<TFloat64> twice = m.tf.math.mul(w, m.tf.constant(2.0));
        Operand<TFloat64> loss = m.tf.sum(m.tf.math.mul(twice, twice), m.tf.constant(0));
        SamOptimizer sam =
            SamOptimizer.builder(graph, new Momentum(graph, 0.01f, 0.5f))
                .rho(0.5f)
                .ascent(AscentDirections.momentum())
                .lossAtWeights(lossAtWeights)
                .build();
        Op train = sam.minimize(loss);
        session.initialize();
        session.run(train);
        double[] before = Values.of(session, w);
        double[] v = Values.of(session, sam.getSlot(w.asOutput(), Momentum.MOMENTUM).orElseThrow());
        double norm = Math.hypot(v[0], v[1]);
        try (Result result =
            session.runner().addTarget(train).fetch(sam.replicas(twice).get(0)).run()) {
          double[] actual = Values.of(result.get(0));
          for (int i = 0; i < 2; i++) {
            double epsilon = lossAtWeights ? 0 : -0.5 * v[i] / norm;
            assertThat(actual[i])
                .isCloseTo(2 * (before[i] + epsilon), org.assertj.core.data.Offset.offset(1e-12));
          }
        }
      }
    }
  }

  /** At w the transposed Jacobian times the gradient of the logits is the gradient. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void throughLogitsWithRhoZeroItIsTheGradient(int parts) {
    List<double[]> trained = new ArrayList<>();
    for (boolean throughLogits : new boolean[] {false, true}) {
      try (Graph graph = new Graph();
          Session session = new Session(graph)) {
        TestModels.Maker m = new TestModels.Maker(graph, session);
        Ops tf = m.tf;
        Placeholder<TFloat64> x = tf.placeholder(TFloat64.class, Placeholder.shape(Shape.of(4, 2)));
        Variable<TFloat64> w = m.variable("w", new double[] {1, -2, 0.5, 3}, 2, 2);
        Operand<TFloat64> logits = tf.math.tanh(tf.linalg.matMul(x, w));
        Operand<TFloat64> loss = tf.math.mean(tf.math.exp(logits), tf.constant(new int[] {0, 1}));
        SamOptimizerBuilder sam =
            SamOptimizer.builder(graph, new Momentum(graph, 0.5f, 0.5f))
                .rho(0)
                .every(2)
                .microBatches(parts, x);
        Op train = (throughLogits ? sam.logits(logits) : sam).build().minimize(loss);
        session.initialize();
        try (TFloat64 fed = Values.tensor(Shape.of(4, 2), 1, 0.5, -1, 2, 0.25, 1, 1.5, -0.5)) {
          for (int step = 0; step < 3; step++) {
            session.runner().feed(x, fed).addTarget(train).run().close();
          }
        }
        trained.add(Values.of(session, w));
      }
    }
    assertThat(trained.get(1))
        .containsExactly(trained.get(0), org.assertj.core.data.Offset.offset(1e-13));
    assertThat(trained.get(0)[0]).isNotEqualTo(1);
  }

  @Test
  void logitsThatTheLossGoesAroundAreRefused() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Maker m = new TestModels.Maker(graph, session);
      Ops tf = m.tf;
      Variable<TFloat64> w = m.variable("w", new double[] {1, -2}, 2);
      Operand<TFloat64> logits = tf.withName("z").math.tanh(w);
      Operand<TFloat64> penalty = tf.sum(tf.math.mul(w, w), tf.constant(0));
      Operand<TFloat64> loss = tf.sum(logits, tf.constant(0));
      SamOptimizerBuilder sam =
          SamOptimizer.builder(graph, new GradientDescent(graph, 0.1f)).logits(logits);
      assertThatThrownBy(() -> sam.build().minimize(tf.math.add(loss, penalty)))
          .hasMessageContaining("depends on variable \"w\" otherwise than through logits \"z\"");
      assertThatThrownBy(() -> sam.build().minimize(penalty))
          .hasMessageContaining("otherwise than through");
    }
  }

  @Test
  void whatDoesNotGoTogetherIsRefused() {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> x = tf.placeholder(TFloat32.class);
      assertRefused(graph, b -> b.every(2).inPlace(true), "inPlace");
      assertRefused(graph, b -> b.every(2).ascentExamples(1, x), "ascentExamples");
      assertRefused(
          graph,
          b -> b.whenGradientIsLarge(1, -1, 9).microBatches(2, x).sequential(true),
          "sequential");
      assertRefused(graph, b -> b.every(2).atRandom(0.5, 1), "every and atRandom");
      assertRefused(graph, b -> b.every(0), "every is 0");
      assertRefused(graph, b -> b.startAt(-1), "startAt is -1");
      assertRefused(graph, b -> b.atRandom(0, 1), "probability is 0.0");
      assertRefused(graph, b -> b.whenGradientIsLarge(Double.NaN, 1, 1), "from NaN");
      assertRefused(graph, b -> b.whenGradientIsLarge(1, 1, 0), "in 0 steps");
      assertRefused(graph, b -> b.expectedRise(0), "expectedRise is 0.0");
      assertRefused(graph, b -> b.lossAtWeights(true), "computed anyway");
      assertRefused(graph, b -> b.ascent(AscentDirections.momentum()).every(2), "pass at w");
      assertRefused(graph, b -> b.ascent(AscentDirections.random(1)).inPlace(true), "inPlace");
      assertRefused(
          graph, b -> b.ascent(AscentDirections.random(1)).expectedRise(1), "expectedRise");
      assertRefused(
          graph, b -> b.ascent(AscentDirections.friendly(1, 0.9)).ascentSteps(2), "ascentSteps");
      assertRefused(graph, b -> b.ascentSteps(2).inPlace(true), "ascentSteps is 2");
      assertRefused(graph, b -> b.logits(x).inPlace(true), "logits");
      assertRefused(graph, b -> b.logits(tf.constant(1)), "floating-point");
      assertRefused(graph, b -> b.when(tf.constant(new boolean[] {true})), "scalar");
    }
  }

  private static void assertRefused(
      Graph graph, UnaryOperator<SamOptimizerBuilder> settings, String message) {
    assertThatThrownBy(
            () ->
                settings
                    .apply(SamOptimizer.builder(graph, new GradientDescent(graph, 0.1f)))
                    .build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }
}
