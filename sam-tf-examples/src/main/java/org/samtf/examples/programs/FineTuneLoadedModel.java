package org.samtf.examples.programs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.samtf.SamOptimizer;
import org.samtf.model.LoadedModel;
import org.samtf.model.ModelExporter;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Signature;
import org.tensorflow.framework.initializers.Glorot;
import org.tensorflow.framework.initializers.VarianceScaling.Distribution;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.ndarray.buffer.FloatDataBuffer;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/**
 * Makes a model and exports it; loads it, gives it a new head, freezes the rest, trains the head
 * with SAM for another task, and exports the result.
 */
public final class FineTuneLoadedModel {

  private static final int EXAMPLES = 64;
  private static final int INPUTS = 4;
  private static final int HIDDEN = 16;
  private static final int STEPS = 200;

  private FineTuneLoadedModel() {}

  /**
   * Writes both models and prints what became of them.
   *
   * @param args a directory for the models, which is made if it is not there; a temporary one if
   *     none is given
   * @throws IOException if a model cannot be written
   */
  public static void main(String[] args) throws IOException {
    Path directory =
        args.length > 0
            ? Files.createDirectories(Path.of(args[0]))
            : Files.createTempDirectory("fine-tune");
    Path first = directory.resolve("model");
    Path second = directory.resolve("fine-tuned");
    try (TFloat32 inputs = TFloat32.tensorOf(Shape.of(EXAMPLES, INPUTS));
        TFloat32 sums = TFloat32.tensorOf(Shape.of(EXAMPLES, 1));
        TFloat32 differences = TFloat32.tensorOf(Shape.of(EXAMPLES, 1))) {
      fill(inputs, sums, differences);
      makeModel(first, inputs, sums);
      float[] tuned = fineTune(first, second, inputs, differences);
      try (LoadedModel model = LoadedModel.load(second)) {
        boolean same = Arrays.equals(tuned, predict(model, inputs));
        System.out.println("loaded again, it predicts the same: " + same);
      }
    }
    System.out.println("the models are in " + directory);
  }

  private static void makeModel(Path directory, TFloat32 inputs, TFloat32 targets)
      throws IOException {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Random random = new Random(2);
      Placeholder<TFloat32> x =
          tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, INPUTS)));
      Placeholder<TFloat32> y = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 1)));
      Operand<TFloat32> hidden =
          tf.math.tanh(tf.linalg.matMul(x, weights(tf, "body_weights", INPUTS, HIDDEN, random)));
      Operand<TFloat32> output =
          tf.linalg.matMul(hidden, weights(tf, "head_weights", HIDDEN, 1, random));
      Operand<TFloat32> loss =
          tf.math.mean(tf.math.squaredDifference(output, y), tf.constant(new int[] {0, 1}));
      Op train = new Momentum(graph, 0.05f, 0.9f).minimize(loss);
      session.initialize();
      for (int step = 0; step < STEPS; step++) {
        session.runner().feed(x, inputs).feed(y, targets).addTarget(train).run().close();
      }
      new ModelExporter(graph, session)
          .signature(Signature.builder("predict").input("x", x).output("output", output).build())
          // The loss that a later optimizer is to minimize.
          .signature(
              Signature.builder("loss").input("x", x).input("y", y).output("loss", loss).build())
          .export(directory);
    }
  }

  /** Returns the predictions of the model that it exports. */
  private static float[] fineTune(Path from, Path to, TFloat32 inputs, TFloat32 targets)
      throws IOException {
    try (LoadedModel model = LoadedModel.load(from)) {
      model.reinitialize(new Glorot<TFloat32>(Distribution.UNIFORM, 7L), "head_*");
      SamOptimizer sam =
          SamOptimizer.builder(model.graph(), new Momentum(model.graph(), 0.05f, 0.9f))
              .rho(0.05f)
              .freeze("body_*") // neither updated nor perturbed
              .build();
      Operand<?> x = model.input("loss", "x");
      Operand<?> y = model.input("loss", "y");
      Op train = model.minimize(sam, model.output("loss", "loss"));

      float[] body = value(model, "body_weights");
      for (int step = 0; step <= STEPS; step++) {
        try (Result result =
            model
                .session()
                .runner()
                .feed(x, inputs)
                .feed(y, targets)
                .addTarget(train)
                .fetch(sam.loss())
                .run()) {
          if (step % STEPS == 0) {
            float loss = ((TFloat32) result.get(0)).getFloat();
            System.out.printf(Locale.ROOT, "step %3d  loss %.4f%n", step, loss);
          }
        }
      }
      System.out.println(
          "the frozen body is as it was: " + Arrays.equals(body, value(model, "body_weights")));

      Signature trainOn =
          Signature.builder("train").input("x", x).input("y", y).output("loss", sam.loss()).build();
      model.exporter().keep("predict", "loss").trainingSignature(trainOn, train).export(to);
      return predict(model, inputs);
    }
  }

  private static float[] predict(LoadedModel model, TFloat32 inputs) {
    try (Result result = model.function("predict").call(Map.of("x", inputs))) {
      return floats((TFloat32) result.get("output").orElseThrow());
    }
  }

  private static float[] value(LoadedModel model, String variable) {
    try (Result result = model.session().runner().fetch(variable).run()) {
      return floats((TFloat32) result.get(0));
    }
  }

  private static float[] floats(TFloat32 tensor) {
    float[] values = new float[(int) tensor.size()];
    FloatDataBuffer buffer = DataBuffers.of(values, false, false);
    tensor.copyTo(buffer);
    return values;
  }

  private static Operand<TFloat32> weights(Ops tf, String name, int from, int to, Random random) {
    float[] values = new float[from * to];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() / Math.sqrt(from));
    }
    return tf.withName(name).variable(tf.constant(Shape.of(from, to), DataBuffers.of(values)));
  }

  /** The first task: add up the inputs. The second: the first of them less the last. */
  private static void fill(TFloat32 inputs, TFloat32 sums, TFloat32 differences) {
    Random random = new Random(1);
    for (int i = 0; i < EXAMPLES; i++) {
      float sum = 0;
      for (int j = 0; j < INPUTS; j++) {
        float input = (float) random.nextGaussian() / 2;
        inputs.setFloat(input, i, j);
        sum += input;
      }
      sums.setFloat(sum, i, 0);
      differences.setFloat(inputs.getFloat(i, 0) - inputs.getFloat(i, INPUTS - 1), i, 0);
    }
  }
}
