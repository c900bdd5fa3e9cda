package org.samtf.examples.programs;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.samtf.SamOptimizer;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.RunOptions;
import org.tensorflow.types.TFloat32;

/**
 * Cuts the batch into four parts, each with a perturbation of its own, and spreads them over two
 * devices.
 *
 * <p>The devices are two shares of one CPU here, so that this runs everywhere. On a machine with
 * two GPUs, name those:
 *
 * <pre>{@code
 * List<String> devices = List.of("/device:GPU:0", "/device:GPU:1");
 * Session session = new Session(graph);
 * }</pre>
 *
 * <p>Nothing else changes: TensorFlow finds all GPUs by itself, and only CPUs have to be counted
 * out to it.
 */
public final class MicroBatchesOnTwoDevices {

  private static final List<String> DEVICES = List.of("/device:CPU:0", "/device:CPU:1");
  private static final int PARTS = 4;
  private static final int BATCH = 32;
  private static final int INPUTS = 4;
  private static final int STEPS = 100;

  private MicroBatchesOnTwoDevices() {}

  /**
   * Trains, and prints the loss and how many ops of a step ran on each device.
   *
   * @param args none
   */
  public static void main(String[] args) {
    ConfigProto twoCpus = ConfigProto.newBuilder().putDeviceCount("CPU", 2).build();
    try (Graph graph = new Graph();
        Session session = new Session(graph, twoCpus);
        TFloat32 inputs = TFloat32.tensorOf(Shape.of(BATCH, INPUTS));
        TFloat32 targets = TFloat32.tensorOf(Shape.of(BATCH, 1))) {
      fill(inputs, targets);
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> x =
          tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, INPUTS)));
      Placeholder<TFloat32> y = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 1)));
      Operand<TFloat32> weights =
          tf.withName("weights").variable(tf.constant(new float[INPUTS][1]));
      Operand<TFloat32> bias = tf.withName("bias").variable(tf.constant(new float[1]));
      Operand<TFloat32> output = tf.math.add(tf.linalg.matMul(x, weights), bias);
      // A mean over the batch: the mean over the parts is then the same loss.
      Operand<TFloat32> loss =
          tf.math.mean(tf.math.squaredDifference(output, y), tf.constant(new int[] {0, 1}));

      SamOptimizer sam =
          SamOptimizer.builder(graph, new Momentum(graph, 0.02f, 0.9f))
              .rho(0.05f)
              .microBatches(PARTS, x, y) // every input whose first axis is the batch
              .devices(DEVICES) // parts 0 and 2 on the first, 1 and 3 on the second
              .build();
      Op train = sam.minimize(loss);

      session.initialize();
      for (int step = 0; step <= STEPS; step++) {
        try (Result result =
            session
                .runner()
                .feed(x, inputs)
                .feed(y, targets)
                .addTarget(train)
                .fetch(sam.loss())
                .run()) {
          if (step % 50 == 0) {
            float lossNow = ((TFloat32) result.get(0)).getFloat();
            System.out.printf(Locale.ROOT, "step %3d  loss %.4f%n", step, lossNow);
          }
        }
      }

      // To see that it is spread: TensorFlow can tell where it ran what.
      try (Result result =
          session
              .runner()
              .feed(x, inputs)
              .feed(y, targets)
              .addTarget(train)
              .setOptions(RunOptions.newBuilder().setOutputPartitionGraphs(true).build())
              .runAndFetchMetadata()) {
        opsByDevice(result)
            .forEach((device, ops) -> System.out.println(device + " ran " + ops + " ops"));
      }
    }
  }

  private static Map<String, Integer> opsByDevice(Result result) {
    Map<String, Integer> ops = new TreeMap<>();
    result
        .getMetadata()
        .orElseThrow()
        .getPartitionGraphsList()
        .forEach(
            part ->
                part.getNodeList()
                    .forEach(
                        node -> {
                          String device = node.getDevice();
                          ops.merge(device.substring(device.lastIndexOf("/")), 1, Integer::sum);
                        }));
    return ops;
  }

  /** A line through points, with a little noise. */
  private static void fill(TFloat32 inputs, TFloat32 targets) {
    Random random = new Random(1);
    for (int i = 0; i < BATCH; i++) {
      double target = 1 + 0.1 * random.nextGaussian();
      for (int j = 0; j < INPUTS; j++) {
        float input = (float) random.nextGaussian();
        inputs.setFloat(input, i, j);
        target += (j - 1.5) * input;
      }
      targets.setFloat((float) target, i, 0);
    }
  }
}
