package org.samtf.model;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.samtf.internal.graph.Arguments;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.ndarray.Shape;

/**
 * Loads models in another way than {@link LoadedModel#load} does.
 *
 * <pre>{@code
 * ModelLoader loader = new ModelLoader().allowSideEffects();
 * loader.sideEffects(path).forEach(System.err::println);
 * try (LoadedModel model = loader.load(path)) {
 *   ...
 * }
 * }</pre>
 *
 * <p><strong>A model is a program.</strong> TensorFlow runs what is in it with the rights of this
 * process: some of it when it is loaded, the rest when a signature is called. Among the ops of
 * TensorFlow are some that read and write files, talk to other machines, call code outside of
 * TensorFlow or end the process. Models with such ops are refused, unless they are allowed. The
 * check goes by the types of ops in graph and functions, and takes the ops that save and restore
 * the variables out: what is not needed of them is not loaded ({@link LoadedModel#opsLeftOut}). It
 * is a warning and no fence: load models from people you trust only.
 */
public final class ModelLoader {

  private String[] tags = {};
  private boolean allowsSideEffects;
  private boolean runsInitializers = true;
  private UnaryOperator<SavedModelBundle.Loader> settings = UnaryOperator.identity();
  private boolean isForTraining;

  /** By the key of the signature and the name of the input. */
  private final Map<String, Map<String, Shape>> shapes = new LinkedHashMap<>();

  /** Loads as {@link LoadedModel#load} does, until it is told otherwise. */
  public ModelLoader() {}

  /**
   * Says which graph of a SavedModel is meant.
   *
   * @param tags those of the graph; {@link SavedModelBundle#DEFAULT_TAG} if none is given, which is
   *     the default
   * @return this
   */
  public ModelLoader tags(String... tags) {
    this.tags = Arguments.noneNull(tags, "tags").clone();
    return this;
  }

  /**
   * Loads models with ops that touch files, the network or the process, too. {@link #sideEffects}
   * says which there are.
   *
   * @return this
   */
  public ModelLoader allowSideEffects() {
    allowsSideEffects = true;
    return this;
  }

  /**
   * Does not run what a SavedModel says is to be run when it is loaded. Its variables have their
   * values all the same; tables are empty. Enough to look at a model, or to write a part of it.
   *
   * @return this
   */
  public ModelLoader withoutInitializers() {
    runsInitializers = false;
    return this;
  }

  /**
   * Sets TensorFlow's own loader, such as the session in which the model is to be.
   *
   * <pre>{@code
   * new ModelLoader().settings(loader -> loader.withConfigProto(config)).load(path)
   * }</pre>
   *
   * @param settings given the loader, and returns it; the tags are set by {@link #tags}
   * @return this
   */
  public ModelLoader settings(UnaryOperator<SavedModelBundle.Loader> settings) {
    this.settings = Arguments.given(settings, "settings");
    return this;
  }

  /**
   * Takes, beside the signatures of a SavedModel, its functions as Python traced them with {@code
   * training=True}: with dropout, and with batch normalization by the statistics of the batch.
   * Beside the signature {@code serving_default} there is {@code serving_default/training} then,
   * with the same inputs (the same placeholders) and outputs of the same names. A function of a
   * {@code tf.Module} that is no signature is called {@code name/training}.
   *
   * <p>A step that is made by {@link LoadedModel#minimize} for a loss on such outputs makes the
   * assignments of the function, too: it updates the moving averages once, of values from before
   * it.
   *
   * @return this
   */
  public ModelLoader training() {
    isForTraining = true;
    return this;
  }

  /**
   * Gives an input of a SavedModel a shape, in which sizes are known that the model leaves open:
   * the length of sequences, say. Recurrent layers are loops over the sequence, and a loop can be
   * trained if it is known how often it runs.
   *
   * @param signature the key of a signature
   * @param input the name of an input of it
   * @param shape its shape, in which −1 stands for any size, as for that of the batch
   * @return this
   */
  public ModelLoader shape(String signature, String input, Shape shape) {
    Arguments.given(shape, "shape");
    shapes
        .computeIfAbsent(
            Arguments.given(signature, "key of a signature"), key -> new LinkedHashMap<>())
        .put(Arguments.given(input, "name of an input"), shape);
    return this;
  }

  /**
   * Says what a SavedModel does besides computing, without loading it.
   *
   * @param directory its directory
   * @return for each kind of side effect a line with the names and types of the ops, such as {@code
   *     files: "log" (WriteFile)}; empty if there are none but to save and restore the variables
   * @throws IllegalArgumentException if it cannot be read
   */
  public List<String> sideEffects(Path directory) {
    return List.copyOf(ModelFiles.sideEffects(Arguments.given(directory, "directory"), tags));
  }

  /**
   * Says whether a SavedModel holds functions for {@link #training}, without loading it.
   *
   * @param directory its directory
   * @return whether there is one
   * @throws IllegalArgumentException if it cannot be read
   */
  public boolean hasTraining(Path directory) {
    return ModelFiles.hasTraining(Arguments.given(directory, "directory"), tags);
  }

  /**
   * Loads a SavedModel.
   *
   * @param directory its directory
   * @return the model, with the values of its variables
   * @throws IllegalArgumentException as {@link LoadedModel#load} does; or if it is to be loaded for
   *     {@link #training} and holds no such function, or has no such input as is given a {@link
   *     #shape}
   */
  public LoadedModel load(Path directory) {
    Arguments.given(directory, "directory");
    return LoadedModel.loaded(
        ModelFiles.load(
            directory, allowsSideEffects, runsInitializers, isForTraining, shapes, settings, tags),
        "model " + directory,
        directory.resolve(ModelFile.VARIABLES));
  }

  /**
   * Loads a GraphDef, as {@link LoadedModel#loadGraphDef} does.
   *
   * @param file a GraphDef, as there
   * @return the model; it has no signatures, and its variables no values
   * @throws IOException if the file cannot be read
   * @throws IllegalArgumentException as there, but for side effects that are allowed
   */
  public LoadedModel loadGraphDef(Path file) throws IOException {
    Arguments.given(file, "file");
    return LoadedModel.loaded(
        ModelFiles.loadGraphDef(file, allowsSideEffects, settings), "GraphDef " + file, null);
  }

  /**
   * Loads a frozen GraphDef, as {@link LoadedModel#thaw} does.
   *
   * @param file a GraphDef, as there
   * @param patterns of the names of the constants, as there
   * @return the model; its variables have the names of the constants. It has no signatures
   * @throws IOException if the file cannot be read
   * @throws IllegalArgumentException as there, but for side effects that are allowed
   */
  public LoadedModel thaw(Path file, String... patterns) throws IOException {
    Arguments.given(file, "file");
    Arguments.noneNull(patterns, "patterns");
    return LoadedModel.loaded(
        ModelFiles.thaw(file, allowsSideEffects, settings, patterns), "GraphDef " + file, null);
  }
}
