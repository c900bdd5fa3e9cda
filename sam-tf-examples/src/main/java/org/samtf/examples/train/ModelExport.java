package org.samtf.examples.train;

import java.io.IOException;
import java.nio.file.Path;
import org.samtf.examples.model.Network;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.Signature;

/** The SavedModel form of a network. */
public final class ModelExport {

  /** Key of the signature. */
  public static final String SIGNATURE = "predict";

  /** Name of the input: images in [0, 1]; batch, height, width, channels. */
  public static final String IMAGES = "images";

  /** Name of the output with the probability of each class. */
  public static final String PROBABILITIES = "probabilities";

  /** Name of the output with the most probable class. */
  public static final String CLASS = "class";

  private ModelExport() {}

  static void write(Session session, Network network, Path directory) throws IOException {
    Signature signature =
        Signature.builder()
            .key(SIGNATURE)
            .input(IMAGES, network.images())
            .output(PROBABILITIES, network.probabilities())
            .output(CLASS, network.predictedClass())
            .build();
    SavedModelBundle.exporter(directory.toString())
        .withSession(session)
        .withSignature(signature)
        .export();
  }
}
