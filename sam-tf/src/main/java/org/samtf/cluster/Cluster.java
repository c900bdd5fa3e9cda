package org.samtf.cluster;

import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.PointerScope;
import org.samtf.SamOptimizerBuilder;
import org.samtf.internal.graph.Messages;
import org.samtf.internal.graph.Protos;
import org.tensorflow.Graph;
import org.tensorflow.Server;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.internal.c_api.TF_Graph;
import org.tensorflow.internal.c_api.TF_Session;
import org.tensorflow.internal.c_api.TF_SessionOptions;
import org.tensorflow.internal.c_api.TF_Status;
import org.tensorflow.internal.c_api.global.tensorflow;

/**
 * Several machines, or processes, that run one graph together.
 *
 * <p>Each runs a server, in a process of its own or in that of a program:
 *
 * <pre>{@code
 * java -cp … org.samtf.cluster.Cluster host0:2222,host1:2222 1
 * }</pre>
 *
 * <p>A program trains on all of them in a session of the first:
 *
 * <pre>{@code
 * Cluster cluster = Cluster.of("host0:2222", "host1:2222");
 * SamOptimizer sam =
 *     SamOptimizer.builder(graph, base)
 *         .microBatches(2, images, labels)
 *         .devices(List.of(cluster.device(0, "GPU:0"), cluster.device(1, "GPU:0")))
 *         .build();
 * Op train = sam.minimize(loss);
 * try (Session session = cluster.session(graph)) {
 *   session.initialize();
 *   session.runner().feed(images, …).feed(labels, …).addTarget(train).run().close();
 * }
 * }</pre>
 *
 * <p>TensorFlow's servers listen on all of a machine's networks and neither encrypt nor ask who is
 * there: whoever reaches the port can run anything. Use them in a network that only the machines of
 * the cluster are in.
 */
public final class Cluster {

  /** TensorFlow's name for a group of tasks that are alike. */
  private static final String JOB = "worker";

  private static final Pattern ADDRESS = Pattern.compile("[^\\s,:/]+:(\\d{1,5})");

  private static final Pattern DEVICE = Pattern.compile("[A-Za-z_]+:\\d{1,5}");

  private final List<String> workers;

  private Cluster(List<String> workers) {
    this.workers = workers;
  }

  /**
   * Names the machines.
   *
   * @param workers host and port of each server, such as {@code host1:2222}, in the same order on
   *     all machines
   * @return the cluster
   * @throws IllegalArgumentException if there is none, or one is no address or there twice
   */
  public static Cluster of(String... workers) {
    return of(List.of(workers));
  }

  /**
   * Names the machines.
   *
   * @param workers as for {@link #of(String...)}
   * @return the cluster
   * @throws IllegalArgumentException as for {@link #of(String...)}
   */
  public static Cluster of(List<String> workers) {
    if (workers.isEmpty()) {
      throw new IllegalArgumentException("the cluster has no worker; give host:port of each");
    }
    for (String worker : workers) {
      var address = ADDRESS.matcher(worker);
      if (!address.matches() || !isPort(Integer.parseInt(address.group(1)))) {
        throw new IllegalArgumentException(
            "worker is \"" + worker + "\"; write it as host:port, with a port from 1 to 65535");
      }
    }
    if (new HashSet<>(workers).size() < workers.size()) {
      throw new IllegalArgumentException(
          "the workers are " + workers + ", one of them twice; each needs an address of its own");
    }
    return new Cluster(List.copyOf(workers));
  }

  private static boolean isPort(int port) {
    return port >= 1 && port <= 65535;
  }

  /**
   * How many machines there are.
   *
   * @return the number of workers, at least 1
   */
  public int size() {
    return workers.size();
  }

