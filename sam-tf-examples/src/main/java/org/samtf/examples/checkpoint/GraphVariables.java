package org.samtf.examples.checkpoint;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Set;
import java.util.TreeSet;
import org.samtf.examples.failure.OneLine;
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

  private static final String VARIABLE = "VariableV2";

  /** What TensorFlow calls stateful, but has nothing that a later step depends on. */
  private static final Set<String> WITHOUT_MEMORY =
      Set.of(VARIABLE, "Assert", "Print", "PrintV2", "Save", "SaveV2", "Restore", "RestoreV2");

  private final Graph graph;
  private final Session session;
  private final Set<String> variables;

  /**
   * Looks through the graph.
   *
   * @param graph the whole graph: nothing with state is added later
   * @param session where the variables live
   * @throws IllegalStateException if the graph has state that cannot be saved; the message names
   *     the op
   */
  public GraphVariables(Graph graph, Session session) {
    this.graph = graph;
    this.session = session;
    variables = find();
  }

  private Set<String> find() {
    Set<String> stateful = statefulTypes();
    Set<String> found = new TreeSet<>();
    for (Iterator<GraphOperation> ops = graph.operations(); ops.hasNext(); ) {
      GraphOperation op = ops.next();
      if (op.type().equals(VARIABLE)) {
        found.add(op.name());
      } else if (stateful.contains(op.type()) && !WITHOUT_MEMORY.contains(op.type())) {
        throw new IllegalStateException(
            "op \""
                + op.name()
                + "\" ("
                + op.type()
                + ") has state that no checkpoint can keep; use a variable, or a stateless op");
      }
    }
    return found;
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

  @Override
  public void save(Path directory) throws IOException {
    requireNoOthers();
    try {
      session.save(directory.resolve(name()).toString());
    } catch (RuntimeException e) {
      throw asIoException(e);
    }
  }

  @Override
  public void restore(Path directory) throws IOException {
    requireNoOthers();
    try {
      session.restore(directory.resolve(name()).toString());
    } catch (RuntimeException e) {
      throw asIoException(e);
    }
  }

  /** TensorFlow Java decides at the first call which variables are saved, and never again. */
  private void requireNoOthers() {
    Set<String> now = find();
    now.removeAll(variables);
    if (!now.isEmpty()) {
      throw new IllegalStateException(
          "variables " + now + " were added to the graph after it was said to be whole");
    }
  }

  /** The exceptions of TensorFlow Java have no common type below this one. */
  private static IOException asIoException(RuntimeException e) {
    String message = OneLine.of(String.valueOf(e.getMessage()));
    int details = message.indexOf("[[{{node");
    return new IOException((details > 0 ? message.substring(0, details) : message).strip(), e);
  }
}
