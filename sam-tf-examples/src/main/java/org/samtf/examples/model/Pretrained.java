package org.samtf.examples.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.samtf.examples.data.DataSet;
import org.samtf.examples.data.PixelRange;
import org.samtf.examples.failure.InputException;
import org.samtf.examples.failure.OneLine;
import org.samtf.examples.files.Sha256;
import org.samtf.model.LoadedModel;
import org.samtf.model.ModelLoader;
import org.tensorflow.proto.ConfigProto;

/**
 * A classifier from a file, which is trained on.
 *
 * @param path the directory of a SavedModel, or the file of a frozen graph
 * @param tags of the graph in a SavedModel; empty for the usual one
 * @param sideEffects whether it may have ops that touch files, the network or the process
 * @param signature the key of the signature to train; empty for the usual or the only one
 * @param input the name of its input, in a graph without signatures that of a tensor; empty for the
 *     only one
 * @param output the same for its output
 * @param logits the name of the tensor with the logits; empty to find it from the output
 * @param head the new last layer; empty to keep the one that there is
 * @param pixels between which numbers it takes pixels; empty for what suits the type of its input
 * @param trainingMode whether to train what was traced with {@code training=True}
 * @param thaw patterns of the constants of a frozen graph that are weights; none for those that
 *     look like it
 */
public record Pretrained(
    String path,
    List<String> tags,
    boolean sideEffects,
    Optional<String> signature,
    Optional<String> input,
    Optional<String> output,
    Optional<String> logits,
    Optional<NewHead> head,
    Optional<PixelRange> pixels,
    TrainingMode trainingMode,
    List<String> thaw)
    implements Architecture {

  /**
   * A last layer to make anew, for the classes of the data.
   *
   * @param features the name of the tensor that it goes on; empty for what the old one is on
   */
  public record NewHead(Optional<String> features) {}

  /** Whether what Python traced with {@code training=True} is trained. */
  public enum TrainingMode {
    /** If the model has it. */
    AUTO,
    /** Yes, or not at all. */
    ON,
    /** No: what is trained is the signature itself. */
    OFF;

    /**
     * Finds a mode by its name.
     *
     * @param name such as {@code auto}
     * @return the mode
     * @throws InputException if there is none
     */
    public static TrainingMode of(String name) {
      for (TrainingMode mode : values()) {
        if (mode.toString().equals(name.trim())) {
          return mode;
        }
      }
      throw new InputException(
          "no training mode '" + OneLine.of(name) + "'", "auto, on or off", "choose one of them");
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Override
  public OpenNetwork open(DataSet data, long seed, ConfigProto config, Homes homes) {
    LoadedModel model = load(config);
    try {
      Network network = new LoadedNetwork(model, this, data, seed);
      return new OpenNetwork(model.graph(), Optional.of(model.session()), network, model::close);
    } catch (RuntimeException e) {
      model.close();
      throw explained(e);
    }
  }

  private LoadedModel load(ConfigProto config) {
    ModelLoader loader =
        new ModelLoader()
            .tags(tags.toArray(new String[0]))
            .settings(settings -> settings.withConfigProto(config));
    if (sideEffects) {
      loader.allowSideEffects();
    }
    try {
      if (trainingMode == TrainingMode.ON
          || trainingMode == TrainingMode.AUTO
              && !isFrozen()
              && loader.hasTraining(Path.of(path))) {
        loader.training();
      }
      return isFrozen()
          ? loader.thaw(Path.of(path), thaw.toArray(new String[0]))
          : loader.load(Path.of(path));
    } catch (IllegalArgumentException | IOException e) {
      throw new InputException(
          OneLine.of(String.valueOf(e.getMessage())),
          "a SavedModel or a frozen graph that can be trained",
          "see the documentation of saved models for what can be loaded");
    }
  }

  /**
   * Returns whether it is a graph with constants for weights.
   *
   * @return false for a SavedModel
   */
  boolean isFrozen() {
    return !Files.isDirectory(Path.of(path));
  }

  /** The model it is, in messages. */
  String name() {
    return "model " + path;
  }

  @Override
  public boolean hasHiddenLayers() {
    return true;
  }

  /** What the library refuses is the model's fault, or that of the option that names a part. */
  @Override
  public RuntimeException explained(RuntimeException failure) {
    return failure instanceof IllegalArgumentException || failure instanceof IllegalStateException
        ? new InputException(
            name() + " cannot be trained so: " + OneLine.of(String.valueOf(failure.getMessage())),
            "a model with an output that can be trained",
            "inspect --model " + path + " says what is in it")
        : failure;
  }

  /**
   * Digests the files of the model.
   *
   * @return the SHA-256 digest of each file, by its name
   * @throws InputException if one cannot be read
   */
  public Map<String, String> digests() {
    Map<String, String> digests = new TreeMap<>();
    try {
      for (String part : parts()) {
        Path file = Path.of(path).resolve(part);
        if (Files.isRegularFile(file)) {
          digests.put(part.isEmpty() ? "model" : "model/" + part, Sha256.of(file));
        }
      }
    } catch (IOException e) {
      throw cannotBeRead(e);
    }
    return digests;
  }

  /**
   * Lists what is in the directory of the model.
   *
   * @return files and directories, with slashes; an empty name for a model that is one file
   * @throws InputException if it cannot be read
   */
  public Set<String> parts() {
    Path model = Path.of(path);
    Set<String> parts = new TreeSet<>();
    try (Stream<Path> paths = Files.walk(model)) {
      paths.forEach(part -> parts.add(model.relativize(part).toString().replace('\\', '/')));
    } catch (IOException | UncheckedIOException e) {
      throw cannotBeRead(e);
    }
    return parts;
  }

  private InputException cannotBeRead(Exception e) {
    return new InputException(
        name() + " cannot be read (" + OneLine.of(String.valueOf(e.getMessage())) + ")",
        "readable files",
        "check the path");
  }

  @Override
  public String toString() {
    return name()
        + signature.map(key -> ", signature " + key).orElse("")
        + (head.isPresent() ? ", new head" : "");
  }
}
