package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.samtf.direction.AscentDirections;
import org.samtf.direction.DescentDirections;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Protos;
import org.samtf.train.AdamW;
import org.samtf.train.Clipped;
import org.samtf.train.Lamb;
import org.samtf.train.Lion;
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
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.framework.optimizers.RMSProp;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat64;

/**
 * Variables on several devices, which are shares of one CPU here: gradients go to the device of
 * their variable, and nowhere else.
 */
@Tag("one-line")
class SpreadWeightsTest {

  private static final int DEVICES = 3;
  private static final Shape BATCH = Shape.of(12, 5);

  /** Where the two weights are: the first device has none. */
  private static final List<String> HOMES = List.of("/device:CPU:1", "/device:CPU:2");

  private static final List<Long> SIZES = List.of(5L * 7, 7L * 2);

  private static final class Net implements AutoCloseable {
    final Graph graph = new Graph();
    final Session session;
    final List<Variable<TFloat64>> weights = new ArrayList<>();
    final double[] batch = new Random(1).doubles(BATCH.size()).toArray();
    final Placeholder<TFloat64> x;
    final SamOptimizer sam;
    final Op train;

    Net(
        boolean isSpread,
        Function<Graph, Optimizer> base,
        UnaryOperator<SamOptimizerBuilder> settings) {
      session = new Session(graph, Protos.config().putDeviceCount("CPU", DEVICES).build());
      Ops tf = Ops.create(graph);
      x = tf.withName("x").placeholder(TFloat64.class, Placeholder.shape(Shape.of(-1, 5)));
      Operand<TFloat64> hidden = tf.math.tanh(tf.linalg.matMul(x, weight(isSpread, 5, 7)));
      Operand<TFloat64> y = tf.linalg.matMul(hidden, weight(isSpread, 7, 2));
      Operand<TFloat64> loss = tf.math.mean(tf.math.mul(y, y), tf.constant(new int[] {0, 1}));
      SamOptimizerBuilder builder =
          SamOptimizer.builder(graph, base.apply(graph)).rho(0.2f).microBatches(DEVICES, x);
      if (isSpread) {
        builder.devices(List.of("/device:CPU:0", "/device:CPU:1", "/device:CPU:2"));
      }
      sam = settings.apply(builder).build();
      train = sam.minimize(loss);
      session.initialize();
    }

    private Variable<TFloat64> weight(boolean isSpread, long... dimensions) {
      int number = weights.size();
      Shape shape = Shape.of(dimensions);
      GraphScope home =
          GraphScope.unique(graph, "w" + number)
              .withDeviceString(isSpread ? HOMES.get(number) : "");
      Variable<TFloat64> weight = home.ops().variable(shape, TFloat64.class);
      double[] values =
          new Random(number).doubles(shape.size()).map(value -> value - 0.5).toArray();
      Ops tf = home.ops();
      session.run(tf.assign(weight, Values.constant(tf, TFloat64.class, shape, values)));
      weights.add(weight);
      return weight;
    }

    <T> T step(Function<Session.Runner, T> run) {
      try (TFloat64 fed = Values.tensor(BATCH, batch)) {
        return run.apply(session.runner().feed(x, fed).addTarget(train));
      }
    }

    void step() {
      step(
          runner -> {
            runner.run().close();
            return true;
          });
    }

    List<double[]> values() {
      return Values.of(session, weights);
    }

    @Override
    public void close() {
      session.close();
      graph.close();
    }
  }

  private static Optimizer momentum(Graph graph) {
    return new Momentum(graph, 0.1f, 0.9f);
  }

  private static Arguments with(int out, int back, UnaryOperator<SamOptimizerBuilder> settings) {
    Function<Graph, Optimizer> base = SpreadWeightsTest::momentum;
    return Arguments.of(out, back, base, settings);
  }

  private static Arguments around(Function<Graph, Optimizer> base) {
    return Arguments.of(1, 1, base, UnaryOperator.<SamOptimizerBuilder>identity());
  }

  private static SamOptimizerBuilder shared(SamOptimizerBuilder builder) {
    return builder.sharePerturbation(SamOptimizer.ALL_REPLICAS);
  }

