package org.samtf.examples.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.samtf.examples.model.Network;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.Signature;

/** The SavedModel form of a network: it predicts, is evaluated, and trains on. */
public final class ModelExport {

  /** Key of the signature that classifies images. */
  public static final String PREDICT = "predict";

  /** Key of the signature that compares with labels, without dropout and with moving averages. */
  public static final String EVALUATE = "evaluate";

  /** Key of the signature that trains: each call is one step. */
  public static final String TRAIN = "train";

  /** Key of the signature with the loss that training minimizes, for another optimizer. */
  public static final String TRAINING_LOSS = "training_loss";

  /** Name of the input: images, as the network takes them. */
  public static final String IMAGES = "images";

  /** Name of the input with a class for each image, of all but {@link #PREDICT}. */
  public static final String LABELS = "labels";

  /** Name of the output with the probability of each class. */
  public static final String PROBABILITIES = "probabilities";

  /** Name of the output with the most probable class. */
  public static final String CLASS = "class";

  /** Name of the output with the loss, mean over the batch; of a step, at the weights before it. */
  public static final String LOSS = "loss";

  /** Name of the output with the number of images that get their label's class. */
  public static final String CORRECT = "correct";

  private ModelExport() {}

  static void write(
      Graph graph,
      Session session,
      Network network,
      TrainingStep step,
      Map<Operand<?>, Operand<?>> values,
      Path directory)
      throws IOException {
    Signature predict =
        Signature.builder()
            .key(PREDICT)
            .input(IMAGES, network.images())
            .output(PROBABILITIES, network.probabilities())
            .output(CLASS, network.predictedClass())
            .build();
    Signature evaluate =
        labeled(EVALUATE, network)
            .output(LOSS, network.inferenceLoss())
            .output(CORRECT, network.correct())
            .build();
    Signature train = labeled(TRAIN, network).output(LOSS, step.loss()).build();
    // A step that has the batch in parts has copies of the loss, and not the loss itself.
    Signature trainingLoss = labeled(TRAINING_LOSS, network).output(LOSS, network.loss()).build();
    network
        .exporter(graph, session, Set.of(PREDICT, EVALUATE, TRAIN, TRAINING_LOSS))
        .signature(predict)
        .signature(evaluate)
        .signature(trainingLoss)
        .trainingSignature(train, step.op())
        .values(values)
        .export(directory);
  }

  private static Signature.Builder labeled(String key, Network network) {
    return Signature.builder()
        .key(key)
        .input(IMAGES, network.images())
        .input(LABELS, network.labels());
  }
}
