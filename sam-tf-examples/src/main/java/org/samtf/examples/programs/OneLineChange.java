package org.samtf.examples.programs;

import java.util.Locale;
import java.util.Random;
import org.samtf.SamOptimizer;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/**
 * A training loop with Momentum, and the same with SAM around it: one line changes.
 *
 * <p>Both networks learn two half circles of points, some of which have the wrong label. What is
 * printed for both at the end is the loss, and the sharpness: how much the loss of a batch rises at
 * w+ε, to first order the worst point within ρ of the weights. Both are means over the batches.
 *
 * <p>The difference is one of training with batches: with all points in one batch, Momentum ends so
 * close to a minimum that its loss hardly rises to first order, and its sharpness is the lower.
 */
public final class OneLineChange {

  private static final int BATCHES = 8;
  private static final int EXAMPLES = 16;
  private static final int HIDDEN = 32;
  private static final int STEPS = 800;
  private static final float RHO = 0.1f;

  private OneLineChange() {}

  /**
   * Trains twice, and prints what came out.
   *
   * @param args none
   */
  public static void main(String[] args) {
    train(false);
    train(true);
  }

  private static void train(boolean withSam) {
    try (Graph graph = new Graph();
        Session session = new Session(graph);
        TFloat32 points = TFloat32.tensorOf(Shape.of(EXAMPLES, 2));
        TFloat32 classes = TFloat32.tensorOf(Shape.of(EXAMPLES, 2))) {
      Ops tf = Ops.create(graph);
      Random random = new Random(100);
      Placeholder<TFloat32> x = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 2)));
      Placeholder<TFloat32> y = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 2)));
      Operand<TFloat32> hidden = tf.nn.relu(layer(tf, "hidden", x, 2, HIDDEN, random));
      Operand<TFloat32> logits = layer(tf, "output", hidden, HIDDEN, 2, random);
      Operand<TFloat32> loss =
          tf.math.mean(tf.nn.softmaxCrossEntropyWithLogits(logits, y).loss(), tf.constant(0));

      Optimizer base = new Momentum(graph, 0.05f, 0.9f);
      Op train;
      if (!withSam) {
        train = base.minimize(loss);
      } else {
        train = new SamOptimizer(graph, base, RHO).minimize(loss); // the one line that changes
      }

      // Only measures: its gradients are not applied. After SAM, sam.sharpness() would do as well.
      SamOptimizer meter = new SamOptimizer(graph, base, RHO);
      meter.computeGradients(loss);

      session.initialize();
      for (int step = 0; step < STEPS; step++) {
        fill(points, classes, new Random(step % BATCHES));
        session.runner().feed(x, points).feed(y, classes).addTarget(train).run().close();
      }
      double meanLoss = 0;
      double meanSharpness = 0;
      for (int batch = 0; batch < BATCHES; batch++) {
        fill(points, classes, new Random(batch));
        try (Result result =
            session
                .runner()
                .feed(x, points)
                .feed(y, classes)
                .fetch(loss)
                .fetch(meter.sharpness())
                .run()) {
          meanLoss += ((TFloat32) result.get(0)).getFloat() / BATCHES;
          meanSharpness += ((TFloat32) result.get(1)).getFloat() / BATCHES;
        }
      }
      System.out.printf(
          Locale.ROOT,
          "%-8s  loss %.4f  sharpness %.4f%n",
          withSam ? "SAM" : "Momentum",
          meanLoss,
          meanSharpness);
    }
  }

  private static Operand<TFloat32> layer(
      Ops tf, String name, Operand<TFloat32> input, int from, int to, Random random) {
    float[] values = new float[from * to];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() * Math.sqrt(2.0 / from));
    }
    Operand<TFloat32> weights =
        tf.withName(name + "_weights")
            .variable(tf.constant(Shape.of(from, to), DataBuffers.of(values)));
    Operand<TFloat32> biases = tf.withName(name + "_biases").variable(tf.constant(new float[to]));
    return tf.math.add(tf.linalg.matMul(input, weights), biases);
  }

  /** Two half circles that reach into each other; every tenth label is wrong. */
  private static void fill(TFloat32 points, TFloat32 classes, Random random) {
    for (int i = 0; i < EXAMPLES; i++) {
      int half = i % 2;
      double angle = Math.PI * (random.nextDouble() + half);
      points.setFloat((float) (Math.cos(angle) + half + 0.2 * random.nextGaussian()), i, 0);
      points.setFloat((float) (Math.sin(angle) + half * 0.5 + 0.2 * random.nextGaussian()), i, 1);
      int label = i % 10 == 9 ? 1 - half : half;
      classes.setFloat(1, i, label);
      classes.setFloat(0, i, 1 - label);
    }
  }
}
