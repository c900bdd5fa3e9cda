package org.samtf.cluster;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.samtf.SamOptimizerBuilder;
import org.samtf.internal.graph.Arguments;
import org.samtf.internal.graph.Messages;
import org.samtf.internal.graph.Protos;
import org.tensorflow.DeviceSpec;
import org.tensorflow.Graph;
import org.tensorflow.Server;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TensorFlowException;

/**
 * Several machines, or processes, that run one graph together.
 *
 * <p>Each runs a server, in a process of its own or in that of a program:
 *
 * <pre>{@code
 * java -cp … org.samtf.cluster.Cluster --trusted-network host0:2222,host1:2222 1
 * }</pre>
 *
 * <p>A program trains on all of them in a session of the first:
 *
 * <pre>{@code
 * Cluster cluster = Cluster.of("host0:2222", "host1:2222").trustNetwork();
 * SamOptimizer sam =
 *     SamOptimizer.builder(graph, base)
 *         .microBatches(2, images, labels)
 *         .devices(List.of(cluster.device(0, "GPU:0"), cluster.device(1, "GPU:0")))
 *         .build();
 * Op train = sam.minimize(loss);
 * try (Session session = cluster.session(graph)) {
 *   session.initialize();
 *   cluster.run(
 *       () -> session.runner().feed(images, …).feed(labels, …).addTarget(train).run().close());
 * } catch (LostTaskException e) {
 *   System.err.println(e.getMessage());
 * }
 * }</pre>
 *
 * <p>Where a launcher starts the processes, {@link #fromEnvironment} finds out who is who. Tasks
 * are numbered: the chief, where there is one, then the workers, then the parameter servers. Task 0
 * runs the session and is the one that writes models and checkpoints.
 *
 * <p>TensorFlow's servers listen on all of a machine's networks and neither encrypt nor ask who is
 * there: whoever reaches the port can run anything. Use them in a network that only the machines of
 * the cluster are in, and say so by {@link #trustNetwork}.
 *
 * <p>Instances are immutable.
 */
public final class Cluster {

  /** How long a start waits for all tasks, where nothing else is said. */
  public static final Duration START_TIMEOUT_DEFAULT = Duration.ofMinutes(5);

  /** How long a run may take, where nothing else is said. */
  public static final Duration STEP_TIMEOUT_DEFAULT = Duration.ofMinutes(10);

  private static final Pattern DEVICE = Pattern.compile("[A-Za-z_]+:\\d{1,5}");
  private static final long POLL_MILLIS = 500;
  private static final long CLOSING_MILLIS = 5000;
  private static final String TRUSTED_NETWORK = "--trusted-network";

  private final Roles roles;
  private final boolean isTrusted;
  private final Duration startTimeout;
  private final Duration stepTimeout;

  /** What the tasks said of themselves when the last session was opened; none before. */
  private volatile List<String> identities = List.of();

  private Cluster(Roles roles, boolean isTrusted, Duration startTimeout, Duration stepTimeout) {
    this.roles = roles;
    this.isTrusted = isTrusted;
    this.startTimeout = startTimeout;
    this.stepTimeout = stepTimeout;
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
    return of(Roles.workers(workers, -1));
  }

  /**
   * Takes the machines, and which of them this is, from the variables that a launcher sets in the
   * environment of this process. The first of these that is there counts:
   *
   * <ul>
   *   <li>{@code TF_CONFIG}, as TensorFlow's own programs read it and TFJob sets it: a JSON object
   *       with {@code cluster} (jobs {@code chief} or {@code master}, {@code worker}, {@code ps};
   *       {@code evaluator} is left out) and {@code task}. It needs {@code jackson-core} on the
   *       class path.
   *   <li>Slurm, in a job step that {@code srun} has started: {@code SLURM_PROCID}, {@code
   *       SLURM_STEP_NUM_TASKS}, {@code SLURM_STEP_NODELIST} and {@code SLURM_STEP_TASKS_PER_NODE}.
   *       Each process is a worker; ports count up from 8888 on each node, or from {@code
   *       SAMTF_PORT}.
   *   <li>an Indexed Job of Kubernetes, alone or in a JobSet: {@code JOB_COMPLETION_INDEX} and
   *       {@code HOSTNAME}, and {@code SAMTF_TASKS} and {@code SAMTF_SERVICE}, to which the
   *       template sets the number of pods and the name of the headless service. The port is 2222,
   *       or {@code SAMTF_PORT}.
   * </ul>
   *
   * @return the cluster, which knows its own {@link #task}
   * @throws IllegalArgumentException if none of them is there, or what is there is damaged or
   *     contradicts itself; the message says which variable, what is in it and what is expected
   * @throws IllegalStateException if {@code TF_CONFIG} is set and {@code jackson-core} is missing
   */
  public static Cluster fromEnvironment() {
    return fromEnvironment(System.getenv());
  }

