package org.samtf.examples.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.samtf.SamOptimizer;
import org.samtf.examples.data.ImageShape;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Snapshot;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * A classifier of images in a graph: placeholders, a pass for training and one for inference.
 *
 * <p>Both passes read the same weights. The loss is the softmax cross-entropy, mean over the batch.
 */
public final class Network {

  private final Ops tf;
  private final Variables variables;
  private final Draws draws;
  private final Placeholder<TFloat32> images;
  private final Placeholder<TInt32> labels;
  private final Pass training;
  private final Operand<TFloat32> trainingLogits;
  private final Operand<TFloat32> trainingLoss;
  private final Operand<TFloat32> inferenceLoss;
  private final Operand<TFloat32> probabilities;
  private final Operand<TInt64> predictedClass;
  private final Operand<TInt32> correct;

  /**
   * Writes a network into a graph.
   *
   * @param graph the graph
   * @param architecture what the network is made of
   * @param shape shape of an image
   * @param classes how many classes
   * @param seed of initial weights and dropout
   */
  public Network(Graph graph, Architecture architecture, ImageShape shape, int classes, long seed) {
    tf = Ops.create(graph);
    variables = new Variables(graph, seed);
    draws = new Draws(tf, variables, seed);
    Shape batch = Shape.of(Shape.UNKNOWN_SIZE, shape.height(), shape.width(), shape.channels());
    images = tf.withName("images").placeholder(TFloat32.class, Placeholder.shape(batch));
    labels =
        tf.withName("labels")
            .placeholder(TInt32.class, Placeholder.shape(Shape.of(Shape.UNKNOWN_SIZE)));
    Operand<TInt32> size = tf.shape.head(tf.shape(images));
    List<Layer> layers = architecture.layers(variables, shape, classes);

    training = new Pass(tf.withSubScope("training"), true, size, draws);
    trainingLogits = logits(training, layers);
    trainingLoss = loss(training.tf(), trainingLogits, classes);

    Pass inference = new Pass(tf.withSubScope("inference"), false, size, draws);
    Operand<TFloat32> logits = logits(inference, layers);
    Ops ops = inference.tf();
    inferenceLoss = loss(ops, logits, classes);
    probabilities = ops.withName("probabilities").nn.softmax(logits);
    predictedClass = ops.withName("class").math.argMax(logits, ops.constant(1));
    Operand<TInt64> wanted = ops.dtypes.cast(labels, TInt64.class);
    Operand<TInt32> hits = ops.dtypes.cast(ops.math.equal(predictedClass, wanted), TInt32.class);
    correct = ops.withName("correct").sum(hits, ops.constant(0));
  }

  private Operand<TFloat32> logits(Pass pass, List<Layer> layers) {
    Operand<TFloat32> x = images;
    for (Layer layer : layers) {
      x = layer.apply(pass, x);
    }
    return x;
  }

  private Operand<TFloat32> loss(Ops ops, Operand<TFloat32> logits, int classes) {
    Operand<TFloat32> oneHot =
        ops.oneHot(labels, ops.constant(classes), ops.constant(1f), ops.constant(0f));
    Operand<TFloat32> each = ops.nn.softmaxCrossEntropyWithLogits(logits, oneHot).loss();
    return ops.withName("loss").math.mean(each, ops.constant(0));
  }

  /**
   * Returns where images are fed: batch, height, width, channels.
   *
   * @return the placeholder
   */
  public Operand<TFloat32> images() {
    return images;
  }

  /**
   * Returns where labels are fed: a class for each image.
   *
   * @return the placeholder
   */
  public Operand<TInt32> labels() {
    return labels;
  }

  /**
   * Returns all that has a row an image, for an optimizer that cuts the batch: images, labels and
   * the random numbers of dropout, which are drawn for the whole batch.
   *
   * @return the tensors that are to be cut
   */
  public Operand<?>[] batchInputs() {
    List<Operand<?>> inputs = new ArrayList<>(List.of(images, labels));
    inputs.addAll(training.noise());
    return inputs.toArray(new Operand<?>[0]);
  }

  /**
   * Returns two integers to draw random numbers from, others in each step that {@link #step}
   * completes.
   *
   * @param purpose what is drawn; another purpose gets other numbers
   * @return a vector of two
   */
  public Operand<TInt64> drawSeed(String purpose) {
    return draws.seed(tf.withSubScope("draws"), purpose);
  }

  /**
   * Returns the loss to minimize: with dropout and the statistics of the batch.
   *
   * @return the mean over the batch
   */
  public Operand<TFloat32> loss() {
    return trainingLoss;
  }

