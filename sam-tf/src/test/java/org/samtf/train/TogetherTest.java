package org.samtf.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.samtf.OrderedOptimizer;
import org.samtf.SamOptimizer;
import org.samtf.Values;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.AdaDelta;
import org.tensorflow.framework.optimizers.AdaGrad;
import org.tensorflow.framework.optimizers.Adam;
import org.tensorflow.framework.optimizers.Adamax;
import org.tensorflow.framework.optimizers.Ftrl;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.framework.optimizers.Nadam;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.framework.optimizers.RMSProp;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;

/**
 * Optimizers, schedules, clipping, averages, SAM and micro-batches: whatever is combined trains.
 */
@Tag("one-line")
class TogetherTest {

  private static final int STEPS = 40;
  private static final int ROWS = 8;

  /** With a schedule whose largest value suits the optimizer. */
  private interface Scheduled {
    Optimizer of(Graph graph, Function<Double, Schedule> schedule);
  }

  private interface Around {
    Optimizer of(Graph graph, Optimizer base);
  }

  private interface Way {
    Op step(Graph graph, Optimizer base, Operand<?> loss, Operand<?> x, Operand<?> y);
  }

  private static final Map<String, Scheduled> SCHEDULED = new LinkedHashMap<>();
  private static final Map<String, Function<Graph, Optimizer>> CONSTANT = new LinkedHashMap<>();
  private static final List<Function<Double, Schedule>> SCHEDULES =
      List.of(
          Schedules::constant,
          peak -> Schedules.linear(0, peak, 5).then(5, Schedules.cosine(peak, 0, STEPS - 5)),
          peak -> Schedules.oneCycle(peak, STEPS),
          peak -> Schedules.piecewise(new long[] {20, 30}, peak, peak / 2, peak / 10),
          peak -> Schedules.exponential(peak, 0.5, STEPS),
          peak -> Schedules.polynomial(peak, 0, STEPS, 2),
          peak -> Schedules.cosineRestarts(peak, peak / 10, 10, 2));
  private static final Map<String, Around> CLIPPING = new LinkedHashMap<>();
  private static final Map<String, Way> WAYS = new LinkedHashMap<>();

  static {
    SCHEDULED.put("sgd", (g, s) -> Sgd.builder(g).learningRate(s.apply(0.1)).build());
    SCHEDULED.put(
        "nesterov",
        (g, s) ->
            Sgd.builder(g)
                .learningRate(s.apply(0.03))
                .momentum(0.9)
                .nesterov(true)
                .weightDecay(1e-3)
                .build());
    SCHEDULED.put("adamw", (g, s) -> AdamW.builder(g).learningRate(s.apply(0.1)).build());
    SCHEDULED.put("lion", (g, s) -> Lion.builder(g).learningRate(s.apply(0.05)).build());
    SCHEDULED.put("lamb", (g, s) -> Lamb.builder(g).learningRate(s.apply(0.1)).build());
    CONSTANT.put("adadelta", g -> new AdaDelta(g, 10));
    CONSTANT.put("adagrad", g -> new AdaGrad(g, 0.3f));
    CONSTANT.put("adam", g -> new Adam(g, 0.1f));
    CONSTANT.put("adamax", g -> new Adamax(g, 0.1f));
    CONSTANT.put("ftrl", g -> new Ftrl(g, 0.3f));
    CONSTANT.put("momentum", g -> new Momentum(g, 0.03f, 0.9f));
    CONSTANT.put("nadam", g -> new Nadam(g, 0.1f));
    CONSTANT.put("rmsprop", g -> new RMSProp(g, 0.05f));
    CLIPPING.put("not clipped", (g, base) -> base);
    CLIPPING.put("by global norm", (g, base) -> Clipped.byGlobalNorm(g, base, 2));
    CLIPPING.put("by norm", (g, base) -> Clipped.byNorm(g, base, 2));
    CLIPPING.put("by value", (g, base) -> Clipped.byValue(g, base, 1));
    WAYS.put("without sam", (g, base, loss, x, y) -> new OrderedOptimizer(g, base).minimize(loss));
    WAYS.put("sam", (g, base, loss, x, y) -> new SamOptimizer(g, base, 0.02f).minimize(loss));
    WAYS.put(
        "sam in parts",
        (g, base, loss, x, y) ->
            SamOptimizer.builder(g, base)
                .rho(Schedules.linear(0, 0.02, STEPS))
                .microBatches(2, x, y)
                .build()
                .minimize(loss));
  }

  static Stream<Arguments> optimizers() {
    return Stream.concat(
        SCHEDULED.keySet().stream().map(Arguments::of),
        CONSTANT.keySet().stream().map(Arguments::of));
  }