  static Cluster fromEnvironment(Map<String, String> environment) {
    return of(Environments.read(environment));
  }

  private static Cluster of(Roles roles) {
    Set<String> addresses = new HashSet<>();
    for (Task task : roles.tasks) {
      if (!addresses.add(task.address())) {
        throw new IllegalArgumentException(
            "the tasks are "
                + roles.tasks
                + ", one of them twice; each needs an address of its own");
      }
    }
    return new Cluster(roles, false, START_TIMEOUT_DEFAULT, STEP_TIMEOUT_DEFAULT);
  }

  /**
   * Says which of the tasks this process is.
   *
   * @param task its number, from 0
   * @return the cluster with that task
   * @throws IllegalArgumentException if there is no such task
   */
  public Cluster withTask(int task) {
    requireTask(task);
    return new Cluster(Roles.of(roles.tasks, task), isTrusted, startTimeout, stepTimeout);
  }

  /**
   * Says that only the machines of the cluster, and nobody else, can reach its ports: by a private
   * network, by rules of a firewall or of Kubernetes, or by a tunnel.
   *
   * <p>Without that, {@link #serve} and {@link #session} refuse a cluster with a task outside of
   * this machine. They cannot check it. (TensorFlow's servers listen on every network of a machine,
   * also where the addresses are {@code localhost}.)
   *
   * @return the cluster, trusted
   */
  public Cluster trustNetwork() {
    return new Cluster(roles, true, startTimeout, stepTimeout);
  }

  /**
   * Sets how long {@link #session} waits for all tasks.
   *
   * @param timeout more than 0; the default is 5 minutes
   * @return the cluster with that timeout
   * @throws IllegalArgumentException if it is not positive
   */
  public Cluster startTimeout(Duration timeout) {
    return new Cluster(roles, isTrusted, positive(timeout, "startTimeout"), stepTimeout);
  }

  /**
   * Sets how long any run of a {@link #session} may take. It is the time after which a task that is
   * frozen, or that the network does not reach, is noticed; one that has ended is mostly noticed at
   * once. The first run also distributes the graph. To close a session while a task is gone takes
   * as long, if it is not done by {@link #close}.
   *
   * @param timeout more than 0; the default is 10 minutes. Give several times what a step takes
   * @return the cluster with that timeout
   * @throws IllegalArgumentException if it is not positive
   */
  public Cluster stepTimeout(Duration timeout) {
    return new Cluster(roles, isTrusted, startTimeout, positive(timeout, "stepTimeout"));
  }

  private static Duration positive(Duration timeout, String name) {
    Arguments.given(timeout, name);
    if (timeout.toMillis() < 1 || timeout.compareTo(Duration.ofDays(20)) > 0) {
      throw new IllegalArgumentException(
          name + " is " + timeout + "; expected more than 0, at most 20 days");
    }
    return timeout;
  }

  /**
   * How many machines train: the chief and the workers.
   *
   * @return the number, at least 1
   */
  public int size() {
    return roles.tasks.size() - parameterServers();
  }

  /**
   * How many tasks have weights only. They come after those that train, so that their numbers begin
   * with {@link #size}.
   *
   * @return the number of parameter servers, 0 if there are none
   */
  public int parameterServers() {
    return (int) roles.tasks.stream().filter(t -> t.job.equals(Roles.PARAMETER_SERVER)).count();
  }

  /**
   * Which task this process is.
   *
   * @return its number; nothing if neither {@link #fromEnvironment} nor {@link #withTask} has said
   *     it
   */
  public OptionalInt task() {
    return roles.own < 0 ? OptionalInt.empty() : OptionalInt.of(roles.own);
  }

  /**
   * Whether this process is task 0, which runs the session and writes models and checkpoints.
   *
   * @return false if it is another, or if nobody has said which
   */
  public boolean isChief() {
    return roles.own == 0;
  }

