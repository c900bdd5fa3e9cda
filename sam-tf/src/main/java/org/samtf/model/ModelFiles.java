package org.samtf.model;

import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.samtf.internal.graph.Messages;
import org.samtf.internal.graph.Protos;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.exceptions.TensorFlowException;

/** Models in files, and how TensorFlow gets them: not before they have been looked through. */
final class ModelFiles {

  private static final String SAVED_MODEL = "saved_model.pb";
  private static final String VARIABLES_INDEX = "variables/variables.index";

  private ModelFiles() {}

  /** Loads a SavedModel. */
  static SavedModelBundle load(Path directory, String... tags) {
    String name = "model " + directory;
    Path file = directory.resolve(SAVED_MODEL);
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException(
          name + " has no " + SAVED_MODEL + "; give the directory of a SavedModel");
    }
    try {
      var savedModel = Protos.savedModel(read(file));
      ModelLimits.check(name, savedModel);
    } catch (IOException e) {
      throw cannotBeLoaded(name, e);
    }
    SavedModelBundle bundle = loadChecked(name, directory, tags);
    // TensorFlow loads a model without its variables silently, and fails when they are first read.
    if (!VariableValues.of(bundle.graph()).isEmpty()
        && !Files.isRegularFile(directory.resolve(VARIABLES_INDEX))) {
      bundle.close();
      throw new IllegalArgumentException(
          name + " has variables, but no " + VARIABLES_INDEX + "; give the whole SavedModel");
    }
    return bundle;
  }

  /** Loads a GraphDef. */
  static SavedModelBundle loadGraphDef(Path file) throws IOException {
    String name = "GraphDef " + file;
    byte[] graphDef;
    try {
      graphDef = read(file);
    } catch (IOException e) {
      throw FileErrors.explained(name + " cannot be read", e);
    }
    // As a SavedModel without variables: TF-Java's import would take each op whose name starts with
    // "Init" for an initializer, and run it before the first step, over what was restored.
    Path directory = Files.createTempDirectory("samtf-graph");
    Path savedModel = directory.resolve(SAVED_MODEL);
    try {
      var model = Protos.savedModel(graphDef, SavedModelBundle.DEFAULT_TAG);
      ModelLimits.check(name, model);
      Files.write(savedModel, model.toByteArray());
      return loadChecked(name, directory);
    } catch (InvalidProtocolBufferException e) {
      throw cannotBeLoaded(name, e);
    } finally {
      Files.deleteIfExists(savedModel);
      Files.delete(directory);
    }
  }

  private static byte[] read(Path file) throws IOException {
    if (!Files.exists(file)) {
      throw new NoSuchFileException(file.toString());
    }
    if (!Files.isRegularFile(file)) {
      throw new IOException(file + " is no file");
    }
    if (Files.size(file) > Integer.MAX_VALUE - 8) {
      throw new IOException(file + " has more than 2 GB");
    }
    return Files.readAllBytes(file);
  }

  private static SavedModelBundle loadChecked(String name, Path directory, String... tags) {
    String[] tagsOrDefault = tags.length == 0 ? new String[] {SavedModelBundle.DEFAULT_TAG} : tags;
    try {
      return SavedModelBundle.load(directory.toString(), tagsOrDefault);
    } catch (TensorFlowException | IllegalArgumentException e) {
      throw cannotBeLoaded(name, e);
    }
  }

  private static IllegalArgumentException cannotBeLoaded(String name, Exception e) {
    return new IllegalArgumentException(name + " cannot be loaded: " + Messages.firstLine(e), e);
  }
}
