package org.samtf.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.samtf.internal.graph.Arguments;
import org.samtf.internal.graph.Messages;
import org.tensorflow.Graph;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.exceptions.TFFailedPreconditionException;
import org.tensorflow.exceptions.TensorFlowException;

/**
 * Saves the variables of a graph, and restores them: all that it has by then.
 *
 * <pre>{@code
 * GraphCheckpoint checkpoint = GraphCheckpoint.of(graph, session);
 * checkpoint.save(Path.of("run/step-1000"));
 * checkpoint.restore(Path.of("run/step-1000"));
 * }</pre>
 *
 * <p>{@code Session.save} of TF-Java knows the variables that the graph had when it was first
 * called, or when the model was exported: never the slots of an optimizer that was added later. The
 * files are the same: a checkpoint of TensorFlow, which each can read of the other.
 *
 * <p>The values pass through the memory of the Java process. While variables are saved or restored,
 * no step may run.
 */
public final class GraphCheckpoint {

  private final Graph graph;
  private final Session session;
  private final VariableAssigner assigner;

  private GraphCheckpoint(Graph graph, Session session) {
    this.graph = graph;
    this.session = session;
    assigner = new VariableAssigner(graph, session);
  }

  /**
   * Takes a graph and a session of it.
   *
   * @param graph the graph; more may be added to it later
   * @param session where the variables have their values
   * @return what saves and restores them
   * @throws IllegalArgumentException if one of them is null
   */
  public static GraphCheckpoint of(Graph graph, Session session) {
    return new GraphCheckpoint(
        Arguments.given(graph, "graph"), Arguments.given(session, "session"));
  }

  /**
   * The variables that the graph has now.
   *
   * @return their names, in the order in which they were made
   */
  public List<String> names() {
    return List.copyOf(VariableValues.of(graph).keySet());
  }

  /**
   * Writes the variables that the graph has now. Pending initial values are assigned first.
   *
   * @param checkpoint the path of the checkpoint; the files are this path with {@code .index} and
   *     {@code .data-00000-of-00001} at its end. Their directory must be there. Files of that name
   *     are overwritten
   * @param patterns of the names of the variables, as for {@link LoadedModel#variables}; none for
   *     all that the graph has
   * @throws IOException if they cannot be written
   * @throws IllegalArgumentException if a pattern matches no variable
   * @throws IllegalStateException if the graph has no variable, or one has no value
   */
  public void save(Path checkpoint, String... patterns) throws IOException {
    Arguments.given(checkpoint, "checkpoint");
    List<String> names = List.copyOf(VariableValues.matching(graph, patterns).keySet());
    if (names.isEmpty()) {
      throw new IllegalStateException("the graph has no variable to save");
    }
    try (Result values = read(session, OtherValues.none().of(graph, names), "save")) {
      write(checkpoint, names, values);
    }
  }

  private static void write(Path checkpoint, List<String> names, Result values) throws IOException {
    try {
      VariableValues.write(checkpoint, names, values);
    } catch (TensorFlowException e) {
      throw FileErrors.explained("checkpoint " + checkpoint + " cannot be written", e);
    }
  }

  /** What variables, or others, are after pending initial values were assigned. */
  static Result read(Session session, List<Output<?>> tensors, String purpose) {
    try {
      session.initialize();
      return VariableValues.read(session, tensors);
    } catch (TFFailedPreconditionException e) {
      // Anything else is no fault of the caller, such as a task of a cluster that is lost.
      throw new IllegalStateException(
          "a variable has no value to "
              + purpose
              + " ("
              + Messages.firstLine(e)
              + "); initialize it first",
          e);
    }
  }

  /**
   * Gives variables the values that they have in a checkpoint, by their names.
   *
   * @param checkpoint the path of the checkpoint without {@code .index}
   * @param patterns of the names of the variables, as for {@link LoadedModel#variables}; none for
   *     all that the graph has
   * @throws IllegalArgumentException if there is no such checkpoint, it lacks one of the variables
   *     or has it in another shape or type, or a pattern matches none. Then no variable has changed
   */
  public void restore(Path checkpoint, String... patterns) {
    Arguments.given(checkpoint, "checkpoint");
    Map<String, Output<?>> wanted = VariableValues.matching(graph, patterns);
    Path index = checkpoint.resolveSibling(checkpoint.getFileName() + ".index");
    if (!Files.isRegularFile(index)) {
      throw new IllegalArgumentException(
          "there is no checkpoint " + checkpoint + ": " + index + " is missing");
    }
    if (wanted.isEmpty()) {
      throw new IllegalArgumentException("the graph has no variable to restore");
    }
    Map<String, String> keys = new LinkedHashMap<>();
    wanted.keySet().forEach(name -> keys.put(name, name));
    restore(checkpoint, keys);
  }

  /**
   * Gives variables the values that a checkpoint has under some keys.
   *
   * @param keys the keys, by the names of the variables
   */
  void restore(Path checkpoint, Map<String, String> keys) {
    Map<String, Output<?>> byKey = new LinkedHashMap<>();
    keys.forEach((name, key) -> byKey.put(key, graph.operation(name).output(0)));
    Map<String, Integer> places = new HashMap<>();
    byKey.keySet().forEach(key -> places.put(key, places.size()));
    try (Result values = fromCheckpoint(checkpoint, byKey)) {
      Map<String, Tensor> byName = new LinkedHashMap<>();
      keys.forEach((name, key) -> byName.put(name, values.get(places.get(key))));
      assigner.set(byName);
    }
  }

  /** What variables are now, or what is to be saved in their place. */
  Result read(List<String> names, OtherValues others, String purpose) {
    return read(session, others.of(graph, names), purpose);
  }

  /** Gives one variable a value. */
  void set(String variable, Tensor value) {
    assigner.set(Map.of(variable, value));
  }

  private static Result fromCheckpoint(Path checkpoint, Map<String, Output<?>> wanted) {
    try {
      return VariableValues.fromCheckpoint(checkpoint, wanted);
    } catch (TensorFlowException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "checkpoint " + checkpoint + " cannot be restored: " + Messages.firstLine(e), e);
    }
  }
}