  /**
   * The full name of a device of the cluster, for {@link SamOptimizerBuilder#devices}.
   *
   * @param task the number of the task, from 0
   * @param device the device there, such as {@code GPU:0}
   * @return such as {@code /job:worker/replica:0/task:1/device:GPU:0}
   * @throws IllegalArgumentException if there is no such task, or that is no name of a device
   */
  public String device(int task, String device) {
    requireTask(task);
    if (device == null || !DEVICE.matcher(device).matches()) {
      throw new IllegalArgumentException(
          "device is \"" + device + "\"; write its kind and number, such as GPU:0 or CPU:1");
    }
    return Sessions.device(roles.tasks.get(task), device);
  }

  /**
   * A device of the cluster, for {@code Ops.withDevice}.
   *
   * @param task as for {@link #device}
   * @param device as for {@link #device}, a CPU or a GPU
   * @return the device
   * @throws IllegalArgumentException as {@link #device} does, or if it is neither a CPU nor a GPU
   */
  public DeviceSpec deviceSpec(int task, String device) {
    device(task, device);
    Task at = roles.tasks.get(task);
    String[] parts = device.split(":");
    return DeviceSpec.newBuilder()
        .job(at.job)
        .replica(0)
        .task(at.index)
        .deviceType(DeviceSpec.DeviceType.valueOf(parts[0]))
        .deviceIndex(Integer.parseInt(parts[1]))
        .build();
  }

  /**
   * Spreads variables over the tasks by their size, so that no one task's network is what all wait
   * for: over the parameter servers, if there are any, else over all machines. The largest come
   * first, each to the task that has the least so far. A variable is not cut, so the largest one
   * decides how even it can be.
   *
   * <pre>{@code
   * List<Integer> tasks = cluster.spread(List.of(bytesOfW1, bytesOfW2));
   * Variable<TFloat32> w1 = tf.withDevice(cluster.deviceSpec(tasks.get(0), "CPU:0")).variable(…);
   * }</pre>
   *
   * <p>A step sums the gradients in a variable on its device, checks them there, and keeps the
   * optimizer's slots there. A task that is lost takes its variables with it: go back to a
   * checkpoint then.
   *
   * @param bytes the size of each variable, at least 0
   * @return the number of the task of each; the same for the same sizes
   * @throws IllegalArgumentException if a size is negative
   */
  public List<Integer> spread(List<Long> bytes) {
    Arguments.noneNull(bytes.toArray(new Long[0]), "bytes");
    List<Integer> largestFirst = new ArrayList<>();
    for (int i = 0; i < bytes.size(); i++) {
      if (bytes.get(i) < 0) {
        throw new IllegalArgumentException("bytes are " + bytes + "; expected at least 0 each");
      }
      largestFirst.add(i);
    }
    largestFirst.sort(Comparator.<Integer, Long>comparing(bytes::get).reversed());
    int first = parameterServers() > 0 ? size() : 0;
    long[] taken = new long[roles.tasks.size() - first];
    Integer[] tasks = new Integer[bytes.size()];
    for (int i : largestFirst) {
      int least = 0;
      for (int task = 1; task < taken.length; task++) {
        least = taken[task] < taken[least] ? task : least;
      }
      taken[least] += bytes.get(i);
      tasks[i] = first + least;
    }
    return List.of(tasks);
  }

  /**
   * Starts the server of this process' task, in this process and until it ends.
   *
   * @throws IllegalStateException if nobody has said which task this is, or as for {@link
   *     #serve(int)}
   */
  public void serve() {
    serve(task().orElseThrow(Cluster::noTask));
  }

  /**
   * Starts the server of a task, in this process and until it ends.
   *
   * @param task its number, from 0
   * @throws IllegalArgumentException if there is no such task
   * @throws IllegalStateException if the server cannot be started, as when its port is in use, or
   *     if the network is not trusted
   */
  public void serve(int task) {
    start(task);
  }

  private Server start(int number) {
    requireTask(number);
    requireTrust();
    Task task = roles.tasks.get(number);
    var definition =
        Protos.server().setProtocol("grpc").setJobName(task.job).setTaskIndex(task.index);
    var cluster = definition.getClusterBuilder();
    for (var job : byJob().entrySet()) {
      var entry = cluster.addJobBuilder().setName(job.getKey());
      job.getValue().forEach(each -> entry.putTasks(each.index, each.address()));
    }
    Server server;
    try {
      // TensorFlow's servers cannot be stopped.
      server = new Server(definition.build());
      server.start();
    } catch (TensorFlowException e) {
      throw new IllegalStateException(
          task.job
              + " "
              + task.index
              + " cannot serve at "
              + task.address()
              + ": "
              + Messages.firstLine(e)
              + "; is the port in use?",
          e);
    }
    Release.set(List.of(task), task, Release.NONE);
    TaskIdentity.publish(task);
    return server;
  }

