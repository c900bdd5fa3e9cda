package org.samtf.examples.benchmark;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.proto.RunMetadata;
import org.tensorflow.proto.RunOptions;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * Convolutions without pooling, with few weights and large activations; and, if they are wide,
 * layers behind them with many weights and small activations.
 */
final class WideCnn implements AutoCloseable {

  private static final int SIDE = 32;
  private static final int COLORS = 3;
  private static final int CONVOLUTIONS = 3;
  private static final int CLASSES = 10;
  private static final int HIDDEN_LAYERS = 2;
  private static final long SEED = 1;
  private static final List<Long> STRIDES = List.of(1L, 1L, 1L, 1L);

  private final Graph graph = new Graph();
  private final Ops tf = Ops.create(graph);
  private final Random random = new Random(SEED);
  private final Placeholder<TFloat32> images;
  private final Placeholder<TInt32> labels;
  private final Op step;
  private final Session session;

  /**
   * Builds it.
   *
   * @param variant how it is trained
   * @param channels of each convolution
   * @param hidden units of each of two layers behind them, or 0 for none
   */
  WideCnn(MemoryVariant variant, int channels, int hidden) {
    images =
        tf.placeholder(
            TFloat32.class, Placeholder.shape(Shape.of(Shape.UNKNOWN_SIZE, SIDE, SIDE, COLORS)));
    labels = tf.placeholder(TInt32.class, Placeholder.shape(Shape.of(Shape.UNKNOWN_SIZE)));
    Operand<TFloat32> x = images;
    int depth = COLORS;
    for (int i = 0; i < CONVOLUTIONS; i++) {
      x = tf.nn.relu(tf.nn.conv2d(x, variable(3, 3, depth, channels), STRIDES, "SAME"));
      depth = channels;
    }
    Operand<TFloat32> features = tf.math.mean(x, tf.constant(new int[] {1, 2}));
    int width = channels;
    for (int i = 0; hidden > 0 && i < HIDDEN_LAYERS; i++) {
      features = tf.nn.relu(tf.linalg.matMul(features, variable(width, hidden)));
      width = hidden;
    }
    Operand<TFloat32> logits = tf.linalg.matMul(features, variable(width, CLASSES));
    Operand<TFloat32> oneHot =
        tf.oneHot(labels, tf.constant(CLASSES), tf.constant(1f), tf.constant(0f));
    Operand<TFloat32> each = tf.nn.softmaxCrossEntropyWithLogits(logits, oneHot).loss();
    step = variant.minimize(graph, tf.math.mean(each, tf.constant(0)), images, labels);
    session = new Session(graph);
    session.initialize();
  }

  private Variable<TFloat32> variable(int... sizes) {
    long[] dimensions = Arrays.stream(sizes).asLongStream().toArray();
    Variable<TFloat32> variable = tf.variable(Shape.of(dimensions), TFloat32.class);
    int size = (int) Shape.of(dimensions).size();
    float[] values = new float[size];
    double deviation = Math.sqrt(2.0 * sizes[sizes.length - 1] / size);
    for (int i = 0; i < size; i++) {
      values[i] = (float) (deviation * random.nextGaussian());
    }
    Ops init = tf.withInitScope();
    init.assign(variable, init.reshape(init.constant(values), init.constant(sizes)));
    return variable;
  }

  /** Runs some steps on random batches. */
  void steps(int count, int batchSize) {
    for (int i = 0; i < count; i++) {
      feed(batchSize, runner -> runner.run().close());
    }
  }

  /** Runs a step of which TensorFlow records every allocation. */
  RunMetadata trace(int batchSize) {
    RunOptions options =
        RunOptions.newBuilder().setTraceLevel(RunOptions.TraceLevel.FULL_TRACE).build();
    RunMetadata.Builder metadata = RunMetadata.newBuilder();
    feed(
        batchSize,
        runner -> {
          try (Result result = runner.setOptions(options).runAndFetchMetadata()) {
            result.getMetadata().ifPresent(metadata::mergeFrom);
          }
        });
    return metadata.build();
  }

  private void feed(int batchSize, Consumer<Session.Runner> run) {
    float[] pixels = new float[batchSize * SIDE * SIDE * COLORS];
    int[] classes = new int[batchSize];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = random.nextFloat();
    }
    for (int i = 0; i < batchSize; i++) {
      classes[i] = random.nextInt(CLASSES);
    }
    Shape shape = Shape.of(batchSize, SIDE, SIDE, COLORS);
    try (TFloat32 x = TFloat32.tensorOf(shape, DataBuffers.of(pixels));
        TInt32 y = TInt32.vectorOf(classes)) {
      run.accept(session.runner().feed(images, x).feed(labels, y).addTarget(step));
    }
  }

  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
