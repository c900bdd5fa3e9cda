package org.samtf.examples.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.samtf.examples.data.DataSet;
import org.samtf.examples.data.LabeledImages;
import org.samtf.examples.model.Network;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TFInvalidArgumentException;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/** Trains a network; keeps its graph and session until it is closed. */
public final class Trainer implements AutoCloseable {

  private final DataSet data;
  private final TrainingSettings settings;
  private final Graph graph;
  private final Session session;
  private final Network network;
  private final TrainingStep step;
  private final float sharpnessRho;
  private final Random random;
  private final StepClock clock = new StepClock();
  private SharpnessMeter meter;
  private int epochs;

  /**
   * Builds network and train op, and gives the weights their initial values.
   *
   * @param data what to train on
   * @param settings how to train
   * @param sharpnessRho radius at which {@link #sharpness} measures
   */
  public Trainer(DataSet data, TrainingSettings settings, float sharpnessRho) {
    this(data, settings, sharpnessRho, TrainingStep::write);
  }

  /**
   * Builds network and train op, and gives the weights their initial values.
   *
   * @param data what to train on
   * @param settings how to train
   * @param sharpnessRho radius at which {@link #sharpness} measures
   * @param writer what writes the train op
   */
  public Trainer(DataSet data, TrainingSettings settings, float sharpnessRho, StepWriter writer) {
    if (settings.batchSize() < 1 || settings.batchSize() > data.train().size()) {
      throw new IllegalArgumentException(
          "batch size is " + settings.batchSize() + "; expected 1 to " + data.train().size());
    }
    this.data = data;
    this.settings = settings;
    this.sharpnessRho = sharpnessRho;
    random = new Random(settings.seed());
    graph = new Graph();
    try {
      network =
          new Network(
              graph, settings.architecture(), data.shape(), data.classes(), settings.seed());
      step = writer.write(graph, network, settings);
      session = new Session(graph, Devices.sessionFor(devices(settings)));
    } catch (RuntimeException e) {
      graph.close();
      throw e;
    }
    try {
      network.initialize(session);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private static List<String> devices(TrainingSettings settings) {
    return settings.sam().map(sam -> sam.cut().devices()).orElse(List.of());
  }

  /**
   * Trains from the initial weights through all epochs.
   *
   * @param listener told after each epoch
   * @return what came out
   * @throws DivergenceException if the loss is no longer finite
   */
  public TrainingResult train(Consumer<EpochResult> listener) {
    List<EpochResult> results = new ArrayList<>();
    for (int epoch = 1; epoch <= settings.epochs(); epoch++) {
      double batchLoss = epoch();
      EpochResult result =
          new EpochResult(epoch, batchLoss, evaluate(data.validation()), evaluate(data.test()));
      results.add(result);
      listener.accept(result);
    }
    return new TrainingResult(results, evaluate(data.train()), clock.medianMillis());
  }

  /**
   * Trains through all images once, in a new order, and evaluates nothing.
   *
   * @return mean over the steps of the loss that each had before it
   * @throws DivergenceException if the loss is no longer finite
   */
  public double epoch() {
    int epoch = ++epochs;
    double[] sum = {0};
    int[] steps = {0};
    Batches.shuffled(
        data.train(),
        settings.batchSize(),
        random,
        batch -> {
          long start = System.nanoTime();
          sum[0] += step(epoch, batch);
          clock.add(System.nanoTime() - start);
          steps[0]++;
        });
    return sum[0] / steps[0];
  }

  private float step(int epoch, Batch batch) {
    float loss;
    try (Result result = feed(batch).addTarget(step.op()).fetch(step.loss()).run()) {
      loss = ((TFloat32) result.get(0)).getFloat();
    } catch (TFInvalidArgumentException e) {
      throw Divergence.of(epoch, e);
    }
    if (!Float.isFinite(loss)) {
      throw new DivergenceException(epoch, "the loss is " + loss, null);
    }
    return loss;
  }

  private Session.Runner feed(Batch batch) {
    return session
        .runner()
        .feed(network.images(), batch.images())
        .feed(network.labels(), batch.labels());
  }

  /**
   * Evaluates the network as it is now.
   *
   * @param part on which images
   * @return accuracy and loss; not a number if there are no images
   */
  public Evaluation evaluate(LabeledImages part) {
    double[] sums = {0, 0};
    Batches.inOrder(
        part,
        Batches.EVALUATION_SIZE,
        batch -> {
          Session.Runner runner =
              feed(batch).fetch(network.correct()).fetch(network.inferenceLoss());
          try (Result result = runner.run()) {
            sums[0] += ((TInt32) result.get(0)).getInt();
            sums[1] += batch.size() * (double) ((TFloat32) result.get(1)).getFloat();
          }
        });
    return new Evaluation(sums[0] / part.size(), sums[1] / part.size());
  }

  /**
   * Measures sharpness at the weights as they are now: mean over the training images of L(w + eps)
   * - L(w), in batches of the training's size.
   *
   * @return the sharpness
   */
  public double sharpness() {
    return sharpness(data.train(), settings.batchSize());
  }

  /**
   * Measures m-sharpness at the weights as they are now: mean over parts of m images of L(w + eps)
   * - L(w), where L is the mean over the part and eps is computed from it.
   *
   * @param images which images, in the order in which they are cut
   * @param partSize the m; a last part with fewer images counts by their number
   * @return the m-sharpness
   */
  public double sharpness(LabeledImages images, int partSize) {
    if (meter == null) {
      // Not before it is asked for: it is as much of a graph as the training is.
      double norm = settings.sam().map(SamSettings::norm).orElse(2.0);
      meter = new SharpnessMeter(graph, network, sharpnessRho, norm);
    }
    return meter.measure(session, images, partSize);
  }

  /**
   * Writes the network as a SavedModel.
   *
   * @param directory where to
   * @throws IOException if it cannot be written
   */
  public void export(Path directory) throws IOException {
    ModelExport.write(graph, session, network, step, directory);
  }

  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