  /**
   * Opens a session on this process' own task only, whatever the others do. It gives variables on
   * the task's devices the values that this machine has, such as examples that it has read: a
   * variable with the same {@code sharedName}, type and shape on the same device is then there for
   * the {@link #session} of task 0, and no example crosses the network ({@link
   * SamOptimizerBuilder#partInputs}).
   *
   * @param graph the graph to run
   * @return the session, to be closed as any other
   * @throws IllegalStateException if nobody has said which task this is, or the session cannot be
   *     opened; {@link #serve} comes first
   */
  public Session ownSession(Graph graph) {
    Task own = roles.tasks.get(task().orElseThrow(Cluster::noTask));
    return Sessions.openFor(graph, own, List.of(own), stepTimeout.toMillis());
  }

  /**
   * Tells the other tasks that all is done: their {@link #awaitRelease} returns. Those that do not
   * answer are left out.
   *
   * @param exitCode what they return, at least 0
   */
  public void release(int exitCode) {
    Arguments.atLeast(exitCode, 0, "exitCode");
    List<Task> others = new ArrayList<>(roles.tasks.subList(1, roles.tasks.size()));
    others.removeAll(TaskProbe.ask(others, TaskProbe.LONGEST).keySet());
    for (Task task : others) {
      try {
        Release.set(List.of(task), chief(), exitCode);
      } catch (TensorFlowException e) {
        // It has ended since, or is ending.
      }
    }
  }

