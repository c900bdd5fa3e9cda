package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.GradientDescent;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt64;

/** m-sharpness: each part of the batch has its own perturbation. */
@Tag("one-line")
class MicroBatchesTest {

  private static final int BATCH = 16;
  private static final int FEATURES = 5;
  private static final int HIDDEN = 6;
  private static final int OUTPUTS = 3;
  private static final float RHO = 0.25f;
  private static final float LEARNING_RATE = 0.125f;
  private static final float MOMENTUM = 0.5f;

  /** A tanh perceptron with a mean squared error, fed by placeholders of an unknown batch size. */
  private static final class Net {
    final Placeholder<TFloat64> x;
    final Placeholder<TFloat64> y;
    final List<Variable<TFloat64>> weights = new ArrayList<>();
    final Operand<TFloat64> loss;

    Net(Graph graph, Session session) {
      TestModels.Maker m = new TestModels.Maker(graph, session);
      Ops tf = m.tf;
      x = tf.withName("x").placeholder(TFloat64.class, Placeholder.shape(Shape.of(-1, FEATURES)));
      y = tf.withName("y").placeholder(TFloat64.class, Placeholder.shape(Shape.of(-1, OUTPUTS)));
      Operand<TFloat64> hidden =
          tf.math.tanh(tf.linalg.matMul(x, m.weight("w1", FEATURES, HIDDEN)));
      Operand<TFloat64> output = tf.linalg.matMul(hidden, m.weight("w2", HIDDEN, OUTPUTS));
      weights.addAll(m.variables);
      loss = tf.math.mean(tf.math.squaredDifference(output, y), tf.constant(new int[] {0, 1}));
    }
  }

  private static double[] data(long seed, int columns) {
    return new Random(seed).doubles((long) BATCH * columns).map(v -> 2 * v - 1).toArray();
  }

