package example;

import org.samtf.SamOptimizer;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.ndarray.StdArrays;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/** Fits a line through four points, with SAM around Momentum. */
public final class Main {

  private Main() {}

  /**
   * Trains, and prints the loss, and by how much it rises at the worst point nearby.
   *
   * @param args none
   */
  public static void main(String[] args) {
    try (Graph graph = new Graph();
        Session session = new Session(graph);
        TFloat32 inputs = TFloat32.tensorOf(StdArrays.ndCopyOf(new float[] {0, 1, 2, 3}));
        TFloat32 targets = TFloat32.tensorOf(StdArrays.ndCopyOf(new float[] {1, 3, 5, 7}))) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> x = tf.placeholder(TFloat32.class);
      Placeholder<TFloat32> y = tf.placeholder(TFloat32.class);
      Operand<TFloat32> slope = tf.withName("slope").variable(tf.constant(0f));
      Operand<TFloat32> offset = tf.withName("offset").variable(tf.constant(0f));
      Operand<TFloat32> output = tf.math.add(tf.math.mul(slope, x), offset);
      Operand<TFloat32> loss = tf.math.mean(tf.math.squaredDifference(output, y), tf.constant(0));

      Optimizer base = new Momentum(graph, 0.02f, 0.9f);
      SamOptimizer sam = new SamOptimizer(graph, base, 0.05f);
      Op train = sam.minimize(loss); // was: base.minimize(loss)

      session.initialize();
      for (int step = 0; step <= 100; step++) {
        try (Result result =
            session
                .runner()
                .feed(x, inputs)
                .feed(y, targets)
                .addTarget(train)
                .fetch(sam.loss())
                .fetch(sam.sharpness())
                .run()) {
          if (step % 20 == 0) {
            float lossNow = ((TFloat32) result.get(0)).getFloat();
            float sharpness = ((TFloat32) result.get(1)).getFloat();
            System.out.printf("step %3d  loss %.4f  sharpness %.4f%n", step, lossNow, sharpness);
          }
        }
      }
    }
  }
}
