package org.samtf.cluster;

import java.util.ArrayList;
import java.util.List;
import org.samtf.internal.graph.GraphScope;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TInt32;

/**
 * How task 0 tells the others that all is done: by a variable on the CPU of each, which all
 * sessions of its server share by its name.
 */
final class Release {

  /** The value while nothing has been said. */
  static final int NONE = -1;

  private static final String SHARED_NAME = "samtf_release";

  private Release() {}

  /** Sets the value of tasks that are there. */
  static void set(List<Task> tasks, Task through, int value) {
    try (Graph graph = new Graph();
        Session session = Sessions.openFor(graph, through, tasks, TaskIdentity.PATIENCE)) {
      List<Op> assigns = new ArrayList<>();
      for (Task task : tasks) {
        Ops tf = scope(graph, task);
        assigns.add(tf.assign(variable(tf), tf.constant(value)));
      }
      Session.Runner runner = session.runner();
      assigns.forEach(runner::addTarget);
      runner.run().close();
    }
  }

  /** The own value of a task, to be asked again and again. */
  static final class Watch implements AutoCloseable {
    private final Graph graph = new Graph();
    private final Session session;
    private final Variable<TInt32> variable;

    Watch(Task own) {
      variable = variable(scope(graph, own));
      session = Sessions.openFor(graph, own, List.of(own), TaskIdentity.PATIENCE);
    }

    int get() {
      try (Result result = session.runner().fetch(variable).run()) {
        return ((TInt32) result.get(0)).getInt();
      }
    }

    @Override
    public void close() {
      session.close();
      graph.close();
    }
  }

  private static Ops scope(Graph graph, Task task) {
    return GraphScope.unique(graph, "release")
        .withDeviceString(Sessions.device(task, "CPU:0"))
        .ops();
  }

  private static Variable<TInt32> variable(Ops tf) {
    return tf.variable(Shape.scalar(), TInt32.class, Variable.sharedName(SHARED_NAME));
  }
}
