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
  private final SharpnessMeter meter;

  /**
   * Builds network and train op, and gives the weights their initial values.
   *
   * @param data what to train on
   * @param settings how to train
   * @param sharpnessRho radius at which {@link #sharpness} measures
   */
  public Trainer(DataSet data, TrainingSettings settings, float sharpnessRho) {
    if (settings.batchSize() < 1 || settings.batchSize() > data.train().size()) {
      throw new IllegalArgumentException(
          "batch size is " + settings.batchSize() + "; expected 1 to " + data.train().size());
    }
    this.data = data;
    this.settings = settings;
    graph = new Graph();
    try {
      network =
          new Network(
              graph, settings.architecture(), data.shape(), data.classes(), settings.seed());
      step = TrainingStep.write(graph, network, settings);
      double norm = settings.sam().map(SamSettings::norm).orElse(2.0);
      meter = new SharpnessMeter(graph, network, sharpnessRho, norm);
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
    Random random = new Random(settings.seed());
    StepClock clock = new StepClock();
    List<EpochResult> epochs = new ArrayList<>();
    for (int epoch = 1; epoch <= settings.epochs(); epoch++) {
      double batchLoss = epoch(epoch, random, clock);
      EpochResult result =
          new EpochResult(epoch, batchLoss, evaluate(data.validation()), evaluate(data.test()));
      epochs.add(result);
      listener.accept(result);
    }
    return new TrainingResult(epochs, evaluate(data.train()), clock.medianMillis());
  }

  private double epoch(int epoch, Random random, StepClock clock) {
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
    return meter.measure(session, data.train(), settings.batchSize());
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
