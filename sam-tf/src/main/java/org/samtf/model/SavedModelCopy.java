package org.samtf.model;

import com.google.protobuf.Message;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.samtf.internal.flat.FlatModel;
import org.samtf.internal.flat.ModelFunctions;
import org.samtf.internal.graph.Messages;
import org.samtf.internal.graph.NamePatterns;
import org.tensorflow.Graph;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.exceptions.TensorFlowException;

/** A copy of a SavedModel of Python's, byte for byte, but for the values of variables. */
final class SavedModelCopy {

  private static final String VARIABLES = "variables";

  private final String name;
  private final Path original;
  private final FlatModel flat;

  private SavedModelCopy(String name, Path original, FlatModel flat) {
    this.name = name;
    this.original = original;
    this.flat = flat;
  }

  /**
   * Reads what is to be copied.
   *
   * @throws IllegalArgumentException if it is no SavedModel, or does not say how it saves itself
   */
  static SavedModelCopy of(Path original, String... tags) {
    String name = "model " + original;
    Message metaGraph = ModelFiles.metaGraph(name, original, tags);
    FlatModel flat;
    try {
      flat = FlatModel.of(ModelFunctions.withTrainingIfAny(metaGraph));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(name + " cannot be read: " + Messages.firstLine(e), e);
    }
    if (flat.checkpointKeys().isEmpty() || flat.savedTensors().isEmpty()) {
      throw new IllegalArgumentException(
          name
              + " does not hold how its variables are saved as a whole, as models of Python do; use"
              + " exporter() to write a new model");
    }
    return new SavedModelCopy(name, original, flat);
  }

  /**
   * Writes the copy.
   *
   * @param trained the variables that must be in it, by name
   * @param others what is written in place of the values of some
   * @throws IllegalArgumentException if one is not, or is there of another type or shape
   */
  void write(
      Path target,
      Graph graph,
      GraphCheckpoint variables,
      Collection<String> trained,
      OtherValues others)
      throws IOException {
    WholeDirectory whole = WholeDirectory.at(target);
    Map<String, List<String>> keys = flat.checkpointKeys();
    Set<String> without = new LinkedHashSet<>(trained);
    without.addAll(others.names());
    without.removeAll(keys.keySet());
    if (!without.isEmpty()) {
      throw new IllegalArgumentException(
          name
              + " has no place for the values of "
              + NamePatterns.list(without)
              + ", which are trained or given; use exporter() to write a new model");
    }
    List<String> names = new ArrayList<>(VariableValues.of(graph).keySet());
    names.retainAll(keys.keySet());
    if (names.isEmpty()) {
      throw new IllegalArgumentException(
          name + " has none of the variables; it has " + NamePatterns.list(keys.keySet()));
    }
    requireSameShapes(graph, names);
    whole.write(
        directory -> {
          copyTo(directory);
          Path prefix = Files.createDirectory(directory.resolve(VARIABLES)).resolve(VARIABLES);
          try (Result values = variables.read(names, others, "save")) {
            Map<String, Integer> placed = new LinkedHashMap<>();
            for (int i = 0; i < names.size(); i++) {
              for (String key : keys.get(names.get(i))) {
                placed.put(key, i);
              }
            }
            VariableValues.rewrite(checkpoint(), prefix, flat.savedTensors(), placed, values);
          }
          Path fingerprint = original.resolve(Fingerprint.FILE);
          if (Files.isRegularFile(fingerprint)) {
            Path index = prefix.resolveSibling(VARIABLES + ".index");
            Fingerprint.write(fingerprint, index, directory.resolve(Fingerprint.FILE));
          }
        });
  }

  private Path checkpoint() {
    return original.resolve(ModelFile.VARIABLES);
  }

  private void requireSameShapes(Graph graph, List<String> names) {
    Map<String, Output<?>> byKey = new LinkedHashMap<>();
    for (String variable : names) {
      Output<?> output = graph.operation(variable).output(0);
      flat.checkpointKeys().get(variable).forEach(key -> byKey.put(key, output));
    }
    try (Result values = VariableValues.fromCheckpoint(checkpoint(), byKey)) {
      int next = 0;
      for (Map.Entry<String, Output<?>> entry : byKey.entrySet()) {
        var shape = values.get(next++).shape();
        if (!entry.getValue().shape().isCompatibleWith(shape)) {
          throw new IllegalArgumentException(
              name
                  + " has variable \""
                  + entry.getValue().op().name()
                  + "\" of shape "
                  + shape
                  + ", and not "
                  + entry.getValue().shape()
                  + "; give the model that was loaded");
        }
      }
    } catch (TensorFlowException e) {
      throw new IllegalArgumentException(
          name + " has other variables: " + Messages.firstLine(e), e);
    }
  }

  private void copyTo(Path directory) throws IOException {
    try (Stream<Path> paths = Files.walk(original)) {
      for (Path path : (Iterable<Path>) paths::iterator) {
        Path relative = original.relativize(path);
        Path first = relative.getName(0);
        if (path.equals(original)
            || first.toString().equals(VARIABLES)
            || relative.toString().equals(Fingerprint.FILE)) {
          continue;
        }
        Path copy = directory.resolve(relative.toString());
        if (Files.isDirectory(path)) {
          Files.createDirectory(copy);
        } else {
          Files.copy(path, copy);
        }
      }
    }
  }
}
