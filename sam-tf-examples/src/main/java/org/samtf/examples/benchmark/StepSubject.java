package org.samtf.examples.benchmark;

import java.util.Random;
import org.samtf.examples.data.ImageShape;
import org.samtf.examples.data.LabeledImages;
import org.samtf.examples.model.Architecture;
import org.samtf.examples.model.Network;
import org.samtf.examples.train.Batch;
import org.tensorflow.Graph;
import org.tensorflow.Session;
import org.tensorflow.op.Op;
import org.tensorflow.proto.ConfigProto;

/** A network whose steps are timed, with one batch whose tensors are made once. */
final class StepSubject implements AutoCloseable {

  private static final ImageShape GREY = new ImageShape(28, 28, 1);
  private static final int CLASSES = 10;
  private static final long SEED = 1;

  private final Graph graph = new Graph();
  private final Network network;
  private final Op step;
  private final Session session;
  private final Batch batch;

  StepSubject(Architecture architecture, StepWriting writing, int batchSize) {
    this(architecture, GREY, writing, batchSize, ConfigProto.getDefaultInstance());
  }

  /** A network for images of some shape, in a session with settings of its own. */
  StepSubject(
      Architecture architecture,
      ImageShape shape,
      StepWriting writing,
      int batchSize,
      ConfigProto config) {
    network = new Network(graph, architecture, shape, CLASSES, SEED);
    step = writing.write(graph, network);
    session = new Session(graph, config);
    network.initialize(session);
    batch = randomBatch(shape, batchSize);
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
    session
        .runner()
        .feed(network.images(), batch.images())
        .feed(network.labels(), batch.labels())
        .addTarget(step)
        .run()
        .close();
  }

  @Override
  public void close() {
    batch.close();
    session.close();
    graph.close();
  }
}