  /**
   * The full name of a device of the cluster, for {@link SamOptimizerBuilder#devices} or {@code
   * Ops.withDevice}.
   *
   * @param task the number of the machine, from 0
   * @param device the device there, such as {@code GPU:0}
   * @return such as {@code /job:worker/replica:0/task:1/device:GPU:0}
   * @throws IllegalArgumentException if there is no such machine, or that is no name of a device
   */
  public String device(int task, String device) {
    requireTask(task);
    if (device == null || !DEVICE.matcher(device).matches()) {
      throw new IllegalArgumentException(
          "device is \"" + device + "\"; write its kind and number, such as GPU:0 or CPU:1");
    }
    return "/job:" + JOB + "/replica:0/task:" + task + "/device:" + device;
  }

  /**
   * Starts the server of a machine, in this process and until it ends.
   *
   * @param task the number of this machine, from 0
   * @throws IllegalArgumentException if there is no such machine
   * @throws IllegalStateException if the server cannot be started, as when its port is in use
   */
  public void serve(int task) {
    start(task);
  }

  private Server start(int task) {
    requireTask(task);
    var definition = Protos.server().setProtocol("grpc").setJobName(JOB).setTaskIndex(task);
    var job = definition.getClusterBuilder().addJobBuilder().setName(JOB);
    for (int i = 0; i < workers.size(); i++) {
      job.putTasks(i, workers.get(i));
    }
    try {
      // TensorFlow's servers cannot be stopped.
      Server server = new Server(definition.build());
      server.start();
      return server;
    } catch (TensorFlowException e) {
      throw new IllegalStateException(
          "worker "
              + task
              + " cannot serve at "
              + workers.get(task)
              + ": "
              + e.getMessage()
              + "; is the port in use?",
          e);
    }
  }

  /**
   * Opens a session on the first machine, whose devices are those of all machines. Ops and
   * variables without a device are on the first. Runs wait until all servers are there.
   *
   * <p>Call {@code initialize()} before the first run, and once more in each new session, which
   * gives the variables their first values again; save and restore them as in any session. If a
   * machine is lost, runs fail with an exception of TensorFlow, and to close the session waits
   * until its server is back. Then open a new session.
   *
   * @param graph the graph to run
   * @return the session, to be closed as any other
   * @throws IllegalStateException if the graph is closed, or the session cannot be opened, as with
   *     TensorFlow Java 0.5, which was built without that
   */
  public Session session(Graph graph) {
    try (PointerScope pointers = new PointerScope()) {
      Field handle = Graph.class.getDeclaredField("nativeHandle");
      Constructor<Session> constructor =
          Session.class.getDeclaredConstructor(Graph.class, TF_Session.class);
      handle.setAccessible(true);
      constructor.setAccessible(true);
      TF_Status status = TF_Status.newStatus();
      TF_SessionOptions options = TF_SessionOptions.newSessionOptions();
      tensorflow.TF_SetTarget(options, "grpc://" + workers.get(0));
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
              + workers.get(0)
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

  private void requireTask(int task) {
    if (task < 0 || task >= workers.size()) {
      throw new IllegalArgumentException(
          "task is "
              + task
              + "; the cluster has "
              + workers.size()
              + " workers, so it is 0 to "
              + (workers.size() - 1));
    }
  }

  /**
   * Serves until the process is ended. Exit code 2 for arguments that are wrong, 1 if the server
   * cannot be started.
   *
   * @param arguments the addresses of all workers, with commas between, and the number of this one
   */
  public static void main(String[] arguments) {
    try {
      if (arguments.length != 2 || !arguments[1].matches("\\d{1,6}")) {
        throw new IllegalArgumentException(
            "arguments are "
                + Arrays.toString(arguments)
                + "; give host:port,host:port,... of all workers, and the number of this one from"
                + " 0");
      }
      Cluster cluster = of(arguments[0].split(","));
      int task = Integer.parseInt(arguments[1]);
      Server server = cluster.start(task);
      System.out.println(
          "worker " + task + " of " + cluster.size() + " serves at " + cluster.workers.get(task));
      server.join();
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.exit(2);
    } catch (IllegalStateException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }
}
