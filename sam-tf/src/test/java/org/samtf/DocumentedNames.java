package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.samtf.model.GraphCheckpoint;
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
 * The names that code in the documents uses without declaring them: a small classifier with a
 * training step, and a batch of eight examples.
 *
 * <p>TensorFlow Java trains without SAM only where the loss reaches every variable. So there is a
 * second, plain classifier, without moving averages and without a step.
 */
public abstract class DocumentedNames implements AutoCloseable {

  private static final int EXAMPLES = 8;

  /** What relative paths are relative to. */
  protected final Path directory;

  protected final Graph graph = new Graph();
  protected final Session session = new Session(graph);
  protected final Ops tf = Ops.create(graph);
  protected final Placeholder<TFloat32> images;
  protected final Placeholder<TFloat32> labels;
  protected final Operand<TFloat32> probabilities;
  protected final Operand<TFloat32> loss;
  protected final Optimizer base = new Momentum(graph, 0.05f, 0.9f);
  protected final SamOptimizer sam = new SamOptimizer(graph, base, 0.05f);
  protected final Op train;

  /** The train op and what comes after it, such as moving averages. */
  protected final Op step;

  protected final TFloat32 imageTensor;
  protected final TFloat32 labelTensor;

  /**
   * Builds the classifier.
   *
   * @param plain whether it is the plain one
   */
  protected DocumentedNames(Path directory, boolean plain) {
    this.directory = directory;
    if (plain) {
      images = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 6, 6, 1)));
      labels = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 3)));
      Operand<TFloat32> flat = tf.reshape(images, tf.array(-1, 36));
      Operand<TFloat32> weights =
          tf.withName("head_weights").variable(tf.fill(tf.array(36, 3), tf.constant(0.1f)));
      Operand<TFloat32> logits = tf.linalg.matMul(flat, weights);
      probabilities = tf.nn.softmax(logits);
      loss =
          tf.math.mean(tf.nn.softmaxCrossEntropyWithLogits(logits, labels).loss(), tf.constant(0));
      train = null;
      step = null;
    } else {
      SmallClassifier model = new SmallClassifier(graph, session, "", 0.2f);
      images = model.images;
      labels = model.labels;
      probabilities = model.probabilities;
      loss = model.trainingLoss;
      train = sam.minimize(loss);
      step = model.step(train);
    }
    session.initialize();

    Random random = new Random(3);
    float[] pixels = new float[EXAMPLES * 6 * 6];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = random.nextFloat();
    }
    float[] classes = new float[EXAMPLES * 3];
    for (int i = 0; i < EXAMPLES; i++) {
      classes[3 * i + i % 3] = 1;
    }
    imageTensor = TFloat32.tensorOf(Shape.of(EXAMPLES, 6, 6, 1), DataBuffers.of(pixels));
    labelTensor = TFloat32.tensorOf(Shape.of(EXAMPLES, 3), DataBuffers.of(classes));
  }

  /** The code of the document. */
  public abstract void run() throws Exception;

  /** Takes a step, which has to move the weights. */
  protected final void takeStep(Op train) {
    session.initialize();
    float before = weight();
    session
        .runner()
        .feed(images, imageTensor)
        .feed(labels, labelTensor)
        .addTarget(train)
        .run()
        .close();
    assertThat(weight()).isNotEqualTo(before);
  }

  private float weight() {
    try (Result result = session.runner().fetch("head_weights").run()) {
      return ((TFloat32) result.get(0)).getFloat(0, 0);
    }
  }

  /** Writes the graph, and a checkpoint with the values of its variables. */
  static void writeGraph(Path directory) throws IOException {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      new SmallClassifier(graph, session, "", 0);
      Ops tf = Ops.create(graph);
      tf.withName("temperature").variable(tf.constant(1f));
      session.initialize();
      Files.write(directory.resolve("graph.pb"), graph.toGraphDef().toByteArray());
      GraphCheckpoint.of(graph, session)
          .save(Files.createDirectories(directory.resolve("checkpoint")).resolve("model-1000"));
    }
  }

  @Override
  public void close() {
    labelTensor.close();
    imageTensor.close();
    session.close();
    graph.close();
  }
}
