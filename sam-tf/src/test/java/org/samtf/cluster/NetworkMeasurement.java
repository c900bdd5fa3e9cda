package org.samtf.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.samtf.SamOptimizer;
import org.samtf.SamOptimizerBuilder;
import org.samtf.Values;
import org.samtf.internal.graph.GraphScope;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat64;

/**
 * What a step on several machines sends and takes, and whether its weights are those of one
 * process; started by .ci/several-machines as task 0, in a network of its own.
 *
 * <pre>
 * NetworkMeasurement LABEL ADDRESSES [same] [spread] [shareN]
 * </pre>
 */
final class NetworkMeasurement {

  private static final int[] DIMS = {256, 512, 512, 16};

  /** On which machine each layer's weights are, where they are spread: the largest alone. */
  private static final int[] HOMES = {1, 0, 2};

  private static final int EXAMPLES_EACH = 16;
  private static final int STEPS = 11;

  private NetworkMeasurement() {}

  /** A perceptron in float64, whose parts are on the machines or on this one. */
  private static final class Net implements AutoCloseable {
    final Graph graph = new Graph();
    final Session session;
    final List<Variable<TFloat64>> weights = new ArrayList<>();
    final Placeholder<TFloat64> x;
    final Op train;
    final double[] batch;
    final int parts;

    Net(
        Function<Graph, Session> open,
        int parts,
        List<String> devices,
        List<String> homes,
        int sharing) {
      this.parts = parts;
      session = open.apply(graph);
      Ops tf = Ops.create(graph);
      x = tf.placeholder(TFloat64.class, Placeholder.shape(Shape.of(-1, DIMS[0])));
      Operand<TFloat64> y = x;
      for (int i = 1; i < DIMS.length; i++) {
        Operand<TFloat64> scaled = tf.math.mul(y, tf.constant(1 / Math.sqrt(DIMS[i - 1])));
        String device = homes.isEmpty() ? "" : homes.get(HOMES[i - 1] % homes.size());
        y = tf.math.tanh(tf.linalg.matMul(scaled, weight(i, device)));
      }
      Operand<TFloat64> loss =
          tf.math.mean(
              tf.math.squaredDifference(y, tf.constant(0.5)), tf.constant(new int[] {0, 1}));
      SamOptimizerBuilder builder =
          SamOptimizer.builder(graph, new Momentum(graph, 0.05f, 0.9f))
              .rho(0.05f)
              .microBatches(parts, x)
              .sharePerturbation(sharing);
      train = (devices.isEmpty() ? builder : builder.devices(devices)).build().minimize(loss);
      session.initialize();
      batch = new Random(7).doubles((long) parts * EXAMPLES_EACH * DIMS[0]).toArray();
    }

    private Variable<TFloat64> weight(int layer, String device) {
      Shape shape = Shape.of(DIMS[layer - 1], DIMS[layer]);
      double[] values = new Random(layer).doubles(shape.size()).map(value -> value - 0.5).toArray();
      Ops at = GraphScope.unique(graph, "layer" + layer).withDeviceString(device).ops();
      Variable<TFloat64> weight = at.variable(shape, TFloat64.class);
      session.run(at.assign(weight, Values.constant(at, TFloat64.class, shape, values)));
      weights.add(weight);
      return weight;
    }

    void step() {
      try (TFloat64 fed = Values.tensor(Shape.of(parts * EXAMPLES_EACH, DIMS[0]), batch)) {
        session.runner().feed(x, fed).addTarget(train).run().close();
      }
    }

    @Override
    public void close() {
      session.close();
      graph.close();
    }
  }

  /** Bytes that came in and went out, but for those that stayed on this machine. */
  private static long[] bytes() throws IOException {
    long[] sum = {0, 0};
    for (String line : Files.readAllLines(Path.of("/proc/net/dev"))) {
      String[] parts = line.strip().split("[:\\s]+");
      if (line.contains(":") && !parts[0].equals("lo")) {
        sum[0] += Long.parseLong(parts[1]);
        sum[1] += Long.parseLong(parts[9]);
      }
    }
    return sum;
  }

  public static void main(String[] arguments) throws IOException {
    Cluster cluster =
        Cluster.of(arguments[1].split(","))
            .withTask(0)
            .trustNetwork()
            .startTimeout(Duration.ofMinutes(2));
    cluster.serve();
    int machines = cluster.size();
    List<String> devices = new ArrayList<>();
    for (int i = 0; i < machines; i++) {
      devices.add(cluster.device(i, "CPU:0"));
    }
    List<String> options = List.of(arguments).subList(2, arguments.length);
    List<String> homes = options.contains("spread") ? devices : List.of();
    int sharing =
        options.stream()
            .filter(option -> option.startsWith("share"))
            .mapToInt(option -> Integer.parseInt(option.substring("share".length())))
            .findFirst()
            .orElse(1);
    try (Net several = new Net(cluster::session, machines, devices, homes, sharing)) {
      several.step();
      long[] before = bytes();
      double[] millis = new double[STEPS];
      for (int i = 0; i < STEPS; i++) {
        long start = System.nanoTime();
        several.step();
        millis[i] = (System.nanoTime() - start) / 1e6;
      }
      long[] after = bytes();
      Arrays.sort(millis);
      long weights = 0;
      for (int i = 1; i < DIMS.length; i++) {
        weights += 8L * DIMS[i - 1] * DIMS[i];
      }
      long fed = 8L * (machines - 1) * EXAMPLES_EACH * DIMS[0];
      System.out.printf(
          "%s: %d machines, %d bytes of weights, a step: median %.0f ms (%.0f to %.0f), in %d bytes"
              + " (%.3f of the gradients), out %d bytes (%.3f of weights and examples)%n",
          arguments[0],
          machines,
          weights,
          millis[STEPS / 2],
          millis[STEPS / 4],
          millis[3 * STEPS / 4],
          (after[0] - before[0]) / STEPS,
          (after[0] - before[0]) / STEPS / (double) (weights * (machines - 1)),
          (after[1] - before[1]) / STEPS,
          (after[1] - before[1]) / STEPS / (double) (weights * (machines - 1) + fed));
      if (options.contains("same")) {
        compare(several, machines, sharing);
      }
    }
    cluster.release(0);
    Runtime.getRuntime().halt(0);
  }

  private static void compare(Net several, int machines, int sharing) {
    try (Net one = new Net(Session::new, machines, List.of(), List.of(), sharing)) {
      double[] millis = new double[STEPS + 1];
      for (int i = 0; i <= STEPS; i++) {
        long start = System.nanoTime();
        one.step();
        millis[i] = (System.nanoTime() - start) / 1e6;
      }
      Arrays.sort(millis);
      double worst = 0;
      for (int i = 0; i < one.weights.size(); i++) {
        double[] a = Values.of(one.session, one.weights.get(i));
        double[] b = Values.of(several.session, several.weights.get(i));
        for (int k = 0; k < a.length; k++) {
          worst = Math.max(worst, Math.abs(a[k] - b[k]));
        }
      }
      System.out.printf(
          "one process with as many parts: median %.0f ms; the weights after %d steps differ by at"
              + " most %.1e%n",
          millis[STEPS / 2], STEPS + 1, worst);
      if (worst > 1e-12) {
        throw new AssertionError("other weights");
      }
    }
  }
}