  /** The weights after some steps. */
  private static List<double[]> train(
      int steps, UnaryOperator<SamOptimizerBuilder> settings, boolean cut, int k) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Net net = new Net(graph, session);
      SamOptimizerBuilder builder =
          settings.apply(
              SamOptimizer.builder(graph, new Momentum(graph, LEARNING_RATE, MOMENTUM)).rho(RHO));
      if (cut) {
        builder.microBatches(k, net.x, net.y);
      }
      SamOptimizer sam = builder.build();
      Op train = sam.minimize(net.loss);
      for (int step = 0; step < steps; step++) {
        run(session, net, step, train, BATCH);
      }
      return Values.of(session, net.weights);
    }
  }

  private static void run(Session session, Net net, int step, Op train, int batch) {
    double[] x = Arrays.copyOf(data(2L * step, FEATURES), batch * FEATURES);
    double[] y = Arrays.copyOf(data(2L * step + 1, OUTPUTS), batch * OUTPUTS);
    try (TFloat64 xs = Values.tensor(Shape.of(batch, FEATURES), x);
        TFloat64 ys = Values.tensor(Shape.of(batch, OUTPUTS), y)) {
      session.runner().feed(net.x, xs).feed(net.y, ys).addTarget(train).run().close();
    }
  }

  /** SAM in plain Java, for the same network: a loop over the parts of a batch. */
  private static final class PlainLoop {
    final double[][] weights;
    final double[][] momentum;
    final double p;

    PlainLoop(List<double[]> initial, double p) {
      weights = initial.stream().map(double[]::clone).toArray(double[][]::new);
      momentum = initial.stream().map(w -> new double[w.length]).toArray(double[][]::new);
      this.p = p;
    }

    /** The gradient of the loss on rows {@code from} to {@code to}. */
    static double[][] gradient(double[][] w, double[] x, double[] y, int from, int to) {
      double[][] g = {new double[w[0].length], new double[w[1].length]};
      double scale = 2.0 / ((to - from) * OUTPUTS);
      for (int r = from; r < to; r++) {
        double[] h = new double[HIDDEN];
        for (int j = 0; j < HIDDEN; j++) {
          double sum = 0;
          for (int i = 0; i < FEATURES; i++) {
            sum += x[r * FEATURES + i] * w[0][i * HIDDEN + j];
          }
          h[j] = Math.tanh(sum);
        }
        double[] dh = new double[HIDDEN];
        for (int o = 0; o < OUTPUTS; o++) {
          double out = 0;
          for (int j = 0; j < HIDDEN; j++) {
            out += h[j] * w[1][j * OUTPUTS + o];
          }
          double d = scale * (out - y[r * OUTPUTS + o]);
          for (int j = 0; j < HIDDEN; j++) {
            g[1][j * OUTPUTS + o] += d * h[j];
            dh[j] += d * w[1][j * OUTPUTS + o];
          }
        }
        for (int j = 0; j < HIDDEN; j++) {
          double d = dh[j] * (1 - h[j] * h[j]);
          for (int i = 0; i < FEATURES; i++) {
            g[0][i * HIDDEN + j] += d * x[r * FEATURES + i];
          }
        }
      }
      return g;
    }

    double[][] perturbed(double[][] g) {
      double[][] moved = {weights[0].clone(), weights[1].clone()};
      double q = p / (p - 1);
      double sum = 0;
      for (double[] part : g) {
        for (double v : part) {
          sum += p == Double.POSITIVE_INFINITY ? 1 : Math.pow(Math.abs(v), q);
        }
      }
      for (int n = 0; n < g.length; n++) {
        for (int i = 0; i < g[n].length; i++) {
          double direction =
              p == Double.POSITIVE_INFINITY
                  ? Math.signum(g[n][i])
                  : Math.signum(g[n][i])
                      * Math.pow(Math.abs(g[n][i]), q - 1)
                      / Math.pow(sum, 1 / p);
          moved[n][i] += RHO * direction;
        }
      }
      return moved;
    }

    void apply(double[][] g) {
      for (int n = 0; n < g.length; n++) {
        for (int i = 0; i < g[n].length; i++) {
          momentum[n][i] = MOMENTUM * momentum[n][i] + g[n][i];
          weights[n][i] -= LEARNING_RATE * momentum[n][i];
        }
      }
    }

    /** One step; parts {@code groupSize} at a time have a perturbation in common. */
    void step(double[] x, double[] y, int k, int groupSize) {
      double[][] mean = {new double[weights[0].length], new double[weights[1].length]};
      int rows = BATCH / k;
      for (int start = 0; start < k; start += groupSize) {
        int end = Math.min(k, start + groupSize);
        // Parts have one size, so the mean of their gradients is that over all their rows.
        double[][] moved = perturbed(gradient(weights, x, y, start * rows, end * rows));
        for (int part = start; part < end; part++) {
          add(mean, gradient(moved, x, y, part * rows, (part + 1) * rows), 1.0 / k);
        }
      }
      apply(mean);
    }
  }

  private static void add(double[][] to, double[][] what, double factor) {
    for (int n = 0; n < to.length; n++) {
      for (int i = 0; i < to[n].length; i++) {
        to[n][i] += factor * what[n][i];
      }
    }
  }

  private static void assertClose(List<double[]> actual, double[][] expected) {
    for (int n = 0; n < expected.length; n++) {
      for (int i = 0; i < expected[n].length; i++) {
        assertThat(actual.get(n)[i])
            .isCloseTo(expected[n][i], within(1e-10 * Math.max(1e-2, Math.abs(expected[n][i]))));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1,1.5", "2,1.5", "4,1.5", "8,1.5",
    "1,2", "2,2", "4,2", "8,2",
    "1,Infinity", "2,Infinity", "4,Infinity", "8,Infinity"
  })
  void partsAreThoseOfAPlainLoop(int k, double p) {
    List<double[]> initial = train(0, b -> b, true, k);
    for (boolean sequential : new boolean[] {false, true}) {
      PlainLoop loop = new PlainLoop(initial, p);
      for (int step = 0; step < 4; step++) {
        loop.step(data(2L * step, FEATURES), data(2L * step + 1, OUTPUTS), k, 1);
      }
      assertClose(train(4, b -> b.norm(p).sequential(sequential), true, k), loop.weights);
    }
  }

  @Test
  void onePartIsNoMicroBatchesBitForBit() {
    List<double[]> one = train(5, b -> b, true, 1);
    List<double[]> none = train(5, b -> b, false, 0);
    for (int i = 0; i < one.size(); i++) {
      assertThat(one.get(i)).isEqualTo(none.get(i));
    }
  }

  @ParameterizedTest
  @CsvSource({"4,4,false", "4,4,true", "8,2,false", "8,2,true", "8,3,true", "4,1,true"})
  void perturbationCanBeShared(int k, int groupSize, boolean sequential) {
    PlainLoop loop = new PlainLoop(train(0, b -> b, true, k), 2);
    for (int step = 0; step < 4; step++) {
      loop.step(data(2L * step, FEATURES), data(2L * step + 1, OUTPUTS), k, groupSize);
    }
    List<double[]> actual =
        train(4, b -> b.sharePerturbation(groupSize).sequential(sequential), true, k);
    assertClose(actual, loop.weights);
    if (groupSize == k) {
      assertClose(
          train(
              4,
              b -> b.sharePerturbation(SamOptimizer.ALL_REPLICAS).sequential(sequential),
              true,
              k),
          loop.weights);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void perturbationFromTheFirstExamples(boolean byFraction) {
    List<double[]> actual;
    PlainLoop loop;
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Net net = new Net(graph, session);
      loop = new PlainLoop(Values.of(session, net.weights), 2);
      SamOptimizerBuilder builder =
          SamOptimizer.builder(graph, new Momentum(graph, LEARNING_RATE, MOMENTUM)).rho(RHO);
      SamOptimizer sam =
          (byFraction
                  ? builder.ascentFraction(0.25, net.x, net.y)
                  : builder.ascentExamples(4, net.x, net.y))
              .build();
      Op train = sam.minimize(net.loss);
      for (int step = 0; step < 4; step++) {
        run(session, net, step, train, BATCH);
        double[] x = data(2L * step, FEATURES);
        double[] y = data(2L * step + 1, OUTPUTS);
        double[][] moved = loop.perturbed(PlainLoop.gradient(loop.weights, x, y, 0, 4));
        loop.apply(PlainLoop.gradient(moved, x, y, 0, BATCH));
      }
      actual = Values.of(session, net.weights);
    }
    assertClose(actual, loop.weights);
  }

  @Test
  void randomAscentExamplesAreOtherOnesEachStep() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Maker m = new TestModels.Maker(graph, session);
      Ops tf = m.tf;
      Operand<TFloat64> x =
          Values.constant(tf, TFloat64.class, Shape.of(8), 1, 2, 3, 4, 5, 6, 7, 8);
      Variable<TFloat64> w = m.variable("w", new double[] {1}, 1);
      Operand<TFloat64> loss = tf.math.mean(tf.math.mul(x, w), tf.constant(0));
      SamOptimizer sam =
          SamOptimizer.builder(graph, new GradientDescent(graph, 0f))
              .ascentExamples(2, x)
              .randomAscentExamples(true)
              .build();
      Op train = sam.minimize(loss);
      // The gradient is the mean of the two examples that were drawn.
      List<Double> means = new ArrayList<>();
      for (int step = 0; step < 40; step++) {
        try (Result result = session.runner().addTarget(train).fetch(sam.gradientNorm()).run()) {
          means.add(((TFloat64) result.get(0)).getDouble());
        }
      }
      assertThat(means).allMatch(mean -> mean >= 1.5 && mean <= 7.5 && (2 * mean) % 1 == 0);
      assertThat(means.stream().distinct().count()).isGreaterThan(4);
    }
  }

  @Test
  void ascentExamplesOfASeedAreTheSameAgain() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Maker m = new TestModels.Maker(graph, session);
      Ops tf = m.tf;
      Operand<TFloat64> x =
          Values.constant(tf, TFloat64.class, Shape.of(8), 1, 2, 3, 4, 5, 6, 7, 8);
      Placeholder<TInt64> seed = tf.placeholder(TInt64.class, Placeholder.shape(Shape.of(2)));
      Variable<TFloat64> w = m.variable("w", new double[] {1}, 1);
      Operand<TFloat64> loss = tf.math.mean(tf.math.mul(x, w), tf.constant(0));
      SamOptimizer sam =
          SamOptimizer.builder(graph, new GradientDescent(graph, 0f))
              .ascentExamples(2, x)
              .randomAscentExamples(seed)
              .build();
      Op train = sam.minimize(loss);
      List<List<Double>> runs = new ArrayList<>();
      for (int run = 0; run < 2; run++) {
        List<Double> means = new ArrayList<>();
        for (long step = 0; step < 40; step++) {
          try (TInt64 value = TInt64.vectorOf(7, step);
              Result result =
                  session
                      .runner()
                      .feed(seed, value)
                      .addTarget(train)
                      .fetch(sam.gradientNorm())
                      .run()) {
            means.add(((TFloat64) result.get(0)).getDouble());
          }
        }
        runs.add(means);
      }
      assertThat(runs.get(1)).isEqualTo(runs.get(0));
      // The mean of two different examples is at least 1.5 and at most 7.5.
      assertThat(runs.get(0)).allMatch(mean -> mean >= 1.5 && mean <= 7.5 && (2 * mean) % 1 == 0);
      assertThat(runs.get(0).stream().distinct().count()).isGreaterThan(4);
    }
  }

  @Test
  void aSeedOfTheAscentExamplesIsTwoIntegers() {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      SamOptimizerBuilder builder = SamOptimizer.builder(graph, new GradientDescent(graph));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> builder.randomAscentExamples(tf.constant(1L)))
          .withMessageContaining("must be a vector of two TInt32 or TInt64");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> builder.randomAscentExamples(tf.constant(new float[] {1, 2})))
          .withMessageContaining("TFloat32 of shape [2]");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void convolutionWithBatchNormAndDropoutTrains(boolean sequential) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Maker m = new TestModels.Maker(graph, session);
      Ops tf = m.tf;
      Placeholder<TFloat64> x =
          tf.placeholder(TFloat64.class, Placeholder.shape(Shape.of(-1, 6, 6, 1)));
      Operand<TFloat64> y =
          tf.nn.conv2d(x, m.weight("kernel", 3, 3, 1, 4), List.of(1L, 1L, 1L, 1L), "SAME");
      y = m.dropout(tf.nn.relu(m.batchNorm("bn", y, 0, 1, 2)));
      Operand<TFloat64> features = tf.reshape(y, tf.constant(new int[] {-1, 144}));
      Operand<TFloat64> predicted = tf.linalg.matMul(features, m.weight("w", 144, 1));
      Operand<TFloat64> target =
          tf.math.mean(tf.reshape(x, tf.constant(new int[] {-1, 36})), tf.constant(1));
      Operand<TFloat64> error = tf.math.sub(predicted, tf.expandDims(target, tf.constant(1)));
      Operand<TFloat64> loss =
          tf.math.mean(tf.math.mul(error, error), tf.constant(new int[] {0, 1}));
      SamOptimizer sam =
          SamOptimizer.builder(graph, new Momentum(graph, 0.02f, 0.9f))
              .rho(0.02f)
              .microBatches(4, x)
              .sequential(sequential)
              .build();
      Op train = sam.minimize(loss);
      double first = 0;
      double last = 0;
      double[] images = m.values(1, 16, 6, 6, 1);
      try (TFloat64 batch = Values.tensor(Shape.of(16, 6, 6, 1), images)) {
        for (int step = 0; step < 60; step++) {
          try (Result result =
              session.runner().feed(x, batch).addTarget(train).fetch(sam.loss()).run()) {
            last = ((TFloat64) result.get(0)).getDouble();
            first = step == 0 ? last : first;
          }
        }
      }
      assertThat(last).isLessThan(first / 4);
    }
  }

  /** Four parts, four masks: of the same seed they would be one. */
  @Test
  void eachPartDrawsItsOwnMaskAndUsesItTwice() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Maker m = new TestModels.Maker(graph, session);
      Ops tf = m.tf;
      Placeholder<TFloat64> x = tf.placeholder(TFloat64.class, Placeholder.shape(Shape.of(-1, 30)));
      Operand<TFloat64> uniform =
          tf.withName("drawn")
              .random
              .randomUniform(
                  tf.shape(x),
                  TFloat64.class,
                  org.tensorflow.op.random.RandomUniform.seed(7L),
                  org.tensorflow.op.random.RandomUniform.seed2(9L));
      Variable<TFloat64> w = m.weight("w", 30);
      Operand<TFloat64> masked = tf.math.mul(tf.math.mul(x, uniform), w);
      Operand<TFloat64> loss = tf.nn.l2Loss(tf.math.mean(masked, tf.constant(0)));
      SamOptimizer sam =
          SamOptimizer.builder(graph, new GradientDescent(graph, 1f))
              .rho(0.5f)
              .microBatches(2, x)
              .build();
      Op train = sam.minimize(loss);
      double[] before = Values.of(session, w);
      double[] ones = new double[60];
      Arrays.fill(ones, 1);
      double[][] masks = new double[2][];
      try (TFloat64 batch = Values.tensor(Shape.of(2, 30), ones);
          Result result =
              session
                  .runner()
                  .feed(x, batch)
                  .addTarget(train)
                  .fetch("Sam/part0/forward/drawn")
                  .fetch("Sam/part1/forward/drawn")
                  .run()) {
        masks[0] = Values.of(result.get(0));
        masks[1] = Values.of(result.get(1));
      }
      assertThat(masks[0]).isNotEqualTo(masks[1]);
      // L = ½ Σ (u w)² in each part: g = u² w, and ∇L(w+ε) = u² (w+ε).
      double[] expected = before.clone();
      for (double[] u : masks) {
        double norm = 0;
        for (int i = 0; i < 30; i++) {
          norm += Math.pow(u[i] * u[i] * before[i], 2);
        }
        for (int i = 0; i < 30; i++) {
          double g = u[i] * u[i] * before[i];
          expected[i] -= 0.5 * u[i] * u[i] * (before[i] + 0.5 * g / Math.sqrt(norm));
        }
      }
      assertThat(Values.of(session, w))
          .containsExactly(expected, org.assertj.core.data.Offset.offset(1e-12));
    }
  }

  @Test
  void movingAverageOnThePathChangesOnceFromTheFirstPart() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Maker m = new TestModels.Maker(graph, session);
      Ops tf = m.tf;
      Placeholder<TFloat64> x = tf.placeholder(TFloat64.class, Placeholder.shape(Shape.of(-1, 2)));
      Variable<TFloat64> moving = m.variable("moving", new double[2], 2);
      Operand<TFloat64> mean = tf.math.mean(x, tf.constant(0));
      Op update = tf.assignAdd(moving, mean);
      Operand<TFloat64> normal =
          tf.withControlDependencies(List.of(update)).identity(tf.math.sub(x, mean));
      Operand<TFloat64> y = tf.math.mul(normal, m.weight("w", 2));
      Operand<TFloat64> loss = tf.math.mean(tf.math.mul(y, y), tf.constant(new int[] {0, 1}));
      Op train =
          SamOptimizer.builder(graph, new GradientDescent(graph, 0.1f))
              .microBatches(2, x)
              .build()
              .minimize(loss);
      try (TFloat64 batch = Values.tensor(Shape.of(4, 2), 1, 2, 3, 4, 50, 60, 70, 80)) {
        session.runner().feed(x, batch).addTarget(train).run().close();
      }
      assertThat(Values.of(session, moving)).containsExactly(2, 3);
    }
  }

  @Test
  void severalLossesAreReplicas() {
    PlainLoop loop;
    List<double[]> actual = new ArrayList<>();
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Net net = new Net(graph, session);
      loop = new PlainLoop(Values.of(session, net.weights), 2);
      Ops tf = Ops.create(graph);
      // The user's own two towers over halves of the batch.
      List<Operand<TFloat64>> losses = new ArrayList<>();
      for (int half = 0; half < 2; half++) {
        Operand<TFloat64> x = half(tf, net.x, half, FEATURES);
        Operand<TFloat64> y = half(tf, net.y, half, OUTPUTS);
        Operand<TFloat64> output =
            tf.linalg.matMul(
                tf.math.tanh(tf.linalg.matMul(x, net.weights.get(0))), net.weights.get(1));
        losses.add(
            tf.math.mean(tf.math.squaredDifference(output, y), tf.constant(new int[] {0, 1})));
      }
      SamOptimizer sam = new SamOptimizer(graph, new Momentum(graph, LEARNING_RATE, MOMENTUM), RHO);
      Op train = sam.minimize(losses);
      for (int step = 0; step < 4; step++) {
        run(session, net, step, train, BATCH);
        loop.step(data(2L * step, FEATURES), data(2L * step + 1, OUTPUTS), 2, 1);
      }
      net.weights.forEach(w -> actual.add(Values.of(session, w)));
    }
    assertClose(actual, loop.weights);
  }

  private static Operand<TFloat64> half(Ops tf, Operand<TFloat64> all, int half, int columns) {
    return tf.slice(
        all,
        tf.constant(new int[] {half * BATCH / 2, 0}),
        tf.constant(new int[] {BATCH / 2, columns}));
  }

  @Test
  void batchThatTheNumberOfPartsDoesNotDivideFailsAndNamesBoth() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Net net = new Net(graph, session);
      Op train =
          SamOptimizer.builder(graph, new Momentum(graph, LEARNING_RATE, MOMENTUM))
              .microBatches(4, net.x, net.y)
              .build()
              .minimize(net.loss);
      var before = Values.variables(graph, session);
      assertThatThrownBy(() -> run(session, net, 0, train, 10))
          .hasMessageContaining("10")
          .hasMessageContaining("4")
          .hasMessageContaining("Sam/microBatches/splitIntoEqualParts");
      assertThat(Values.changed(before, Values.variables(graph, session))).isEmpty();
      run(session, net, 0, train, 12);
    }
  }

  @Test
  void settingsThatCannotBe() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Net net = new Net(graph, session);
      var builder = SamOptimizer.builder(graph, new GradientDescent(graph));
      assertThatThrownBy(() -> builder.microBatches(0, net.x))
          .hasMessageContaining("microBatches is 0");
      assertThatThrownBy(() -> builder.microBatches(2)).hasMessageContaining("no batch inputs");
      assertThatThrownBy(() -> builder.ascentExamples(0, net.x))
          .hasMessageContaining("ascentExamples is 0");
      assertThatThrownBy(() -> builder.ascentFraction(1.5, net.x))
          .hasMessageContaining("ascentFraction is 1.5");
      assertThatThrownBy(() -> builder.sharePerturbation(0))
          .hasMessageContaining("sharePerturbation is 0");
      assertThatThrownBy(() -> builder.devices(List.of("gpu0")))
          .hasMessageContaining("device is \"gpu0\"");
      Placeholder<TFloat64> idle = Ops.create(graph).withName("idle").placeholder(TFloat64.class);
      assertThatThrownBy(() -> builder.microBatches(2, net.x, idle).build().minimize(net.loss))
          .hasMessageContaining("\"idle\" does not lead to loss");
      assertThatThrownBy(
              () -> builder.microBatches(2, net.x, net.y).inPlace(true).build().minimize(net.loss))
          .hasMessageContaining("inPlace");
      assertThatThrownBy(
              () ->
                  builder.inPlace(false).ascentExamples(2, net.x, net.y).build().minimize(net.loss))
          .hasMessageContaining("both cut the batch");
      var whole = SamOptimizer.builder(graph, new GradientDescent(graph));
      assertThatThrownBy(() -> whole.devices(List.of("/device:CPU:0")).build().minimize(net.loss))
          .hasMessageContaining("devices are [/device:CPU:0], but the batch is in one part");
      assertThatThrownBy(
              () ->
                  SamOptimizer.builder(graph, new GradientDescent(graph))
                      .randomAscentExamples(true)
                      .build())
          .hasMessageContaining("randomAscentExamples is given without ascentExamples");
    }
  }

  @Test
  void constantBatchSizeIsNamed() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Maker m = new TestModels.Maker(graph, session);
      Ops tf = m.tf;
      Placeholder<TFloat64> unknown =
          tf.placeholder(TFloat64.class, Placeholder.shape(Shape.of(-1, 6)));
      Operand<TFloat64> rows = tf.withName("rows").reshape(unknown, tf.constant(new int[] {8, 6}));
      assertRefused(graph, m, rows, unknown, "\"rows\" (Reshape)", "-1");
      Placeholder<TFloat64> known =
          tf.placeholder(TFloat64.class, Placeholder.shape(Shape.of(8, 6)));
      Operand<TFloat64> shifted = tf.withName("shifted").math.add(known, m.data(8, 6));
      assertRefused(graph, m, shifted, known, "\"shifted\" (Add)", "tf.shape");
    }
  }

  private static void assertRefused(
      Graph graph,
      TestModels.Maker m,
      Operand<TFloat64> features,
      Operand<TFloat64> input,
      String... message) {
    Operand<TFloat64> y = m.tf.linalg.matMul(features, m.weight("w" + m.variables.size(), 6, 1));
    Operand<TFloat64> loss = m.tf.math.mean(m.tf.math.mul(y, y), m.tf.constant(new int[] {0, 1}));
    assertThatThrownBy(
            () ->
                SamOptimizer.builder(graph, new GradientDescent(graph))
                    .microBatches(4, input)
                    .build()
                    .minimize(loss))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(message);
  }
}
