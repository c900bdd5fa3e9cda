package org.samtf.examples.checkpoint;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.samtf.examples.failure.OneLine;
import org.samtf.model.GraphCheckpoint;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Session;
import org.tensorflow.TensorFlow;

/**
 * Every variable of a graph: weights, slots, counters, moving averages.
 *
 * <p>They are found in the graph, so none can be forgotten; and a graph that keeps state in
 * anything else than a variable is refused. The files are a TensorFlow checkpoint, which other
 * tools can read.
 */
public final class GraphVariables implements Checkpointed {

  /** The names of variables begin so that hold what others have read, and no state of a job. */
  public static final String NOT_SAVED = "read_elsewhere";

  /** What TensorFlow calls stateful, but has nothing that a later step depends on. */
  private static final Set<String> WITHOUT_MEMORY =
      Set.of("VariableV2", "Assert", "Print", "PrintV2", "Save", "SaveV2", "Restore", "RestoreV2");

  private final Graph graph;
  private final Supplier<Session> session;

  /**
   * Looks through the graph.
   *
   * @param graph the graph
   * @param session where the variables live
   * @throws IllegalStateException if the graph has state that cannot be saved; the message names
   *     the op
   */
  public GraphVariables(Graph graph, Session session) {
    this(graph, () -> session);
  }

  /**
   * Looks through the graph.
   *
   * @param graph the graph
   * @param session where the variables live by then
   * @throws IllegalStateException if the graph has state that cannot be saved; the message names
   *     the op
   */
  public GraphVariables(Graph graph, Supplier<Session> session) {
    this.graph = graph;
    this.session = session;
    requireNoOtherState();
  }

  private GraphCheckpoint variables() {
    return GraphCheckpoint.of(graph, session.get());
  }

  private void requireNoOtherState() {
    Set<String> stateful = statefulTypes();
    for (Iterator<GraphOperation> ops = graph.operations(); ops.hasNext(); ) {
      GraphOperation op = ops.next();
      if (stateful.contains(op.type()) && !WITHOUT_MEMORY.contains(op.type())) {
        throw new IllegalStateException(
            "op \""
                + op.name()
                + "\" ("
                + op.type()
                + ") has state that no checkpoint can keep; use a variable, or a stateless op");
      }
    }
  }

  private static Set<String> statefulTypes() {
    Set<String> types = new HashSet<>();
    for (var op : TensorFlow.registeredOpList().getOpList()) {
      if (op.getIsStateful()) {
        types.add(op.getName());
      }
    }
    // Not marked, but a variable all the same.
    types.add("Variable");
    return types;
  }

  @Override
  public String name() {
    return "variables";
  }

  /** The names of those that are, none for all. */
  private static String[] saved(GraphCheckpoint variables) {
    List<String> all = variables.names();
    List<String> saved = all.stream().filter(name -> !name.startsWith(NOT_SAVED)).toList();
    return saved.size() == all.size() ? new String[0] : saved.toArray(String[]::new);
  }

  @Override
  public void save(Path directory) throws IOException {
    requireNoOtherState();
    GraphCheckpoint variables = variables();
    variables.save(directory.resolve(name()), saved(variables));
  }

  @Override
  public void restore(Path directory) throws IOException {
    requireNoOtherState();
    GraphCheckpoint variables = variables();
    try {
      variables.restore(directory.resolve(name()), saved(variables));
    } catch (IllegalArgumentException e) {
      throw new IOException(OneLine.of(String.valueOf(e.getMessage())), e);
    }
  }
}