  /** With each clipping; ways and schedules take turns, so that each clipping meets each way. */
  @ParameterizedTest
  @MethodSource("optimizers")
  void trains(String optimizer) {
    List<String> clippings = List.copyOf(CLIPPING.keySet());
    int turn = optimizer.length();
    if (!SCHEDULED.containsKey(optimizer)) {
      String clipping = clippings.get(turn % clippings.size());
      requireTraining(CONSTANT.get(optimizer), clipping, "sam in parts", optimizer);
      return;
    }
    List<String> ways = List.copyOf(WAYS.keySet());
    for (String clipping : clippings) {
      int schedule = turn++ % SCHEDULES.size();
      requireTraining(
          graph -> SCHEDULED.get(optimizer).of(graph, SCHEDULES.get(schedule)),
          clipping,
          ways.get(turn % ways.size()),
          optimizer + ", schedule " + schedule);
    }
  }

  /** Every optimizer, schedule, clipping and way: 516 graphs. */
  @ParameterizedTest
  @MethodSource("optimizers")
  @Tag("long")
  void trainsWithEachOfEach(String optimizer) {
    for (String clipping : CLIPPING.keySet()) {
      for (String way : WAYS.keySet()) {
        if (!SCHEDULED.containsKey(optimizer)) {
          requireTraining(CONSTANT.get(optimizer), clipping, way, optimizer);
          continue;
        }
        for (int schedule = 0; schedule < SCHEDULES.size(); schedule++) {
          Function<Double, Schedule> of = SCHEDULES.get(schedule);
          requireTraining(
              graph -> SCHEDULED.get(optimizer).of(graph, of),
              clipping,
              way,
              optimizer + ", schedule " + schedule);
        }
      }
    }
  }

  private static void requireTraining(
      Function<Graph, Optimizer> optimizer, String clipping, String way, String name) {
    double[] losses = losses(optimizer, CLIPPING.get(clipping), WAYS.get(way));
    assertThat(losses[1]).as("%s, %s, %s", name, clipping, way).isLessThan(losses[0] / 2);
    assertThat(losses[2])
        .as("average of %s, %s, %s", name, clipping, way)
        .isLessThan(losses[0])
        .isNotEqualTo(losses[1]);
  }

  /** The loss before, after, and at the average. */
  private static double[] losses(Function<Graph, Optimizer> optimizer, Around clipping, Way way) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> x = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 3)));
      Placeholder<TFloat32> y = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 1)));
      Variable<TFloat32> w =
          tf.withName("w").variable(tf.constant(new float[][] {{0.1f}, {-0.1f}, {0.1f}}));
      Variable<TFloat32> b = tf.withName("b").variable(tf.constant(new float[] {0.1f}));
      Operand<TFloat32> error = tf.math.sub(tf.math.add(tf.linalg.matMul(x, w), b), y);
      Operand<TFloat32> loss =
          tf.math.mean(tf.math.mul(error, error), tf.constant(new int[] {0, 1}));
      WeightAverage average = WeightAverage.ema(graph, 0.9).build();
      Optimizer base = clipping.of(graph, average.around(optimizer.apply(graph)));
      Op train = way.step(graph, base, loss, x, y);
      Operand<TFloat32> averaged = average.at(loss);
      session.initialize();
      try (TFloat32 xs = TFloat32.tensorOf(Shape.of(ROWS, 3));
          TFloat32 ys = TFloat32.tensorOf(Shape.of(ROWS, 1))) {
        for (int i = 0; i < ROWS; i++) {
          double target = 1;
          for (int k = 0; k < 3; k++) {
            double entry = Math.sin(1 + 3 * i + 7 * k);
            xs.setFloat((float) entry, i, k);
            target += (k - 1.5) * entry;
          }
          ys.setFloat((float) target, i, 0);
        }
        double[] losses = new double[3];
        losses[0] = fetched(session, x, xs, y, ys, loss);
        for (int step = 0; step < STEPS; step++) {
          session.runner().feed(x, xs).feed(y, ys).addTarget(train).run().close();
        }
        losses[1] = fetched(session, x, xs, y, ys, loss);
        losses[2] = fetched(session, x, xs, y, ys, averaged);
        return losses;
      }
    }
  }

  private static double fetched(
      Session session,
      Operand<?> x,
      TFloat32 xs,
      Operand<?> y,
      TFloat32 ys,
      Operand<TFloat32> loss) {
    try (Result result = session.runner().feed(x, xs).feed(y, ys).fetch(loss).run()) {
      return Values.of(result.get(0))[0];
    }
  }
}
