package org.samtf.examples.train;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.samtf.examples.data.DataSet;
import org.samtf.examples.data.ImageFormat;
import org.samtf.examples.data.PixelRange;
import org.samtf.examples.failure.InputException;
import org.samtf.model.LoadedModel;
import org.samtf.model.ModelLoader;
import org.tensorflow.Result;
import org.tensorflow.SessionFunction;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/** A network that was loaded from a SavedModel. */
public final class SavedClassifier implements AutoCloseable {

  private static final String REMEDY = "give the directory that train --export has written";

  private final Path directory;
  private final LoadedModel model;
  private final SessionFunction function;
  private final Optional<PixelRange> pixels;

  private SavedClassifier(Path directory, LoadedModel model, Optional<PixelRange> pixels) {
    this.directory = directory;
    this.model = model;
    this.pixels = pixels;
    this.function =
        function(
                ModelExport.PREDICT,
                List.of(ModelExport.IMAGES),
                List.of(ModelExport.CLASS, ModelExport.PROBABILITIES))
            .orElseThrow(
                () ->
                    new InputException(
                        directory + " has no signature for images",
                        "a signature '" + ModelExport.PREDICT + "'",
                        REMEDY));
  }

  private Optional<SessionFunction> function(
      String key, List<String> inputs, List<String> outputs) {
    return model.signatures().stream()
        .filter(signature -> signature.key().equals(key))
        .filter(signature -> signature.getInputs().keySet().containsAll(inputs))
        .filter(signature -> signature.getOutputs().keySet().containsAll(outputs))
        .findFirst()
        .map(signature -> model.function(key));
  }

  /**
   * Checks that a directory looks like a SavedModel, without loading it.
   *
   * @param directory the directory
   * @throws InputException if not
   */
  public static void check(Path directory) {
    if (!Files.isDirectory(directory)) {
      throw new InputException(
          "model " + directory + " is not a directory", "a SavedModel directory", REMEDY);
    }
    // TensorFlow loads a model without its variables silently and fails when it is first used.
    for (String file : new String[] {"saved_model.pb", "variables/variables.index"}) {
      if (!Files.isRegularFile(directory.resolve(file))) {
        throw new InputException(directory + " is not a whole SavedModel", file + " in it", REMEDY);
      }
    }
  }

  /**
   * Loads a SavedModel.
   *
   * @param directory its directory
   * @param loader what side effects it may have
   * @return the network
   * @throws InputException if it cannot be loaded or is no classifier of images
   */
  public static SavedClassifier load(Path directory, ModelLoader loader) {
    return load(directory, loader, Optional.empty());
  }

  /**
   * Loads a SavedModel.
   *
   * @param directory its directory
   * @param loader what side effects it may have
   * @param pixels between which numbers it takes pixels; empty for what suits the type of its input
   * @return the network
   * @throws InputException if it cannot be loaded or is no classifier of images
   */
  public static SavedClassifier load(
      Path directory, ModelLoader loader, Optional<PixelRange> pixels) {
    check(directory);
    LoadedModel model;
    try {
      model = loader.load(directory);
    } catch (IllegalArgumentException e) {
      throw new InputException(e.getMessage(), "a whole SavedModel", REMEDY);
    }
    try {
      return new SavedClassifier(directory, model, pixels);
    } catch (IllegalArgumentException e) {
      model.close();
      throw new InputException(e.getMessage(), "a whole SavedModel", REMEDY);
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
  }

  /**
   * Classifies the test images.
   *
   * @param data the set
   * @return the share that gets its label's class
   * @throws InputException if the network is for other images or classes
   */
  public double accuracy(DataSet data) {
    ImageFormat format = fitted(data);
    int[] correct = {0};
    Batches.inOrder(
        data.test(),
        format,
        Batches.EVALUATION_SIZE,
        batch -> {
          try (Result result = function.call(Map.of(ModelExport.IMAGES, batch.images()))) {
            TInt64 classes = (TInt64) result.get(ModelExport.CLASS).orElseThrow();
            for (int i = 0; i < batch.size(); i++) {
              correct[0] += classes.getLong(i) == batch.labels().getInt(i) ? 1 : 0;
            }
          }
        });
    return (double) correct[0] / data.test().size();
  }

  /**
   * Computes the loss on the test images.
   *
   * @param data the set
   * @return the mean over the images; empty if the model has no signature for it
   * @throws InputException if the network is for other images or classes
   */
  public OptionalDouble loss(DataSet data) {
    Optional<SessionFunction> evaluate =
        function(
            ModelExport.EVALUATE,
            List.of(ModelExport.IMAGES, ModelExport.LABELS),
            List.of(ModelExport.LOSS));
    if (evaluate.isEmpty()) {
      return OptionalDouble.empty();
    }
    ImageFormat format = fitted(data);
    double[] sum = {0};
    Batches.inOrder(
        data.test(),
        format,
        Batches.EVALUATION_SIZE,
        batch -> {
          try (Result result =
              evaluate
                  .get()
                  .call(
                      Map.of(
                          ModelExport.IMAGES,
                          batch.images(),
                          ModelExport.LABELS,
                          batch.labels()))) {
            TFloat32 loss = (TFloat32) result.get(ModelExport.LOSS).orElseThrow();
            sum[0] += batch.size() * (double) loss.getFloat();
          }
        });
    return OptionalDouble.of(sum[0] / data.test().size());
  }

  private ImageFormat fitted(DataSet data) {
    ImageFormat format =
        ImageFormat.fitted(
            "the model",
            model.input(ModelExport.PREDICT, ModelExport.IMAGES).shape(),
            model.input(ModelExport.PREDICT, ModelExport.IMAGES).type(),
            data.name(),
            data.shape(),
            pixels);
    Shape output = function.signature().getOutputs().get(ModelExport.PROBABILITIES).shape;
    if (!output.isCompatibleWith(Shape.of(Shape.UNKNOWN_SIZE, data.classes()))) {
      throw new InputException(
          data.name() + " has " + data.classes() + " classes",
          "classes as the model has them: " + output,
          "give the data the model was trained on");
    }
    return format;
  }

  @Override
  public void close() {
    model.close();
  }
}
