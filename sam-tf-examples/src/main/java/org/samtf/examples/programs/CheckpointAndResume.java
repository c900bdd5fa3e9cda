package org.samtf.examples.programs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.samtf.SamOptimizer;
import org.samtf.model.GraphCheckpoint;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.framework.optimizers.Adam;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * A training loop that saves checkpoints, is cut off, and goes on in a new graph as if nothing had
 * happened: all variables end with the bits of a run that was not cut off.
 *
 * <p>What it takes: <em>all</em> variables are saved, the slots of the optimizer too; the step is
 * counted by a variable; the batch is chosen by that count; and dropout draws its mask from it,
 * since the state of TensorFlow's other generators is not saved.
 */
public final class CheckpointAndResume {

  private static final int BATCH = 16;
  private static final int INPUTS = 8;
  private static final int STEPS = 60;
  private static final int STEPS_BETWEEN_CHECKPOINTS = 10;

  /** In the middle between two checkpoints. */
  private static final int CUT_OFF = 35;

  private CheckpointAndResume() {}

  /**
   * Trains without and with an interruption, and prints whether both end alike.
   *
   * @param args a directory for the checkpoints, new or empty; a temporary one if none is given
   * @throws IOException if a checkpoint cannot be written or read
   */
  public static void main(String[] args) throws IOException {
    Path directory = args.length > 0 ? Path.of(args[0]) : Files.createTempDirectory("checkpoints");
    Path cutOff = Files.createDirectories(directory.resolve("cut-off"));
    Map<String, byte[]> expected =
        train(Files.createDirectories(directory.resolve("uninterrupted")), STEPS);
    train(cutOff, CUT_OFF);
    Map<String, byte[]> resumed = train(cutOff, STEPS); // as a new process would
    boolean same =
        expected.keySet().equals(resumed.keySet())
            && expected.keySet().stream()
                .allMatch(name -> Arrays.equals(expected.get(name), resumed.get(name)));
    System.out.println("variables: " + expected.keySet());
    System.out.println("the resumed run has the same bits: " + same);
    System.out.println("the checkpoints are in " + directory);
  }

  /** Trains up to a step, from the newest checkpoint if there is one; returns all variables. */
  private static Map<String, byte[]> train(Path directory, int until) throws IOException {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> x =
          tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(BATCH, INPUTS)));
      Placeholder<TFloat32> y =
          tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(BATCH, 1)));
      Operand<TInt64> steps = tf.withName("steps").variable(tf.constant(0L));
      Operand<TFloat32> weights =
          tf.withName("weights").variable(tf.constant(new float[INPUTS][1]));
      Operand<TFloat32> uniform =
          tf.random.statelessRandomUniform(
              tf.shape(x), tf.stack(List.of(tf.constant(7L), steps)), TFloat32.class);
      Operand<TFloat32> mask =
          tf.dtypes.cast(tf.math.greater(uniform, tf.constant(0.2f)), TFloat32.class);
      Operand<TFloat32> output = tf.linalg.matMul(tf.math.mul(x, mask), weights);
      Operand<TFloat32> loss =
          tf.math.mean(tf.math.squaredDifference(output, y), tf.constant(new int[] {0, 1}));
      Op train = new SamOptimizer(graph, new Adam(graph, 0.05f), 0.05f).minimize(loss);
      // Counts after the update, in the same run.
      Op step = tf.withControlDependencies(train).assignAdd(steps, tf.constant(1L));

      session.initialize();
      GraphCheckpoint checkpoint = GraphCheckpoint.of(graph, session);
      Path newest = directory.resolve("newest");
      if (Files.exists(newest)) {
        checkpoint.restore(directory.resolve(Files.readString(newest)));
      }
      long done = count(session, steps);
      System.out.println(directory.getFileName() + ": steps " + done + " to " + until);
      while (done < until) {
        try (TFloat32 inputs = TFloat32.tensorOf(Shape.of(BATCH, INPUTS));
            TFloat32 targets = TFloat32.tensorOf(Shape.of(BATCH, 1))) {
          fill(inputs, targets, done);
          session.runner().feed(x, inputs).feed(y, targets).addTarget(step).run().close();
        }
        done++;
        if (done % STEPS_BETWEEN_CHECKPOINTS == 0) {
          checkpoint.save(directory.resolve("step-" + done));
          // Named only when it is written: a run that is killed here resumes from the one before.
          Path draft = Files.writeString(directory.resolve("newest.draft"), "step-" + done);
          Files.move(draft, newest, StandardCopyOption.ATOMIC_MOVE);
        }
      }
      return variables(session, checkpoint.names());
    }
  }

  private static long count(Session session, Operand<TInt64> steps) {
    try (Result result = session.runner().fetch(steps).run()) {
      return ((TInt64) result.get(0)).getLong();
    }
  }

  /** The bytes of every variable, by name. */
  private static Map<String, byte[]> variables(Session session, List<String> names) {
    Map<String, byte[]> variables = new TreeMap<>();
    for (String name : names) {
      try (Result result = session.runner().fetch(name).run()) {
        Tensor value = result.get(0);
        byte[] bytes = new byte[(int) value.numBytes()];
        value.asRawTensor().data().copyTo(DataBuffers.of(bytes, false, false), bytes.length);
        variables.put(name, bytes);
      }
    }
    return variables;
  }

  /** The batch of a step: the same whenever that step is taken. */
  private static void fill(TFloat32 inputs, TFloat32 targets, long step) {
    Random random = new Random(step);
    for (int i = 0; i < BATCH; i++) {
      float sum = 0;
      for (int j = 0; j < INPUTS; j++) {
        float input = (float) random.nextGaussian();
        inputs.setFloat(input, i, j);
        sum += input * j;
      }
      targets.setFloat(sum, i, 0);
    }
  }
}
