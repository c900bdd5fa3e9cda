package org.samtf.cluster;

import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Method;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerScope;
import org.samtf.internal.graph.Messages;
import org.samtf.internal.graph.Protos;
import org.tensorflow.Graph;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.internal.c_api.TF_Graph;
import org.tensorflow.internal.c_api.TF_Session;
import org.tensorflow.internal.c_api.TF_SessionOptions;
import org.tensorflow.internal.c_api.TF_Status;
import org.tensorflow.internal.c_api.global.tensorflow;

/**
 * Opens sessions on servers, for which TensorFlow Java has everything but a public way.
 *
 * <p>Each has a time limit for every call, closing included: without one TensorFlow waits for a
 * task that is gone until it is back.
 */
final class Sessions {

  private Sessions() {}

  /** The full name of a device of a task. */
  static String device(Task task, String device) {
    return task.name() + "/device:" + device;
  }

  /**
   * The address in a spelling that TensorFlow does not know. By its own it would find a server of
   * this process and call it without gRPC, and such calls wait for a task that is gone beyond their
   * time limit, a closing without end.
   */
  private static String target(Task task) {
    return "grpc://" + task.host + ":0" + task.port;
  }

  /**
   * Opens a session.
   *
   * @param graph what it runs
   * @param task whose server runs it; ops and variables without a device are there
   * @param visible the tasks whose devices it has; others are never asked
   * @param timeoutMillis after which a call fails
   * @throws IllegalStateException if the graph is closed, or the session cannot be opened
   */
  static Session openFor(Graph graph, Task task, List<Task> visible, long timeoutMillis) {
    var config = Protos.config().setOperationTimeoutInMs(timeoutMillis);
    visible.forEach(each -> config.addDeviceFilters(each.name()));
    try (PointerScope pointers = new PointerScope()) {
      Field handle = Graph.class.getDeclaredField("nativeHandle");
      Constructor<Session> constructor =
          Session.class.getDeclaredConstructor(Graph.class, TF_Session.class);
      handle.setAccessible(true);
      constructor.setAccessible(true);
      TF_Status status = TF_Status.newStatus();
      TF_SessionOptions options = TF_SessionOptions.newSessionOptions();
      tensorflow.TF_SetTarget(options, target(task));
      BytePointer bytes = new BytePointer(config.build().toByteArray());
      tensorflow.TF_SetConfig(options, bytes, bytes.capacity(), status);
      status.throwExceptionIfNotOK();
      TF_Graph open = (TF_Graph) handle.get(graph);
      if (open == null || open.isNull()) {
        throw new IllegalStateException("the graph is closed; open sessions before that");
      }
      TF_Session session = TF_Session.newSession(open, options, status);
      status.throwExceptionIfNotOK();
      session.retainReference();
      return constructor.newInstance(graph, session);
    } catch (TensorFlowException e) {
      throw new IllegalStateException(
          "no session can be opened at "
              + task.address()
              + ": "
              + Messages.firstLine(e)
              + (String.valueOf(e.getMessage()).contains("No session factory")
                  ? " (TensorFlow Java 0.5 was built without sessions on servers; use 1.x)"
                  : ""),
          e);
    } catch (ReflectiveOperationException | InaccessibleObjectException e) {
      throw new IllegalStateException(
          "this TensorFlow Java does not let a session be opened on a server ("
              + e
              + "); use 1.x, on the class path and not on the module path",
          e);
    }
  }

  /**
   * Lets a session take all variables as they are: no initial value is pending any more.
   *
   * @throws IllegalStateException if this TensorFlow Java does not let it
   */
  static void goOn(Session session) {
    try {
      Method mark = Session.class.getDeclaredMethod("markAllInitializersAsRan");
      mark.setAccessible(true);
      mark.invoke(session);
    } catch (ReflectiveOperationException | InaccessibleObjectException e) {
      throw new IllegalStateException(
          "this TensorFlow Java does not let a session go on with the variables as they are ("
              + e
              + "); call initialize() and restore a checkpoint",
          e);
    }
  }
}
