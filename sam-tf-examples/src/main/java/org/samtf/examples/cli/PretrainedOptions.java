package org.samtf.examples.cli;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.samtf.examples.data.PixelRange;
import org.samtf.examples.failure.InputException;
import org.samtf.examples.model.Pretrained;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of a network that comes from a file. */
final class PretrainedOptions {

  private static final String HAND_BACK = "--hand-back";
  private static final String NEW_HEAD = "--new-head";
  private static final String THAW = "--thaw";
  private static final String TRAINING_MODE = "--training-mode";

  @Option(
      names = "--signature",
      paramLabel = "KEY",
      description = {
        "With --model PATH: the signature to train (default: the only one, or serving_default)."
      })
  private String signature;

  @Option(
      names = "--input",
      paramLabel = "NAME",
      description = "With --model PATH: its input for images (default: the only one).")
  private String input;

  @Option(
      names = "--output",
      paramLabel = "NAME",
      description = {
        "With --model PATH: its output for classes (default: the only one). If it is a softmax, the",
        "logits are what that is computed from; if a layer without an activation, itself."
      })
  private String output;

  @Option(
      names = "--logits",
      paramLabel = "TENSOR",
      description = "With --model PATH: the tensor that has the logits.")
  private String logits;

  @Option(
      names = NEW_HEAD,
      arity = "0..1",
      paramLabel = "TENSOR",
      fallbackValue = "",
      description = {
        "With --model PATH: put a new last layer, for the classes of the data, on this tensor",
        "(without a name: on what the old last layer is on)."
      })
  private String newHead;

  @Option(
      names = "--pixels",
      paramLabel = "RANGE",
      description = {
        "With --model PATH: between which numbers it takes pixels: 0..1, 0..255 or -1..1 (default:",
        "0..1; 0..255 if its input has whole numbers)."
      })
  private String pixels;

  @Option(
      names = THAW,
      paramLabel = "PATTERN",
      arity = "1..*",
      description = {
        "With --model FILE: the constants that are weights, by globs or regular expressions as for",
        "--freeze (default: those that are used like weights)."
      })
  private List<String> thaw;

  @Option(
      names = "--tags",
      paramLabel = "TAG",
      split = ",",
      description = "With --model DIR: the tags of the graph in the SavedModel (default: serve).")
  private List<String> tags;

  @Option(
      names = TRAINING_MODE,
      paramLabel = "auto|on|off",
      description = {
        "With --model DIR: train what Python traced with training=True, with dropout and batch",
        "statistics, and evaluate the signature itself: auto if the model has it, on, or off to",
        "train the signature itself (default: auto)."
      })
  private String trainingMode;

  @Option(
      names = HAND_BACK,
      paramLabel = "DIR",
      description = {
        "With --model DIR: write the same SavedModel with the new weights there, as Python and",
        "TensorFlow Serving read it."
      })
  private Path handBack;

  @Mixin private SideEffectsOption sideEffects;

  /** Where the model is handed back to; creates nothing. */
  Optional<Path> handBack() {
    return Optional.ofNullable(handBack);
  }

  /** A model of this path. */
  Pretrained at(String path) {
    Path file = path(path);
    boolean isDirectory = Files.isDirectory(file);
    if (isDirectory) {
      refuse(thaw, THAW, "a SavedModel, whose weights are variables");
    } else {
      refuse(signature, "--signature", "a graph without signatures");
      refuse(tags, "--tags", "a graph without tags");
      refuse(handBack, HAND_BACK, "a frozen graph, which has no place for values");
      refuse(trainingMode, TRAINING_MODE, "a graph without functions");
    }
    if (newHead != null) {
      refuse(handBack, HAND_BACK, NEW_HEAD + ", which has no place in the model");
      refuse(logits, "--logits", NEW_HEAD + ", which makes its own");
    }
    if (handBack != null && !Files.isRegularFile(file.resolve("saved_model.pb"))) {
      throw new InputException(
          HAND_BACK + " is given, and " + path + " has no saved_model.pb",
          "a SavedModel in binary form",
          "leave it out");
    }
    if (handBack != null && absolute(handBack).startsWith(absolute(file))) {
      throw new InputException(
          HAND_BACK + " " + handBack + " is in the model itself, or is it",
          "a directory beside it, such as the next version",
          "choose another path");
    }
    if (isDirectory) {
      sideEffects.loader(file);
    }
    return new Pretrained(
        path,
        tags == null ? List.of() : List.copyOf(tags),
        sideEffects.allows(),
        Optional.ofNullable(signature),
        Optional.ofNullable(input),
        Optional.ofNullable(output),
        Optional.ofNullable(logits),
        Optional.ofNullable(newHead)
            .map(name -> new Pretrained.NewHead(Optional.of(name).filter(n -> !n.isEmpty()))),
        Optional.ofNullable(pixels).map(PixelRange::of),
        trainingMode == null
            ? Pretrained.TrainingMode.AUTO
            : Pretrained.TrainingMode.of(trainingMode),
        thaw == null ? List.of() : List.copyOf(thaw));
  }

  private static Path absolute(Path path) {
    return path.toAbsolutePath().normalize();
  }

  private static Path path(String path) {
    try {
      Path file = Path.of(path);
      if (!path.isBlank() && Files.exists(file)) {
        return file;
      }
    } catch (InvalidPathException e) {
      // Falls through: it is reported like any path that is not there.
    }
    throw new InputException(
        "no model '" + path + "'",
        "mlp, cnn, or the path of a SavedModel or of a frozen graph",
        "choose one of them");
  }

  /** Refuses what only a network from a file has. */
  void refuseFor(String model) {
    Map<String, Object> given = new LinkedHashMap<>();
    given.put("--signature", signature);
    given.put("--input", input);
    given.put("--output", output);
    given.put("--logits", logits);
    given.put(NEW_HEAD, newHead);
    given.put("--pixels", pixels);
    given.put(TRAINING_MODE, trainingMode);
    given.put(THAW, thaw);
    given.put("--tags", tags);
    given.put(HAND_BACK, handBack);
    given.put("--allow-side-effects", sideEffects.allows() ? true : null);
    given.forEach(
        (option, value) -> {
          if (value != null) {
            throw new InputException(
                option + " is given with --model " + model,
                "it with the path of a model",
                "leave it out, or write ./" + model + " for a file or directory of that name");
          }
        });
  }

  private static void refuse(Object value, String option, String what) {
    if (value != null) {
      throw new InputException(
          option + " is given with " + what, "one of the two", "leave one of them out");
    }
  }
}
