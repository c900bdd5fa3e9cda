package org.samtf.examples.model;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.samtf.SamOptimizer;
import org.samtf.examples.data.ImageFormat;
import org.samtf.model.ModelExporter;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.op.Op;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * A classifier of images in a graph: placeholders, a pass for training and one for inference.
 *
 * <p>Both passes read the same weights. The loss is the softmax cross-entropy, mean over the batch.
 */
public interface Network {

  /**
   * Returns where images are fed.
   *
   * @return the placeholder
   */
  Operand<?> images();

  /**
   * Returns how images are fed.
   *
   * @return type, shape and range
   */
  ImageFormat format();

  /**
   * Returns where labels are fed: a class for each image.
   *
   * @return the placeholder
   */
  Operand<TInt32> labels();

  /**
   * Returns all that has a row an image, for an optimizer that cuts the batch: images, labels and
   * the random numbers of dropout, which are drawn for the whole batch.
   *
   * @return the tensors that are to be cut
   */
  Operand<?>[] batchInputs();

  /**
   * Returns two integers to draw random numbers from, others in each step that {@link #step}
   * completes.
   *
   * @param purpose what is drawn; another purpose gets other numbers
   * @return a vector of two
   */
  Operand<TInt64> drawSeed(String purpose);

  /**
   * Returns the loss to minimize: with dropout and the statistics of the batch.
   *
   * @return the mean over the batch
   */
  Operand<TFloat32> loss();

  /**
   * Returns what {@link #loss} is computed from, with dropout and the statistics of the batch.
   *
   * @return batch by classes
   */
  Operand<TFloat32> logits();

  /**
   * Returns what the batch is normalised with in training, by the moving average that follows it.
   *
   * @return the statistics; none without batch normalisation, and none of a network from a file
   */
  default Map<Operand<TFloat32>, Operand<TFloat32>> batchStatistics() {
    return Map.of();
  }

  /**
   * Returns what of a model from a file is trained.
   *
   * @return whether it is in training mode, in words; empty for a network of ours
   */
  default Optional<String> trainingMode() {
    return Optional.empty();
  }

  /**
   * Refuses to be evaluated with other weights than the trained ones, if the network has moving
   * averages that are not among {@link #batchStatistics}.
   *
   * @throws org.samtf.examples.failure.InputException if it has
   */
  default void requireNoMovingAverages() {}

  /**
   * Returns the loss of the network as it is used: without dropout, with moving averages.
   *
   * @return the mean over the batch
   */
  Operand<TFloat32> inferenceLoss();

  /**
   * Returns the probability of each class.
   *
   * @return batch by classes
   */
  Operand<TFloat32> probabilities();

  /**
   * Returns the class with the greatest probability.
   *
   * @return a class for each image
   */
  Operand<TInt64> predictedClass();

  /**
   * Returns how many images of the batch get their label's class.
   *
   * @return the number
   */
  Operand<TInt32> correct();

  /**
   * Adds the op that an optimizer minimizes the loss with.
   *
   * @param optimizer of the graph
   * @param minimized {@link #loss}, or the same computed in another way
   * @return the op, which {@link #step} completes
   */
  Op minimize(Optimizer optimizer, Operand<TFloat32> minimized);

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
  Op step(Op train);

  /**
   * Completes a train op as {@link #step(Op)} does.
   *
   * @param train the op that updates the weights
   * @param sam what wrote it
   * @return the op to run for a step
   */
  Op step(Op train, SamOptimizer sam);

  /**
   * Completes a train op as {@link #step(Op)} does.
   *
   * @param train the op that updates the weights
   * @param asTheStepHasIt gives for a tensor of the training pass those that the step computes: to
   *     read others would compute more
   * @param skipped whether the step changes nothing; averages then stay as they are
   * @return the op to run for a step
   */
  Op step(
      Op train,
      Function<Operand<TFloat32>, List<Operand<TFloat32>>> asTheStepHasIt,
      Optional<Operand<TBool>> skipped);

  /**
   * Gives the variables that have none from elsewhere their initial values; the same seed gives the
   * same bits.
   *
   * @param session where the variables live
   */
  void initialize(Session session);

  /**
   * Starts an export.
   *
   * @param graph the graph of the network
   * @param session where the variables live
   * @param taken the keys of the signatures that will be added
   * @return the exporter, with the signatures that only a network of this kind has
   */
  ModelExporter exporter(Graph graph, Session session, Set<String> taken);

  /**
   * Writes the file that the network came from, with the weights that it has now.
   *
   * @param target a new or an empty directory
   * @param values what is written in place of the values of some variables
   * @throws IOException if it cannot be written
   */
  default void handBack(Path target, Map<Operand<?>, Operand<?>> values) throws IOException {
    throw new UnsupportedOperationException("the network is of no file");
  }
}
