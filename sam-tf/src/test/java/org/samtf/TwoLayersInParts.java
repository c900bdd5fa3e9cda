package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat64;

/** Two layers, trained on four parts of a batch that may be on several devices. */
public final class TwoLayersInParts implements AutoCloseable {

  public static final Shape BATCH = Shape.of(8, 5);
  public static final int PARTS = 4;

  public final Graph graph = new Graph();
  public final Session session;
  public final Op train;
  public final double[] batch = new Random(1).doubles(BATCH.size()).toArray();
  private final TestModels.Maker m;
  private final Placeholder<TFloat64> x;
  private final SamOptimizer sam;

  /**
   * Builds the network and its step.
   *
   * @param open opens the session
   * @param devices of the parts; none leaves them to TensorFlow
   */
  public TwoLayersInParts(
      Function<Graph, Session> open, List<String> devices, boolean sequential, int sharing) {
    this(open, devices, sequential, sharing, builder -> builder);
  }

  /** As above, with more settings. */
  TwoLayersInParts(
      Function<Graph, Session> open,
      List<String> devices,
      boolean sequential,
      int sharing,
      UnaryOperator<SamOptimizerBuilder> settings) {
    session = open.apply(graph);
    m = new TestModels.Maker(graph, session);
    Ops tf = m.tf;
    x = tf.withName("x").placeholder(TFloat64.class, Placeholder.shape(Shape.of(-1, 5)));
    Operand<TFloat64> hidden = tf.math.tanh(tf.linalg.matMul(x, m.weight("w1", 5, 7)));
    Operand<TFloat64> y = tf.linalg.matMul(hidden, m.weight("w2", 7, 2));
    Operand<TFloat64> loss = tf.math.mean(tf.math.mul(y, y), tf.constant(new int[] {0, 1}));
    SamOptimizerBuilder builder =
        SamOptimizer.builder(graph, new Momentum(graph, 0.1f, 0.9f))
            .rho(0.2f)
            .microBatches(PARTS, x)
            .sharePerturbation(sharing)
            .sequential(sequential);
    sam = settings.apply(devices.isEmpty() ? builder : builder.devices(devices)).build();
    train = sam.minimize(loss);
    session.initialize();
  }

  /** Gives a runner that takes a step to {@code run}. */
  public <T> T step(Function<Session.Runner, T> run) {
    try (TFloat64 fed = Values.tensor(BATCH, batch)) {
      return run.apply(session.runner().feed(x, fed).addTarget(train));
    }
  }

  /** Takes a step in another session of the graph. */
  public void step(Session other) {
    try (TFloat64 fed = Values.tensor(BATCH, batch)) {
      other.runner().feed(x, fed).addTarget(train).run().close();
    }
  }

  /** Takes a step and returns the loss. */
  public double step() {
    return step(
        runner -> {
          try (Result result = runner.fetch(sam.loss()).run()) {
            return Values.of(result.get(0))[0];
          }
        });
  }

  public List<double[]> weights() {
    return weights(session);
  }

  /** The weights that another session of the graph has. */
  public List<double[]> weights(Session other) {
    return Values.of(other, m.variables);
  }

  public static void assertSame(List<double[]> actual, List<double[]> expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < expected.size(); i++) {
      for (int k = 0; k < expected.get(i).length; k++) {
        assertThat(actual.get(i)[k]).isCloseTo(expected.get(i)[k], within(1e-12));
      }
    }
  }

  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