  /**
   * Returns what {@link #loss} is computed from, with dropout and the statistics of the batch.
   *
   * @return batch by classes
   */
  public Operand<TFloat32> logits() {
    return trainingLogits;
  }

  /**
   * Returns whether a step moves averages, which follow the statistics of the training pass.
   *
   * @return whether there is batch normalisation
   */
  public boolean hasMovingAverages() {
    return !training.movingAverages().isEmpty();
  }

  /**
   * Returns the loss of the network as it is used: without dropout, with moving averages.
   *
   * @return the mean over the batch
   */
  public Operand<TFloat32> inferenceLoss() {
    return inferenceLoss;
  }

  /**
   * Returns the probability of each class.
   *
   * @return batch by classes
   */
  public Operand<TFloat32> probabilities() {
    return probabilities;
  }

  /**
   * Returns the class with the greatest probability.
   *
   * @return a class for each image
   */
  public Operand<TInt64> predictedClass() {
    return predictedClass;
  }

  /**
   * Returns how many images of the batch get their label's class.
   *
   * @return the number
   */
  public Operand<TInt32> correct() {
    return correct;
  }

  /**
   * Completes a train op to a whole step, which also moves the averages of batch normalisation and
   * counts the step for what is drawn in the next one.
   *
   * <p>They move after the train op and so not at all if it fails, and towards the statistics at
   * the weights themselves, not at the perturbed ones. If the step has the batch in parts, that is
   * the mean over the parts of the statistics that each is normalised with.
   *
   * @param train the op that updates the weights, in a step that runs the whole training pass
   * @return the op to run for a step
   */
  public Op step(Op train) {
    return step(train, List::of, Optional.empty());
  }

  /**
   * Completes a train op as {@link #step(Op)} does.
   *
   * @param train the op that updates the weights
   * @param sam what wrote it
   * @return the op to run for a step
   */
  public Op step(Op train, SamOptimizer sam) {
    return step(train, sam::replicas, Optional.empty());
  }

  /**
   * Completes a train op as {@link #step(Op)} does.
   *
   * @param train the op that updates the weights
   * @param asTheStepHasIt gives for a tensor of the training pass those that the step computes: to
   *     read others would compute more
   * @param skipped whether the step changes nothing; averages then stay as they are
   * @return the op to run for a step
   */
  public Op step(
      Op train,
      Function<Operand<TFloat32>, List<Operand<TFloat32>>> asTheStepHasIt,
      Optional<Operand<TBool>> skipped) {
    List<Op> all = new ArrayList<>();
    all.add(train);
    Ops before = tf.withSubScope("batch_statistics");
    Ops after = tf.withSubScope("moving_averages").withControlDependencies(train);
    for (Pass.MovingAverage average : training.movingAverages()) {
      Operand<TFloat32> batch = mean(before, asTheStepHasIt.apply(average.statistic()));
      float keep = average.keep();
      Operand<TFloat32> moved =
          before.math.add(
              before.math.mul(average.variable(), before.constant(keep)),
              before.math.mul(batch, before.constant(1 - keep)));
      Operand<TFloat32> next =
          skipped
              .<Operand<TFloat32>>map(s -> before.select(s, average.variable(), moved))
              .orElse(moved);
      all.add(after.assign(average.variable(), next));
    }
    draws.advance(train).ifPresent(all::add);
    return tf.withName("step").withControlDependencies(all).noOp();
  }

  private static Operand<TFloat32> mean(Ops tf, List<Operand<TFloat32>> parts) {
    if (parts.size() == 1) {
      return parts.get(0);
    }
    // AddN starts with an input whose memory nobody else needs; a snapshot has no other reader, so
    // that the order does not depend on timing.
    List<Operand<TFloat32>> snapshots = new ArrayList<>();
    parts.forEach(part -> snapshots.add(Snapshot.create(tf.scope(), part)));
    return tf.math.mul(tf.math.addN(snapshots), tf.constant(1f / parts.size()));
  }

  /**
   * Returns a variable.
   *
   * @param name its layer and what it is there, {@code dense1_kernel}
   * @return the variable
   * @throws IllegalArgumentException if there is none of that name
   */
  public Variable<TFloat32> variable(String name) {
    return variables.get(name);
  }

  /**
   * Gives every variable its initial value; the same seed gives the same bits.
   *
   * @param session where the variables live
   */
  public void initialize(Session session) {
    variables.initialize(session);
  }
}