  /**
   * Steps, with how many tensors of its size the device of a variable sends to each other one, and
   * takes from it: weights and gradients, if no more is said.
   */
  static Stream<Arguments> steps() {
    return Stream.of(
        with(1, 1, b -> b),
        with(1, 1, b -> b.l2(0.01f)),
        with(1, 1, b -> b.norm(1)),
        with(1, 1, b -> b.norm(3)),
        with(1, 1, b -> b.norm(Double.POSITIVE_INFINITY)),
        with(1, 1, b -> b.adaptive()),
        with(1, 1, b -> b.notFinite(NotFinite.SKIP)),
        with(1, 1, b -> b.dynamicLossScale()),
        with(1, 1, b -> b.sequential(true)),
        with(1, 1, b -> b.ascentSteps(2)),
        around(graph -> new AdaDelta(graph, 1f)),
        around(graph -> new AdaGrad(graph, 0.1f)),
        around(graph -> new AdaGradDA(graph, 0.1f)),
        around(graph -> new Adam(graph, 0.01f)),
        around(graph -> new Adamax(graph, 0.01f)),
        around(graph -> new Ftrl(graph, 0.1f)),
        around(graph -> new GradientDescent(graph, 0.1f)),
        around(graph -> new RMSProp(graph, 0.01f)),
        around(graph -> AdamW.builder(graph).build()),
        around(graph -> Lamb.builder(graph).build()),
        around(graph -> Lion.builder(graph).build()),
        around(graph -> Clipped.byGlobalNorm(graph, momentum(graph), 1e-3)),
        around(graph -> Clipped.byNorm(graph, momentum(graph), 1e-3)),
        around(graph -> Clipped.byValue(graph, momentum(graph), 1e-3)),
        // ε, and the gradients of both passes.
        with(2, 2, b -> shared(b)),
        with(2, 2, b -> shared(b).norm(1)),
        with(2, 2, b -> shared(b).norm(3)),
        with(2, 2, b -> shared(b).adaptive()),
        with(2, 2, b -> shared(b).expectedRise(0.1f)),
        with(3, 3, b -> shared(b).ascentSteps(2)),
        // The gradients of both passes.
        with(1, 2, b -> b.every(2)),
        with(1, 2, b -> b.descent(DescentDirections.surrogateGap(0.2))),
        with(1, 2, b -> b.descent(DescentDirections.looking(0.7)).every(2)),
        with(1, 2, b -> b.whenGradientIsLarge(0.1, -0.1, 6)),
        // The momentum.
        with(2, 1, b -> b.ascent(AscentDirections.momentum()).lossAtWeights(true)),
        // The average, which two ops read, and what is added to it.
        with(3, 2, b -> b.ascent(AscentDirections.friendly(1, 0.9))));
  }

  @ParameterizedTest
  @MethodSource("steps")
  void theWeightsAreThoseOfOneDevice(
      int out,
      int back,
      Function<Graph, Optimizer> base,
      UnaryOperator<SamOptimizerBuilder> settings) {
    try (Net one = new Net(false, base, settings);
        Net spread = new Net(true, base, settings)) {
      for (int step = 0; step < 5; step++) {
        one.step();
        spread.step();
      }
      TwoLayersInParts.assertSame(spread.values(), one.values());
    }
  }

  @ParameterizedTest
  @MethodSource("steps")
  void whatIsOfAVariableIsSentFromItsDeviceAndToItOnly(
      int out,
      int back,
      Function<Graph, Optimizer> base,
      UnaryOperator<SamOptimizerBuilder> settings) {
    try (Net net = new Net(true, base, settings)) {
      assertThat(crossings(net, List.of())).isEqualTo(expected(out, back));
    }
  }

  /** The norm of ε is of numbers, one from each device. */
  @Test
  void whatIsFetchedOfAStepSendsNoPerturbation() {
    try (Net net = new Net(true, SpreadWeightsTest::momentum, b -> b)) {
      List<Operand<?>> fetched =
          List.of(
              net.sam.loss(),
              net.sam.sharpness(),
              net.sam.gradientNorm(),
              net.sam.perturbationNorm());
      assertThat(crossings(net, fetched)).isEqualTo(expected(1, 1));
    }
  }

  /** What is of a weight's size and goes from device to device in a step, sorted. */
  private static List<String> crossings(Net net, List<Operand<?>> fetched) {
    List<String> sent = new ArrayList<>();
    List<Crossings.Crossing> all =
        net.step(
            runner -> {
              fetched.forEach(runner::fetch);
              return Crossings.run(runner);
            });
    for (Crossings.Crossing crossing : all) {
      if (SIZES.contains(crossing.size())) {
        sent.add(crossing.size() + " from " + crossing.from() + " to " + crossing.to());
      }
    }
    Collections.sort(sent);
    return sent;
  }

  private static List<String> expected(int out, int back) {
    List<String> sent = new ArrayList<>();
    for (int weight = 0; weight < SIZES.size(); weight++) {
      for (int device = 0; device < DEVICES; device++) {
        String other = "/device:CPU:" + device;
        String home = HOMES.get(weight);
        if (!other.equals(home)) {
          String size = SIZES.get(weight) + " from ";
          sent.addAll(Collections.nCopies(out, size + home + " to " + other));
          sent.addAll(Collections.nCopies(back, size + other + " to " + home));
        }
      }
    }
    Collections.sort(sent);
    return sent;
  }

  /** A gradient that is not finite on one device stops the updates on all. */
  @Test
  void aNanOnOneDeviceStopsTheStepOnAll() {
    try (Net net = new Net(true, SpreadWeightsTest::momentum, b -> b)) {
      net.step();
      var before = Values.variables(net.graph, net.session);
      net.batch[net.batch.length - 1] = Double.NaN;
      assertThatThrownBy(net::step).hasMessageContaining("is not finite, no variable was changed");
      assertThat(Values.changed(before, Values.variables(net.graph, net.session))).isEmpty();
    }
  }

  @Test
  void aNanOnOneDeviceSkipsTheStepOnAll() {
    try (Net net = new Net(true, SpreadWeightsTest::momentum, b -> b.notFinite(NotFinite.SKIP))) {
      net.step();
      List<double[]> before = net.values();
      net.batch[net.batch.length - 1] = Double.NaN;
      boolean skipped =
          net.step(
              runner -> {
                try (var result = runner.fetch(net.sam.skipped()).run()) {
                  return ((TBool) result.get(0)).getBoolean();
                }
              });
      assertThat(skipped).isTrue();
      for (int i = 0; i < before.size(); i++) {
        assertThat(net.values().get(i)).containsExactly(before.get(i));
      }
    }
  }
}
