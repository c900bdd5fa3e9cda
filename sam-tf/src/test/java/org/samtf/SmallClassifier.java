package org.samtf;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.Signature;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Op;
import org.tensorflow.op.Operands;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.op.nn.FusedBatchNorm;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * A convolutional network with batch normalization and dropout, as a pipeline builds it: fed
 * images, a pass for training and another for inference, moving averages that a step moves.
 */
public final class SmallClassifier {

  public static final int BATCH = 6;
  private static final int SIZE = 6;
  private static final int CLASSES = 3;
  private static final int CHANNELS = 4;

  public final Placeholder<TFloat32> images;
  public final Placeholder<TFloat32> labels;
  public final Operand<TFloat32> trainingLogits;
  public final Operand<TFloat32> trainingLoss;
  public final Operand<TFloat32> loss;
  public final Operand<TFloat32> features;
  public final Operand<TFloat32> probabilities;

  private final Graph graph;
  private final Session session;
  private final Ops tf;
  private final String prefix;
  private final Random random = new Random(5);
  private final Operand<TFloat32> kernel;
  private final Operand<TFloat32> gamma;
  private final Operand<TFloat32> beta;
  private final Operand<TFloat32> movingMean;
  private final Operand<TFloat32> movingVariance;
  private final Operand<TFloat32> weights;
  private final Operand<TFloat32> biases;
  private FusedBatchNorm<TFloat32, TFloat32> training;
  private Variable<TInt64> counter;

