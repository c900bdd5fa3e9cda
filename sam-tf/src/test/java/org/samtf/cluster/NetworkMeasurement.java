package org.samtf.cluster;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
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
 * NetworkMeasurement LABEL [spread] [shareN] [same]
 * </pre>
 *
 * <p>The machines come from {@code TF_CONFIG}, and the names of their network namespaces, in the
 * order of the tasks, from {@code SAMTF_NAMESPACES}.
 */
final class NetworkMeasurement {

  /** Layers of one size, so that three machines can have the same share of the weights. */
  private static final int[] DIMS = {384, 384, 384, 384};

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
        String device = homes.isEmpty() ? "" : homes.get(i - 1);
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

  /** Bytes that came in and went out of each machine, but for those that stayed on it. */
  private static List<long[]> bytes() throws IOException {
    List<long[]> all = new ArrayList<>();
    for (String namespace : System.getenv("SAMTF_NAMESPACES").split(",")) {
      Process cat =
          new ProcessBuilder("ip", "netns", "exec", namespace, "cat", "/proc/net/dev").start();
      String text = new String(cat.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      long[] sum = {0, 0};
      for (String line : text.split("\n")) {
        String[] parts = line.strip().split("[:\\s]+");
        if (line.contains(":") && !parts[0].equals("lo")) {
          sum[0] += Long.parseLong(parts[1]);
          sum[1] += Long.parseLong(parts[9]);
        }
      }
      all.add(sum);
    }
    return all;
  }

  public static void main(String[] arguments) throws IOException {
    Cluster cluster = Cluster.fromEnvironment().trustNetwork().startTimeout(Duration.ofMinutes(2));
    cluster.serve();
    int machines = cluster.size();
    List<String> devices = new ArrayList<>();
    for (int i = 0; i < machines; i++) {
      devices.add(cluster.device(i, "CPU:0"));
    }
    List<Long> sizes = new ArrayList<>();
    for (int i = 1; i < DIMS.length; i++) {
      sizes.add(8L * DIMS[i - 1] * DIMS[i]);
    }
    List<String> options = List.of(arguments).subList(1, arguments.length);
    List<String> homes = new ArrayList<>();
    if (options.contains("spread")) {
      cluster.spread(sizes).forEach(task -> homes.add(cluster.device(task, "CPU:0")));
    }
    int sharing =
        options.stream()
            .filter(option -> option.startsWith("share"))
            .mapToInt(option -> Integer.parseInt(option.substring("share".length())))
            .findFirst()
            .orElse(1);
    try (Net several = new Net(cluster::session, machines, devices, homes, sharing)) {
      several.step();
      several.step();
      List<long[]> before = bytes();
      double[] millis = new double[STEPS];
      for (int i = 0; i < STEPS; i++) {
        long start = System.nanoTime();
        several.step();
        millis[i] = (System.nanoTime() - start) / 1e6;
      }
      List<long[]> after = bytes();
      Arrays.sort(millis);
      long weights = sizes.stream().mapToLong(Long::longValue).sum();
      System.out.printf(
          "%s: %d machines, W = %.2f MB, a step: median %.0f ms (%.0f to %.0f)%n",
          arguments[0],
          machines,
          weights / 1e6,
          millis[STEPS / 2],
          millis[STEPS / 4],
          millis[3 * STEPS / 4]);
      for (int task = 0; task < after.size(); task++) {
        double in = (after.get(task)[0] - before.get(task)[0]) / (double) STEPS;
        double out = (after.get(task)[1] - before.get(task)[1]) / (double) STEPS;
        System.out.printf(
            "  task %d: in %.2f MB = %.3f W, out %.2f MB = %.3f W%n",
            task, in / 1e6, in / weights, out / 1e6, out / weights);
      }
      if (options.contains("same")) {
        compare(several, machines, sharing);
      }
    }
    cluster.release(0);
    Runtime.getRuntime().halt(0);
  }

  private static void compare(Net several, int machines, int sharing) {
    try (Net one = new Net(Session::new, machines, List.of(), List.of(), sharing)) {
      double[] millis = new double[STEPS + 2];
      for (int i = 0; i < millis.length; i++) {
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
          millis[STEPS / 2], millis.length, worst);
      if (worst > 1e-12) {
        throw new AssertionError("other weights");
      }
    }
  }
}