  /**
   * Waits, in a process that {@linkplain #serve serves}, until task 0 says that all is done.
   *
   * @param patience how long task 0 may be silent; it may also start so much later. While it is
   *     started anew by its launcher, this task keeps what it has
   * @return what {@link #release} was given
   * @throws LostTaskException if task 0 is silent for longer
   * @throws IllegalStateException if nobody has said which task this is
   */
  public int awaitRelease(Duration patience) {
    Task own = roles.tasks.get(task().orElseThrow(Cluster::noTask));
    long heard = System.nanoTime();
    try (Release.Watch watch = new Release.Watch(own)) {
      while (true) {
        int value = watch.get();
        if (value != Release.NONE) {
          return value;
        }
        Map<Task, String> silent = TaskProbe.ask(List.of(chief()), TaskProbe.LONGEST);
        if (silent.isEmpty()) {
          heard = System.nanoTime();
        } else if (System.nanoTime() - heard > patience.toNanos()) {
          throw Attendance.lost(
              silent, "no answer for " + Attendance.inSeconds(patience) + " from ", null);
        }
        Thread.sleep(POLL_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for " + chief(), e);
    }
  }

  private static IllegalStateException noTask() {
    return new IllegalStateException(
        "nobody has said which task this is; use withTask or fromEnvironment");
  }

  private Map<String, List<Task>> byJob() {
    Map<String, List<Task>> jobs = new LinkedHashMap<>();
    roles.tasks.forEach(t -> jobs.computeIfAbsent(t.job, j -> new ArrayList<>()).add(t));
    return jobs;
  }

  /**
   * Opens a session on task 0, whose devices are those of all tasks. Ops and variables without a
   * device are on task 0.
   *
   * <p>Waits until all tasks answer, for at most {@link #startTimeout}, and sees to it that they
   * have the TensorFlow of this process. Run steps in it by {@link #run}. No run, and no closing,
   * takes longer than {@link #stepTimeout}.
   *
   * <p>Call {@code initialize()} before the first run. Variables live in the servers and outlast
   * the session: {@link #resume} goes on with them. Save and restore them as in any session.
   *
   * @param graph the graph to run
   * @return the session, to be closed as any other
   * @throws LostTaskException if a task does not answer in time
   * @throws IllegalStateException if a task has another TensorFlow, the network is not trusted, the
   *     graph is closed, or the session cannot be opened, as with TensorFlow Java 0.5, which was
   *     built without that
   */
  public Session session(Graph graph) {
    requireTrust();
    List<String> found = Attendance.require(roles.tasks, startTimeout);
    Session session = Sessions.openFor(graph, chief(), List.of(), stepTimeout.toMillis());
    identities = found;
    return session;
  }

  /**
   * Opens a session as {@link #session} does, which goes on with the variables as they are: those
   * of task 0, for instance, after another task was lost. Initial values of the graph are not
   * pending in it.
   *
   * @param graph the graph to run, as it was in the session before
   * @return the session, to be closed as any other
   * @throws LostTaskException as {@link #session} does
   * @throws IllegalStateException as {@link #session} does
   */
  public Session resume(Graph graph) {
    Session session = session(graph);
    Sessions.goOn(session);
    return session;
  }

  private Task chief() {
    return roles.tasks.get(0);
  }

  /**
   * Closes a session that may have lost a task, within five seconds. TensorFlow's own closing waits
   * for a lost task until {@link #stepTimeout}; then it goes on in a thread of its own, which does
   * not keep the process alive, and the session's memory is free when that is over.
   *
   * @param session a {@link #session}; closing it again does nothing
   */
  public void close(Session session) {
    Thread closing = new Thread(session::close, "close a session of " + chief());
    closing.setDaemon(true);
    closing.start();
    try {
      closing.join(CLOSING_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Runs a step, and says which task is lost if that is why it fails.
   *
   * @param step runs a {@link #session}
   */
  public void run(Runnable step) {
    run(
        () -> {
          step.run();
          return null;
        });
  }

  /**
   * Runs a step, and says which task is lost if that is why it fails.
   *
   * @param <T> of the result
   * @param step runs a {@link #session}
   * @return what the step returns
   * @throws LostTaskException if the step fails and a task does not answer, was started anew since
   *     the session was opened, or was silent for longer than {@link #stepTimeout}. If the step had
   *     not come to its update, no variable has changed
   * @throws RuntimeException what else the step throws
   */
  public <T> T run(Supplier<T> step) {
    try {
      return step.get();
    } catch (TensorFlowException e) {
      throw Attendance.missing(roles.tasks, identities, e).orElseThrow(() -> e);
    }
  }

  private void requireTrust() {
    List<Task> outside =
        roles.tasks.stream().filter(task -> !task.isLoopback()).collect(Collectors.toList());
    if (!outside.isEmpty() && !isTrusted) {
      throw new IllegalStateException(
          outside.get(0)
              + " is outside of this machine, and TensorFlow's servers neither encrypt nor ask who"
              + " is there; if only the machines of the cluster can reach these ports, say so by"
              + " trustNetwork() or "
              + TRUSTED_NETWORK);
    }
  }

  private void requireTask(int task) {
    if (task < 0 || task >= roles.tasks.size()) {
      throw new IllegalArgumentException(
          "task is "
              + task
              + "; the cluster has "
              + roles.tasks.size()
              + " tasks, so it is 0 to "
              + (roles.tasks.size() - 1));
    }
  }

  /**
   * Serves until the process is ended. Exit code 2 for arguments or an environment that are wrong,
   * 1 if the server cannot be started.
   *
   * @param arguments the addresses of all workers, with commas between, and the number of this one;
   *     nothing to take both {@linkplain #fromEnvironment from the environment}. {@code
   *     --trusted-network} before them says that the {@linkplain #trustNetwork network is trusted}
   */
  public static void main(String[] arguments) {
    try {
      List<String> rest = new ArrayList<>(Arrays.asList(arguments));
      boolean trusted = rest.remove(TRUSTED_NETWORK);
      Cluster named = named(rest);
      Cluster cluster = trusted ? named.trustNetwork() : named;
      int task = cluster.task().orElseThrow();
      Server server = cluster.start(task);
      System.out.println(
          "task "
              + task
              + " of "
              + cluster.roles.tasks.size()
              + " serves: "
              + cluster.roles.tasks.get(task));
      server.join();
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.exit(2);
    } catch (IllegalStateException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }

  private static Cluster named(List<String> arguments) {
    if (arguments.isEmpty()) {
      return fromEnvironment();
    }
    if (arguments.size() != 2 || !arguments.get(1).matches("\\d{1,6}")) {
      throw new IllegalArgumentException(
          "arguments are "
              + arguments
              + "; give host:port,host:port,... of all workers, and the number of this one from 0,"
              + " or nothing to take them from the environment");
    }
    return of(arguments.get(0).split(",")).withTask(Integer.parseInt(arguments.get(1)));
  }
}