  /**
   * Builds the network.
   *
   * @param prefix what all names of variables begin with; may have slashes
   * @param dropout the share of features that is dropped, others in each step
   */
  public SmallClassifier(Graph graph, Session session, String prefix, float dropout) {
    this.graph = graph;
    this.session = session;
    this.tf = Ops.create(graph);
    this.prefix = prefix;
    images =
        tf.withName("images")
            .placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, SIZE, SIZE, 1)));
    labels =
        tf.withName("labels").placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, CLASSES)));
    kernel = variable("conv_kernel", 0.4f, 0, 3, 3, 1, CHANNELS);
    gamma = variable("bn_gamma", 0.1f, 1, CHANNELS);
    beta = variable("bn_beta", 0.1f, 0, CHANNELS);
    movingMean = variable("bn_movingMean", 0, 0, CHANNELS);
    movingVariance = variable("bn_movingVariance", 0, 1, CHANNELS);
    weights = variable("head_weights", 0.4f, 0, CHANNELS, CLASSES);
    biases = variable("head_biases", 0, 0, CLASSES);

    Ops train = tf.withSubScope("training");
    Operand<TFloat32> dropped = features(train, true);
    if (dropout > 0) {
      counter = tf.withName("steps").variable(Shape.scalar(), TInt64.class);
      session.run(tf.assign(counter, tf.constant(0L)));
      // The state of a generator of its own is hidden in TensorFlow, and not saved.
      Operand<TFloat32> uniform =
          train.random.statelessRandomUniform(
              train.shape(dropped),
              train.stack(List.of(train.constant(7L), counter)),
              TFloat32.class);
      dropped =
          train.math.mul(
              dropped,
              train.dtypes.cast(
                  train.math.greaterEqual(uniform, train.constant(dropout)), TFloat32.class));
    }
    trainingLogits = logits(train, dropped);
    trainingLoss = loss(train, trainingLogits);

    Ops infer = tf.withSubScope("inference");
    features = infer.withName("features").identity(features(infer, false));
    Operand<TFloat32> logits = logits(infer, features);
    loss = loss(infer, logits);
    probabilities = infer.withName("probabilities").nn.softmax(logits);
  }

  private Operand<TFloat32> features(Ops at, boolean isTraining) {
    Operand<TFloat32> x = at.nn.conv2d(images, kernel, List.of(1L, 1L, 1L, 1L), "SAME");
    Operand<TFloat32> none = at.constant(new float[0]);
    FusedBatchNorm<TFloat32, TFloat32> norm =
        at.nn.fusedBatchNorm(
            x,
            gamma,
            beta,
            isTraining ? none : movingMean,
            isTraining ? none : movingVariance,
            FusedBatchNorm.isTraining(isTraining));
    if (isTraining) {
      training = norm;
    }
    return at.math.mean(at.nn.relu(norm.y()), at.constant(new int[] {1, 2}));
  }

  private Operand<TFloat32> logits(Ops at, Operand<TFloat32> x) {
    return at.math.add(at.linalg.matMul(x, weights), biases);
  }

  private Operand<TFloat32> loss(Ops at, Operand<TFloat32> logits) {
    return at.withName("loss")
        .math
        .mean(at.nn.softmaxCrossEntropyWithLogits(logits, labels).loss(), at.constant(0));
  }

  private Operand<TFloat32> variable(String name, float scale, float offset, long... shape) {
    Shape of = Shape.of(shape);
    float[] values = new float[(int) of.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = offset + scale * (2 * random.nextFloat() - 1);
    }
    // Ops would number a scope that is used twice; Python does not.
    Operand<TFloat32> variable =
        graph
            .opBuilder("VariableV2", prefix + name, graph.baseScope())
            .setAttr("shape", of)
            .setAttr("dtype", Operands.toDataType(TFloat32.class))
            .build()
            .output(0);
    session.run(tf.assign(variable, tf.constant(of, DataBuffers.of(values))));
    return variable;
  }

  /** A whole step: the train op, then the moving averages and the count of steps. */
  public Op step(Op train) {
    return step(train, training.batchMean(), training.batchVariance());
  }

  /** The same, of a step in parts: to read the whole batch's statistics, nothing would wait. */
  public Op step(Op train, SamOptimizer sam) {
    return step(
        train,
        mean(sam.replicas(training.batchMean())),
        mean(sam.replicas(training.batchVariance())));
  }

  private Operand<TFloat32> mean(List<Operand<TFloat32>> parts) {
    Operand<TFloat32> sum = parts.get(0);
    for (Operand<TFloat32> part : parts.subList(1, parts.size())) {
      sum = tf.math.add(sum, part);
    }
    return tf.math.div(sum, tf.constant((float) parts.size()));
  }

  private Op step(Op train, Operand<TFloat32> batchMean, Operand<TFloat32> batchVariance) {
    Ops after = tf.withSubScope("after").withControlDependencies(List.of(train));
    List<Op> all = new ArrayList<>();
    all.add(train);
    all.add(after.assign(movingMean, moved(after, movingMean, batchMean)));
    all.add(after.assign(movingVariance, moved(after, movingVariance, batchVariance)));
    if (counter != null) {
      all.add(after.assignAdd(counter, after.constant(1L)));
    }
    return tf.withName("step").withControlDependencies(all).noOp();
  }

  private static Operand<TFloat32> moved(
      Ops tf, Operand<TFloat32> average, Operand<TFloat32> statistic) {
    return tf.math.add(
        tf.math.mul(average, tf.constant(0.9f)), tf.math.mul(statistic, tf.constant(0.1f)));
  }

  /** The statistics that a batch is normalized with in training. */
  public Operand<TFloat32> batchMean() {
    return training.batchMean();
  }

  public Operand<TFloat32> batchVariance() {
    return training.batchVariance();
  }

  public Signature predict() {
    return Signature.builder()
        .key("predict")
        .input("images", images)
        .output("probabilities", probabilities)
        .build();
  }

  public Signature evaluate() {
    return labeled("evaluate").output("loss", loss).build();
  }

  /** Takes images and labels. */
  public Signature.Builder labeled(String key) {
    return Signature.builder().key(key).input("images", images).input("labels", labels);
  }

  public Graph graph() {
    return graph;
  }

  public Session session() {
    return session;
  }

  /** The n-th batch, to be closed. */
  public static Map<String, Tensor> batch(int n) {
    Map<String, Tensor> batch = new LinkedHashMap<>();
    Random random = new Random(100 + n);
    float[] pixels = new float[BATCH * SIZE * SIZE];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = random.nextFloat();
    }
    float[] oneHot = new float[BATCH * CLASSES];
    for (int i = 0; i < BATCH; i++) {
      oneHot[i * CLASSES + random.nextInt(CLASSES)] = 1;
    }
    batch.put("images", TFloat32.tensorOf(Shape.of(BATCH, SIZE, SIZE, 1), DataBuffers.of(pixels)));
    batch.put("labels", TFloat32.tensorOf(Shape.of(BATCH, CLASSES), DataBuffers.of(oneHot)));
    return batch;
  }

  public static void close(Map<String, Tensor> batch) {
    batch.values().forEach(Tensor::close);
  }

  /** Runs an op with batches from..to. */
  public static void run(Session session, Op op, int from, int to) {
    for (int n = from; n < to; n++) {
      Map<String, Tensor> batch = batch(n);
      Session.Runner runner = session.runner().addTarget(op);
      batch.forEach(runner::feed);
      runner.run().close();
      close(batch);
    }
  }
}
