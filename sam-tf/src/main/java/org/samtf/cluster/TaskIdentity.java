package org.samtf.cluster;

import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import org.samtf.internal.graph.GraphScope;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.TensorFlow;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TString;

/**
 * What a task says of itself: its TensorFlow, and a name that no other start of it has.
 *
 * <p>TensorFlow's servers tell neither. So each task keeps it in a variable on its own CPU, which
 * all sessions of a server share by its name.
 */
final class TaskIdentity {

  /** In milliseconds; a task that answers a probe answers this in one round trip more. */
  static final long PATIENCE = 30_000;

  private static final String SHARED_NAME = "samtf_task_identity";

  private TaskIdentity() {}

  /** Writes it down for this process. */
  static void publish(Task task) {
    publish(task, TensorFlow.version());
  }

  /** Writes down that it has this TensorFlow. */
  static void publish(Task task, String version) {
    try (Graph graph = new Graph();
        Session session = Sessions.openFor(graph, task, List.of(task), PATIENCE)) {
      Ops tf = Ops.create(graph);
      Variable<TString> variable = variable(graph, task);
      Op assign = tf.assign(variable, tf.constant(version + " " + UUID.randomUUID()));
      session.runner().addTarget(assign).run().close();
    }
  }

  /**
   * Reads it from all tasks, which have to be there.
   *
   * @param through whose server asks the others
   * @return version, space, name: in the order of the tasks
   */
  static List<String> read(List<Task> tasks, Task through, long timeoutMillis) {
    try (Graph graph = new Graph();
        Session session = Sessions.openFor(graph, through, tasks, timeoutMillis)) {
      Session.Runner runner = session.runner();
      List<Operand<TString>> variables =
          tasks.stream().map(task -> variable(graph, task)).collect(Collectors.toList());
      variables.forEach(runner::fetch);
      try (Result result = runner.run()) {
        return variables.stream()
            .map(variable -> ((TString) result.get(variables.indexOf(variable))).getObject())
            .collect(Collectors.toList());
      }
    }
  }

  private static Variable<TString> variable(Graph graph, Task task) {
    return GraphScope.unique(graph, "identity")
        .withDeviceString(Sessions.device(task, "CPU:0"))
        .ops()
        .variable(Shape.scalar(), TString.class, Variable.sharedName(SHARED_NAME));
  }

  /** The TensorFlow of an identity. */
  static String version(String identity) {
    return identity.split(" ", 2)[0];
  }
}
