package org.samtf.examples.programs;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.samtf.SamOptimizer;
import org.samtf.model.LoadedModel;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Signature;
import org.tensorflow.framework.optimizers.Adam;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/**
 * Fine-tunes a classifier that Keras or TensorFlow in Python has written, with SAM, and writes the
 * same SavedModel with the new weights, for Python and TensorFlow Serving.
 *
 * <p>The model has a signature {@code serving_default} with one input of float32 and one output of
 * logits, such as
 *
 * <pre>
 * model = keras.Sequential([layers.Input((6, 6, 1)), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(3)])
 * model.export("flowers/1")
 * </pre>
 *
 * <p>The data are made up: inputs are noise that is brighter in one part, and which part it is, is
 * the class. Put yours in their place.
 */
public final class HandBackToPython {

  private static final String SIGNATURE = "serving_default";
  private static final int EXAMPLES = 96;
  private static final int STEPS = 100;

  private HandBackToPython() {}

  /**
   * Trains the model, and prints what became of it.
   *
   * @param args the directory of the model, and a new one for the trained model, such as {@code
   *     flowers/1 flowers/2}
   * @throws IOException if it cannot be written
   */
  public static void main(String[] args) throws IOException {
    if (args.length != 2) {
      System.err.println("usage: HandBackToPython MODEL TARGET");
      return;
    }
    Path original = Path.of(args[0]);
    Path target = Path.of(args[1]);
    try (LoadedModel model = LoadedModel.load(original)) {
      Signature signature = model.function(SIGNATURE).signature();
      String input = signature.inputNames().iterator().next();
      String output = signature.outputNames().iterator().next();
      Operand<?> images = model.input(SIGNATURE, input);
      int classes = (int) model.output(SIGNATURE, output).shape().get(1);
      try (TFloat32 inputs = TFloat32.tensorOf(images.shape().tail().prepend(EXAMPLES));
          TFloat32 labels = TFloat32.tensorOf(Shape.of(EXAMPLES, classes))) {
        fill(inputs, labels);
        train(model, images, model.output(SIGNATURE, output), inputs, labels);
        model.saveInto(original, target);

        float[] here = scores(model, input, output, inputs);
        try (LoadedModel written = LoadedModel.load(target)) {
          float[] there = scores(written, input, output, inputs);
          System.out.println("written and loaded: " + Arrays.equals(here, there));
        }
      }
    }
    System.out.println("for Python: " + target);
  }

  private static void train(
      LoadedModel model, Operand<?> images, Operand<?> output, TFloat32 inputs, TFloat32 labels) {
    Graph graph = model.graph();
    Ops tf = Ops.create(graph);
    @SuppressWarnings("unchecked")
    Operand<TFloat32> logits = (Operand<TFloat32>) output;
    Placeholder<TFloat32> wanted =
        tf.placeholder(TFloat32.class, Placeholder.shape(logits.shape()));
    Operand<TFloat32> loss =
        tf.math.mean(tf.nn.softmaxCrossEntropyWithLogits(logits, wanted).loss(), tf.constant(0));
    // What Python says is not to be trained, such as moving averages, stays as it is.
    SamOptimizer sam = new SamOptimizer(graph, new Adam(graph, 0.02f), 0.05f);
    Op step = model.minimize(sam, loss);
    for (int i = 0; i <= STEPS; i++) {
      try (Result result =
          model
              .session()
              .runner()
              .feed(images, inputs)
              .feed(wanted, labels)
              .addTarget(step)
              .fetch(sam.loss())
              .run()) {
        if (i % STEPS == 0) {
          float value = ((TFloat32) result.get(0)).getFloat();
          System.out.printf(Locale.ROOT, "step %3d  loss %.4f%n", i, value);
        }
      }
    }
  }

  private static float[] scores(LoadedModel model, String input, String output, TFloat32 inputs) {
    try (Result result = model.function(SIGNATURE).call(Map.of(input, inputs))) {
      TFloat32 scores = (TFloat32) result.get(output).orElseThrow();
      float[] values = new float[(int) scores.size()];
      int[] next = {0};
      scores.scalars().forEach(score -> values[next[0]++] = score.getFloat());
      return values;
    }
  }

  private static void fill(TFloat32 inputs, TFloat32 labels) {
    Random random = new Random(1);
    int classes = (int) labels.shape().get(1);
    long size = inputs.size() / EXAMPLES;
    long[] next = {0};
    inputs
        .scalars()
        .forEach(
            pixel -> {
              long example = next[0] / size;
              boolean bright = next[0] % size * classes / size == example % classes;
              pixel.setFloat(random.nextFloat() / 2 + (bright ? 0.5f : 0));
              next[0]++;
            });
    for (int i = 0; i < EXAMPLES; i++) {
      for (int j = 0; j < classes; j++) {
        labels.setFloat(j == i % classes ? 1 : 0, i, j);
      }
    }
  }
}
