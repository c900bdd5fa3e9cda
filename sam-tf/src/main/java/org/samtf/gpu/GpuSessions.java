package org.samtf.gpu;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.samtf.SamOptimizer;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Protos;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;

/** The sessions that {@link GpuCheck} runs: small ones, which leave the GPU's memory to others. */
final class GpuSessions {

  private static final int SIZE = 2048;
  private static final int PRODUCTS = 8;
  private static final long NANOS_A_DEVICE = 2_000_000_000L;
  private static final int BATCH = 8;
  private static final int SIDE = 16;
  private static final int CLASSES = 10;

  private GpuSessions() {}

  private static Session open(Graph graph) {
    return new Session(graph, Protos.growingMemory());
  }

  /** How fast a device multiplies matrices: as many as it can in two seconds. */
  static double gigaflops(String device) {
    try (Graph graph = new Graph();
        Session session = open(graph)) {
      Ops tf = GraphScope.unique(graph, "speed").withDeviceString(device).ops();
      Variable<TFloat32> matrix = tf.variable(Shape.of(SIZE, SIZE), TFloat32.class);
      session.run(
          tf.assign(matrix, tf.fill(tf.constant(new int[] {SIZE, SIZE}), tf.constant(1f / SIZE))));
      Operand<TFloat32> product = matrix;
      for (int i = 0; i < PRODUCTS; i++) {
        product = tf.linalg.matMul(product, matrix);
      }
      Op sum = tf.sum(product, tf.constant(new int[] {0, 1}));
      session.run(sum);
      long start = System.nanoTime();
      long runs = 0;
      while (System.nanoTime() - start < NANOS_A_DEVICE) {
        // What is fetched has been computed; a target may only have been begun.
        session.runner().fetch(sum.op().output(0)).run().close();
        runs++;
      }
      double flops = 2.0 * SIZE * SIZE * SIZE * PRODUCTS * runs;
      return flops / (System.nanoTime() - start);
    }
  }

  /** Runs a SAM step of a small convolutional network: op types, and how many ran on a device. */
  static Map<String, Map<String, Integer>> opsOfASamStep() {
    try (Graph graph = new Graph();
        Session session = open(graph)) {
      Op train = samStep(graph);
      session.initialize();
      Map<String, Map<String, Integer>> ran = new TreeMap<>();
      try (Result result =
          session
              .runner()
              .setOptions(Protos.partitionGraphs())
              .addTarget(train)
              .runAndFetchMetadata()) {
        for (var partition : result.getMetadata().orElseThrow().getPartitionGraphsList()) {
          for (var node : partition.getNodeList()) {
            ran.computeIfAbsent(node.getOp(), type -> new TreeMap<>())
                .merge(node.getDevice(), 1, Integer::sum);
          }
        }
      }
      return ran;
    }
  }

  private static Op samStep(Graph graph) {
    Ops tf = Ops.create(graph);
    Operand<TFloat32> images = uniform(tf, BATCH, SIDE, SIDE, 3);
    List<Long> strides = List.of(1L, 1L, 1L, 1L);
    Operand<TFloat32> x =
        tf.nn.relu(tf.nn.conv2d(images, weight(tf, 3, 3, 3, CLASSES), strides, "SAME"));
    x =
        tf.nn.maxPool(
            x, tf.constant(new int[] {1, 2, 2, 1}), tf.constant(new int[] {1, 2, 2, 1}), "SAME");
    x = tf.nn.relu(tf.nn.conv2d(x, weight(tf, 3, 3, CLASSES, CLASSES), strides, "SAME"));
    int features = SIDE / 2 * SIDE / 2 * CLASSES;
    x = tf.reshape(x, tf.constant(new int[] {BATCH, features}));
    Operand<TFloat32> logits = tf.linalg.matMul(x, weight(tf, features, CLASSES));
    Operand<TFloat32> labels = tf.nn.softmax(uniform(tf, BATCH, CLASSES));
    Operand<TFloat32> loss =
        tf.math.mean(
            tf.nn.softmaxCrossEntropyWithLogits(logits, labels).loss(), tf.constant(new int[] {0}));
    return new SamOptimizer(graph, new Momentum(graph, 0.01f, 0.9f)).minimize(loss);
  }

  private static Variable<TFloat32> weight(Ops tf, int... shape) {
    Variable<TFloat32> weight = tf.variable(Shape.of(longs(shape)), TFloat32.class);
    Ops init = tf.withInitScope();
    init.assign(
        weight,
        init.math.mul(
            init.random.truncatedNormal(init.constant(shape), TFloat32.class),
            init.constant(0.1f)));
    return weight;
  }

  /** Drawn in each run: TensorFlow would compute with a constant when it optimizes the graph. */
  private static Operand<TFloat32> uniform(Ops tf, int... shape) {
    return tf.random.randomUniform(tf.constant(shape), TFloat32.class);
  }

  private static long[] longs(int... ints) {
    return Arrays.stream(ints).asLongStream().toArray();
  }
}
