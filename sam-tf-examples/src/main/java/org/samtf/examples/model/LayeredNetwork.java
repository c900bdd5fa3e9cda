package org.samtf.examples.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.samtf.SamOptimizer;
import org.samtf.examples.data.ImageFormat;
import org.samtf.examples.data.ImageShape;
import org.samtf.model.ModelExporter;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.Optimizer;
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

/** A network that is made of layers: both passes go through the same ones. */
public final class LayeredNetwork implements Network {

  private final Ops tf;
  private final Variables variables;
  private final Draws draws;
  private final Placeholder<TFloat32> images;
  private final Placeholder<TInt32> labels;
  private final Pass training;
  private final Operand<TFloat32> trainingLogits;
  private final Operand<TFloat32> trainingLoss;
  private final Classification inferred;
  private final ImageFormat format;

  /**
   * Writes a network into a graph.
   *
   * @param graph the graph
   * @param layered what the network is made of
   * @param shape shape of an image
   * @param classes how many classes
   * @param seed of initial weights and dropout
   */
  public LayeredNetwork(Graph graph, Layered layered, ImageShape shape, int classes, long seed) {
    this(graph, layered, shape, classes, seed, Homes.ANYWHERE);
  }

  /**
   * Writes a network into a graph.
   *
   * @param graph the graph
   * @param layered what the network is made of
   * @param shape shape of an image
   * @param classes how many classes
   * @param seed of initial weights and dropout
   * @param homes where its variables are
   */
  public LayeredNetwork(
      Graph graph, Layered layered, ImageShape shape, int classes, long seed, Homes homes) {
    tf = Ops.create(graph);
    List<Long> bytes = Variables.bytes(sized -> layered.layers(sized, shape, classes));
    variables = new Variables(graph, seed, homes.of(bytes));
    draws = new Draws(tf, variables, seed);
    format = ImageFormat.of(shape);
    Shape batch = Shape.of(Shape.UNKNOWN_SIZE, shape.height(), shape.width(), shape.channels());
    images = tf.withName("images").placeholder(TFloat32.class, Placeholder.shape(batch));
    labels =
        tf.withName("labels")
            .placeholder(TInt32.class, Placeholder.shape(Shape.of(Shape.UNKNOWN_SIZE)));
    Operand<TInt32> size = tf.shape.head(tf.shape(images));
    List<Layer> layers = layered.layers(variables, shape, classes);

    training = new Pass(tf.withSubScope("training"), true, size, draws);
    trainingLogits = logits(training, layers);
    trainingLoss = Classification.loss(training.tf(), trainingLogits, labels, classes);

    Pass inference = new Pass(tf.withSubScope("inference"), false, size, draws);
    inferred = Classification.of(inference.tf(), logits(inference, layers), labels, classes);
  }

  private Operand<TFloat32> logits(Pass pass, List<Layer> layers) {
    Operand<TFloat32> x = images;
    for (Layer layer : layers) {
      x = layer.apply(pass, x);
    }
    return x;
  }

  @Override
  public Operand<TFloat32> images() {
    return images;
  }

  @Override
  public ImageFormat format() {
    return format;
  }

  @Override
  public Operand<TInt32> labels() {
    return labels;
  }

  @Override
  public Operand<?>[] batchInputs() {
    List<Operand<?>> inputs = new ArrayList<>(List.of(images, labels));
    inputs.addAll(training.noise());
    return inputs.toArray(new Operand<?>[0]);
  }

  @Override
  public Operand<TInt64> drawSeed(String purpose) {
    return draws.seed(tf.withSubScope("draws"), purpose);
  }

  @Override
  public Operand<TFloat32> loss() {
    return trainingLoss;
  }

  @Override
  public Operand<TFloat32> logits() {
    return trainingLogits;
  }

  @Override
  public Map<Operand<TFloat32>, Operand<TFloat32>> batchStatistics() {
    Map<Operand<TFloat32>, Operand<TFloat32>> statistics = new LinkedHashMap<>();
    training.movingAverages().forEach(a -> statistics.put(a.variable(), a.statistic()));
    return statistics;
  }

  @Override
  public Operand<TFloat32> inferenceLoss() {
    return inferred.loss();
  }

  @Override
  public Operand<TFloat32> probabilities() {
    return inferred.probabilities();
  }

  @Override
  public Operand<TInt64> predictedClass() {
    return inferred.predictedClass();
  }

  @Override
  public Operand<TInt32> correct() {
    return inferred.correct();
  }

  @Override
  public Op minimize(Optimizer optimizer, Operand<TFloat32> minimized) {
    return optimizer.minimize(minimized);
  }

  @Override
  public Op step(Op train) {
    return step(train, List::of, Optional.empty());
  }

  @Override
  public Op step(Op train, SamOptimizer sam) {
    return step(train, sam::replicas, Optional.empty());
  }

  /** Statistics are read from where the step computes them: to read others would compute more. */
  @Override
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

  @Override
  public void initialize(Session session) {
    variables.initialize(session);
  }

  @Override
  public ModelExporter exporter(Graph graph, Session session, Set<String> taken) {
    return new ModelExporter(graph, session);
  }
}
