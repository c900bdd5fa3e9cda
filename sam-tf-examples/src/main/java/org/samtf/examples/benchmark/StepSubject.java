package org.samtf.examples.benchmark;

import java.util.Optional;
import java.util.Random;
import java.util.function.BiFunction;
import org.samtf.examples.data.ImageShape;
import org.samtf.examples.data.LabeledImages;
import org.samtf.examples.model.Layered;
import org.samtf.examples.model.LayeredNetwork;
import org.samtf.examples.model.Network;
import org.samtf.examples.train.BaseOptimizer;
import org.samtf.examples.train.Batch;
import org.samtf.examples.train.SamSettings;
import org.samtf.examples.train.TrainingSettings;
import org.samtf.examples.train.TrainingStep;
import org.samtf.examples.train.Variant;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.op.Op;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.types.TBool;

/** A network whose steps are timed, with one batch whose tensors are made once. */
final class StepSubject implements AutoCloseable {

  private static final ImageShape GREY = new ImageShape(28, 28, 1);
  private static final int CLASSES = 10;
  static final long SEED = 1;

  private final Graph graph = new Graph();
  private final Network network;
  private final Op step;
  private final Optional<Operand<TBool>> active;
  private final Session session;
  private final Batch batch;

  StepSubject(Layered architecture, StepWriting writing, int batchSize) {
    this(architecture, GREY, writing, batchSize, ConfigProto.getDefaultInstance());
  }

  /** A network for images of some shape, in a session with settings of its own. */
  StepSubject(
      Layered architecture,
      ImageShape shape,
      StepWriting writing,
      int batchSize,
      ConfigProto config) {
    this(
        architecture,
        shape,
        batchSize,
        config,
        (graph, network) -> new TrainingStep(writing.write(graph, network), network.loss()));
  }

  /**
   * A network for images of some shape, trained as {@code train} does it.
   *
   * @param variant with which relative of SAM
   * @param steps how many steps its schedule is for
   */
  StepSubject(Layered architecture, ImageShape shape, Variant variant, long steps, int batchSize) {
    this(
        architecture,
        shape,
        batchSize,
        ConfigProto.getDefaultInstance(),
        (graph, network) ->
            TrainingStep.write(graph, network, settings(architecture, variant, batchSize), steps));
  }

  /**
   * A network trained as {@code train} does it.
   *
   * @param settings of the training
   * @param steps how many steps its schedules are for
   */
  StepSubject(TimedNetwork network, TrainingSettings settings, long steps) {
    this(
        network.architecture(),
        network.shape(),
        settings.batchSize(),
        ConfigProto.getDefaultInstance(),
        (graph, written) -> TrainingStep.write(graph, written, settings, steps));
  }

  private StepSubject(
      Layered architecture,
      ImageShape shape,
      int batchSize,
      ConfigProto config,
      BiFunction<Graph, Network, TrainingStep> writer) {
    network = new LayeredNetwork(graph, architecture, shape, CLASSES, SEED);
    TrainingStep written = writer.apply(graph, network);
    step = written.op();
    active = written.active();
    session = new Session(graph, config);
    network.initialize(session);
    batch = randomBatch(shape, batchSize);
  }

  private static TrainingSettings settings(Layered architecture, Variant variant, int batchSize) {
    Optional<SamSettings> sam =
        variant.hasSam()
            ? Optional.of(SamSettings.of(variant, variant.defaultRho()))
            : Optional.empty();
    return new TrainingSettings(
        architecture,
        BaseOptimizer.MOMENTUM,
        Wrapping.LEARNING_RATE,
        Wrapping.MOMENTUM,
        sam,
        1,
        batchSize,
        SEED);
  }

  private static Batch randomBatch(ImageShape shape, int size) {
    Random random = new Random(SEED);
    float[] pixels = new float[size * shape.size()];
    int[] labels = new int[size];
    int[] order = new int[size];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = random.nextFloat();
    }
    for (int i = 0; i < size; i++) {
      labels[i] = random.nextInt(CLASSES);
      order[i] = i;
    }
    return Batch.of(new LabeledImages(shape, pixels, labels), order, 0, size);
  }

  void step() {
    runner().run().close();
  }

  /**
   * Takes a step.
   *
   * @return whether it had a second pass; only of variants in which a step may have none
   */
  boolean stepIsActive() {
    try (Result result = runner().fetch(active.orElseThrow()).run()) {
      return ((TBool) result.get(0)).getBoolean();
    }
  }

  private Session.Runner runner() {
    return session
        .runner()
        .feed(network.images(), batch.images())
        .feed(network.labels(), batch.labels())
        .addTarget(step);
  }

  @Override
  public void close() {
    batch.close();
    session.close();
    graph.close();
  }
}
