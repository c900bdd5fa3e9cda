package org.samtf.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.SamOptimizer;
import org.samtf.TestModels;
import org.samtf.TwoLayersInParts;
import org.samtf.Values;
import org.samtf.internal.graph.GraphScope;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.TensorFlow;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat64;

/** Steps on several machines; the machines are processes here. */
class ClusterTest {

  private static final int WORKERS = 2;

  @TempDir static Path directory;

  private static Cluster cluster;
  private static String addresses;
  private static final Process[] SERVERS = new Process[WORKERS];

  @BeforeAll
  static void startServers() throws IOException, InterruptedException {
    assumeFalse(
        TensorFlow.version().startsWith("2.10"),
        "TensorFlow Java 0.5 was built without sessions on servers");
    List<String> workers = new ArrayList<>();
    for (int task = 0; task < WORKERS; task++) {
      workers.add("localhost:" + freePort());
    }
    cluster = Cluster.of(workers);
    addresses = String.join(",", workers);
    for (int task = 0; task < WORKERS; task++) {
      start(task);
    }
  }

  @AfterAll
  static void stopServers() {
    for (Process server : SERVERS) {
      if (server != null) {
        server.destroyForcibly();
      }
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static Process java(Path out, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx128m");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(Cluster.class.getName());
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(out.toFile())
        .start();
  }

  private static void start(int task) throws IOException, InterruptedException {
    Path out = Files.createTempFile(directory, "worker", ".txt");
    SERVERS[task] = java(out, addresses, String.valueOf(task));
    String ready = "task " + task + " of " + WORKERS + " serves: worker " + task + " at localhost:";
    for (int i = 0; i < 600 && !Files.readString(out).contains(ready); i++) {
      assertThat(SERVERS[task].isAlive()).as("worker that says %s", Files.readString(out)).isTrue();
      Thread.sleep(100);
    }
    assertThat(Files.readString(out)).contains(ready);
  }

  private static TwoLayersInParts net(boolean sequential, int sharing) {
    return new TwoLayersInParts(
        cluster::session,
        List.of(cluster.device(0, "CPU:0"), cluster.device(1, "CPU:0")),
        sequential,
        sharing);
  }

  private static TwoLayersInParts net() {
    return net(false, 1);
  }

  @ParameterizedTest
  @CsvSource({"false,1", "true,1", "false,2147483647"})
  void severalMachinesGiveWhatOneGives(boolean sequential, int sharing) {
    try (TwoLayersInParts one = new TwoLayersInParts(Session::new, List.of(), sequential, sharing);
        TwoLayersInParts several = net(sequential, sharing)) {
      for (int step = 0; step < 3; step++) {
        assertThat(several.step()).isCloseTo(one.step(), within(1e-12));
      }
      TwoLayersInParts.assertSame(several.weights(), one.weights());
    }
  }

  /** Losses of the user's own, one a machine. */
  @Test
  void eachMachineHasALossOfItsOwn() {
    List<double[]> weights = new ArrayList<>();
    for (boolean isCluster : new boolean[] {false, true}) {
      try (Graph graph = new Graph();
          Session session = isCluster ? cluster.session(graph) : new Session(graph)) {
        TestModels.Maker m = new TestModels.Maker(graph, session);
        Variable<TFloat64> w = m.weight("w", 5, 4);
        List<Operand<TFloat64>> losses = new ArrayList<>();
        for (int task = 0; task < WORKERS; task++) {
          Ops tf =
              GraphScope.unique(graph, "machine" + task)
                  .withDeviceString(isCluster ? cluster.device(task, "CPU:0") : "")
                  .ops();
          Operand<TFloat64> y = tf.math.tanh(tf.linalg.matMul(m.data(6, 5), tf.identity(w)));
          losses.add(tf.math.mean(tf.math.mul(y, y), tf.constant(new int[] {0, 1})));
        }
        Op train = new SamOptimizer(graph, new Momentum(graph, 0.1f, 0.9f), 0.1f).minimize(losses);
        session.initialize();
        for (int step = 0; step < 3; step++) {
          session.run(train);
        }
        String device = isCluster ? cluster.device(1, "CPU:0") : "";
        assertThat(graph.operation("Sam/replica1/ascent/Add").device()).isEqualTo(device);
        weights.add(Values.of(session, w));
      }
    }
    TwoLayersInParts.assertSame(weights.subList(1, 2), weights.subList(0, 1));
  }

  @Test
  void aNanOnAnotherMachineStopsTheStep() {
    try (TwoLayersInParts net = net()) {
      net.step();
      var before = Values.variables(net.graph, net.session);
      net.batch[net.batch.length - 1] = Double.NaN;
      assertThatThrownBy(net::step).hasMessageContaining("of variable w1 w2 is not finite");
      assertThat(Values.changed(before, Values.variables(net.graph, net.session))).isEmpty();
    }
  }

  /** The weights are on task 0, so they outlive another task and the session. */
  @Test
  void aTaskThatIsGoneIsNamedAndTrainingGoesOnWhereItWas()
      throws IOException, InterruptedException {
    try (TwoLayersInParts one = new TwoLayersInParts(Session::new, List.of(), false, 1);
        TwoLayersInParts net = net()) {
      one.step();
      net.step();
      SERVERS[1].destroyForcibly().waitFor(1, TimeUnit.MINUTES);
      try {
        assertLost(
            () -> cluster.run((Runnable) net::step), "there is no answer from worker 1 at local");
        Assertions.assertTimeoutPreemptively(
            Duration.ofSeconds(30), () -> cluster.close(net.session));
      } finally {
        start(1);
      }
      try (Session later = cluster.resume(net.graph)) {
        one.step();
        net.step(later);
        TwoLayersInParts.assertSame(net.weights(later), one.weights());
      }
    }
  }

  @Test
  void aTaskThatWasStartedAnewIsNamed() throws IOException, InterruptedException {
    try (TwoLayersInParts net = net()) {
      net.step();
      SERVERS[1].destroyForcibly().waitFor(1, TimeUnit.MINUTES);
      start(1);
      assertLost(() -> cluster.run((Runnable) net::step), "worker 1 at local", "started anew");
    }
  }

  /** The kernel goes on taking connections for it. */
  @Test
  void aFrozenTaskIsNamedWhenTheStepHasTakenTooLong() throws IOException, InterruptedException {
    Cluster hasty = cluster.stepTimeout(Duration.ofSeconds(2));
    try (TwoLayersInParts net =
        new TwoLayersInParts(hasty::session, List.of(cluster.device(1, "CPU:0")), false, 1)) {
      net.step();
      var before = Values.variables(net.graph, net.session);
      freeze(SERVERS[1]);
      try {
        long start = System.nanoTime();
        assertLost(() -> hasty.run((Runnable) net::step), "worker 1 at local", "says nothing");
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(60));
      } finally {
        signal("-CONT", SERVERS[1]);
      }
      assertThatThrownBy(() -> hasty.run(() -> breakOff(net)))
          .isInstanceOf(LostTaskException.class)
          .hasMessageContaining("though all tasks answer now");
      try (Session later = hasty.resume(net.graph)) {
        assertThat(Values.changed(before, Values.variables(net.graph, later))).isEmpty();
      }
    }
  }

  /**
   * A task is killed, or frozen, at random moments of many steps. The step that fails has changed
   * nothing, or all: after each fault the weights are those of one process after as many steps.
   */
  @Tag("long")
  @Test
  void noFaultLeavesAStepHalfDone() throws Exception {
    Random random = new Random(5);
    Cluster hasty = cluster.stepTimeout(Duration.ofSeconds(2));
    int[] untouched = {0, 0};
    int[] whole = {0, 0};
    long[] slowest = {0, 0};
    List<String> devices = List.of(cluster.device(0, "CPU:0"), cluster.device(1, "CPU:0"));
    try (TwoLayersInParts one = new TwoLayersInParts(Session::new, List.of(), false, 1);
        TwoLayersInParts net = new TwoLayersInParts(hasty::session, devices, false, 1)) {
      Session session = net.session;
      for (int fault = 0; fault < 40; fault++) {
        boolean isFrozen = fault % 2 == 1;
        long delay = random.nextInt(60_000_000);
        AtomicLong struck = new AtomicLong();
        Thread striker =
            new Thread(
                () -> {
                  LockSupport.parkNanos(delay);
                  struck.set(System.nanoTime());
                  try {
                    signal(isFrozen ? "-STOP" : "-KILL", SERVERS[1]);
                  } catch (IOException | InterruptedException e) {
                    throw new AssertionError(e);
                  }
                });
        striker.start();
        try {
          while (true) {
            Session running = session;
            hasty.run(() -> net.step(running));
            one.step();
          }
        } catch (LostTaskException e) {
          striker.join();
          slowest[fault % 2] = Math.max(slowest[fault % 2], System.nanoTime() - struck.get());
          assertThat(e.tasks()).hasSize(1);
        }
        hasty.close(session);
        if (isFrozen) {
          signal("-CONT", SERVERS[1]);
        } else {
          SERVERS[1].waitFor();
          start(1);
        }
        session = hasty.resume(net.graph);
        if (isSame(net.weights(session), one.weights())) {
          untouched[fault % 2]++;
        } else {
          one.step();
          TwoLayersInParts.assertSame(net.weights(session), one.weights());
          whole[fault % 2]++;
        }
      }
      session.close();
    }
    System.out.printf(
        "killed: %d untouched, %d whole, noticed after %.1f s at most; frozen: %d, %d, %.1f s%n",
        untouched[0], whole[0], slowest[0] / 1e9, untouched[1], whole[1], slowest[1] / 1e9);
  }

  private static boolean isSame(List<double[]> actual, List<double[]> expected) {
    try {
      TwoLayersInParts.assertSame(actual, expected);
      return true;
    } catch (AssertionError e) {
      return false;
    }
  }

  /** The task is frozen while the step lasts. */
  private static void breakOff(TwoLayersInParts net) {
    try {
      freeze(SERVERS[1]);
      try {
        net.step();
      } finally {
        signal("-CONT", SERVERS[1]);
      }
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /**
   * Returns when all its threads stand still: a step takes less than the signal on a busy machine.
   */
  private static void freeze(Process process) throws IOException, InterruptedException {
    signal("-STOP", process);
    Path threads = Path.of("/proc", String.valueOf(process.pid()), "task");
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (System.nanoTime() < end) {
      boolean isStopped = true;
      try (DirectoryStream<Path> all = Files.newDirectoryStream(threads)) {
        for (Path thread : all) {
          String stat = Files.readString(thread.resolve("stat"));
          isStopped &= stat.charAt(stat.lastIndexOf(')') + 2) == 'T';
        }
      }
      if (isStopped) {
        return;
      }
      Thread.sleep(1);
    }
    throw new AssertionError("process " + process.pid() + " does not stop");
  }

  private static void signal(String signal, Process process)
      throws IOException, InterruptedException {
    new ProcessBuilder("kill", signal, String.valueOf(process.pid())).start().waitFor();
  }

  private static void assertLost(ThrowingCallable call, String... parts) {
    assertThatThrownBy(call)
        .isInstanceOf(LostTaskException.class)
        .hasMessageContainingAll(parts)
        .satisfies(
            e ->
                assertThat(((LostTaskException) e).tasks())
                    .hasSize(1)
                    .first()
                    .asString()
                    .contains(parts[0].replaceFirst("^.* from ", "")))
        .message()
        .hasLineCount(1);
  }

  @Test
  void aTaskThatNeverStartsIsNamed() throws IOException {
    Cluster three =
        Cluster.of((addresses + ",localhost:" + freePort()).split(","))
            .startTimeout(Duration.ofMillis(300));
    assertMissing(three, "no answer within 0.3 s from worker 2 at localhost:", "no connection");
    assertMissing(
        Cluster.of("localhost:" + freePort(), "no-such-host.invalid:1")
            .startTimeout(Duration.ofMillis(300))
            .trustNetwork(),
        "worker 0 at localhost:",
        "worker 1 at no-such-host.invalid:1 (its name does not resolve");
  }

  private static void assertMissing(Cluster cluster, String... parts) {
    try (Graph graph = new Graph()) {
      assertThatThrownBy(() -> cluster.session(graph))
          .isInstanceOf(LostTaskException.class)
          .hasMessageContainingAll(parts)
          .message()
          .hasLineCount(1);
    }
  }

  @Test
  void aServerOfAnotherKindIsNoTask() throws IOException {
    assertMissingAt(
        socket -> {
          // Unread bytes would make the close a reset, which can overtake the answer.
          socket.getInputStream().read(new byte[1024]);
          socket.getOutputStream().write("HTTP/1.1 400 Bad Request\r\n".getBytes());
        },
        "(what answers there is no server of TensorFlow)");
  }

  @Test
  void aServerThatBreaksOffIsNoTask() throws IOException {
    assertMissingAt(
        socket -> socket.getInputStream().readNBytes(33),
        "(it takes a connection and breaks it off: ending, or no server of TensorFlow)");
  }

  @Test
  void aServerThatResetsIsNoTask() throws IOException {
    assertMissingAt(
        socket -> {
          socket.getInputStream().read();
          socket.setSoLinger(true, 0);
        },
        "(it takes a connection and breaks it off: ending, or no server of TensorFlow)");
  }

  @Test
  void aServerThatSaysNothingIsNoTask() throws IOException {
    assertMissingAt(
        socket -> socket.getInputStream().readAllBytes(),
        "(it takes a connection and says nothing: frozen, or no server of TensorFlow)");
  }

  private interface Answer {
    void to(Socket socket) throws IOException;
  }

  /** A server that closes each connection after its answer. */
  private static void assertMissingAt(Answer answer, String message) throws IOException {
    try (ServerSocket other = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      Thread answers =
          new Thread(
              () -> {
                while (!other.isClosed()) {
                  try (Socket socket = other.accept()) {
                    answer.to(socket);
                  } catch (IOException e) {
                    // Closed, here or there.
                  }
                }
              });
      answers.start();
      assertMissing(
          Cluster.of("localhost:" + other.getLocalPort()).startTimeout(Duration.ofMillis(300)),
          message);
    }
  }

  @Test
  void aTaskWithAnotherTensorFlowIsRefused() {
    Task task = Roles.workers(List.of(addresses.split(",")), 0).tasks.get(1);
    TaskIdentity.publish(task, "2.10.1");
    try {
      try (Graph graph = new Graph()) {
        // It is there: to try again is useless.
        assertThatThrownBy(() -> cluster.session(graph))
            .isExactlyInstanceOf(IllegalStateException.class)
            .hasMessageContaining("another TensorFlow in worker 1 at localhost:")
            .hasMessageContaining(
                "it runs TensorFlow 2.10.1, and this process " + TensorFlow.version())
            .message()
            .hasLineCount(1);
      }
    } finally {
      TaskIdentity.publish(task, TensorFlow.version());
    }
  }

  /** Examples that a task has read, in a variable that the session of task 0 reads. */
  @Test
  void aTaskKeepsWhatItHasReadAndIsReleased() throws Exception {
    String address = "localhost:" + freePort();
    Cluster alone = Cluster.of(address).withTask(0);
    alone.serve();
    try (Graph own = new Graph()) {
      Ops tf = Ops.create(own);
      Variable<TFloat64> shard =
          GraphScope.unique(own, "a")
              .withDeviceString(alone.device(0, "CPU:0"))
              .ops()
              .variable(Shape.of(2), TFloat64.class, Variable.sharedName("shard"));
      Op assign = tf.assign(shard, tf.constant(new double[] {3, 4}));
      try (Session session = alone.ownSession(own)) {
        session.run(assign);
      }
    }
    try (Graph graph = new Graph();
        Session session = alone.session(graph)) {
      Variable<TFloat64> shard =
          GraphScope.unique(graph, "another")
              .withDeviceString(alone.device(0, "CPU:0"))
              .ops()
              .variable(Shape.of(2), TFloat64.class, Variable.sharedName("shard"));
      assertThat(Values.of(session, shard)).containsExactly(3, 4);
    }
    Task task = Roles.workers(List.of(address), 0).tasks.get(0);
    CompletableFuture<Integer> released =
        CompletableFuture.supplyAsync(() -> alone.awaitRelease(Duration.ofMinutes(1)));
    Release.set(List.of(task), task, 7);
    assertThat(released.get(1, TimeUnit.MINUTES)).isEqualTo(7);
  }

  @Test
  void aTaskDoesNotWaitForALostChiefWithoutEnd() throws IOException {
    String own = "localhost:" + freePort();
    Cluster cluster = Cluster.of("localhost:" + freePort(), own).withTask(1);
    cluster.serve();
    assertLost(
        () -> cluster.awaitRelease(Duration.ofMillis(100)),
        "no answer for 0.1 s from worker 0 at local");
  }

  @Test
  void aNetworkThatNobodyTrustsIsRefused() {
    Cluster cluster = Cluster.of("localhost:1", "10.0.0.2:2");
    try (Graph graph = new Graph()) {
      assertThatThrownBy(() -> cluster.session(graph))
          .hasMessageContaining("worker 1 at 10.0.0.2:2 is outside of this machine")
          .hasMessageContaining("trustNetwork()");
      assertThatThrownBy(() -> cluster.withTask(0).serve()).hasMessageContaining("trustNetwork()");
    }
  }

  @Test
  void aCheckpointOutlivesTheSession() {
    String checkpoint = directory.resolve("checkpoint").toString();
    List<double[]> saved;
    try (TwoLayersInParts net = net()) {
      net.step();
      net.session.save(checkpoint);
      saved = net.weights();
    }
    try (TwoLayersInParts net = net()) {
      assertThat(net.weights().get(0)).isNotEqualTo(saved.get(0));
      net.session.restore(checkpoint);
      for (int i = 0; i < saved.size(); i++) {
        assertThat(net.weights().get(i)).isEqualTo(saved.get(i));
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "host | worker is \"host\"; write it as host:port",
        "host:0 | with a port from 1 to 65535",
        "host:70000 | with a port from 1 to 65535",
        "grpc://host:1 | write it as host:port",
        "a:1,b:2,a:1 | one of them twice; each needs an address of its own",
        "'' | worker is \"\"",
      })
  void addressesThatAreNone(String workers, String message) {
    assertThatThrownBy(() -> Cluster.of(workers.split(",")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message)
        .message()
        .hasLineCount(1);
  }

  @Test
  void machinesThatAreNotThere() {
    assertThatThrownBy(() -> cluster.device(2, "GPU:0"))
        .hasMessageContaining("task is 2; the cluster has 2 tasks, so it is 0 to 1");
    assertThatThrownBy(() -> cluster.serve(-1)).hasMessageContaining("task is -1");
    assertThatThrownBy(Cluster::of).hasMessageContaining("the cluster has no worker");
    Graph closed = new Graph();
    closed.close();
    assertThatThrownBy(() -> cluster.session(closed)).hasMessageContaining("the graph is closed");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a:1 | | 2 | arguments are [a:1]; give host:port,host:port",
        "a:1 | 1 | 2 | task is 1; the cluster has 1 tasks",
        "a:1 | 0 | 1 | worker 0 at a:1 is outside of this machine",
        "IN_USE | 0 | 1 | is the port in use?",
      })
  void aServerThatCannotStartSaysWhy(String workers, String task, int exitCode, String message)
      throws IOException, InterruptedException {
    Path out = directory.resolve("out.txt");
    List<String> arguments = new ArrayList<>();
    arguments.add(workers.equals("IN_USE") ? addresses.split(",")[0] : workers);
    if (task != null) {
      arguments.add(task);
    }
    Process process = java(out, arguments.toArray(new String[0]));
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).isEqualTo(exitCode);
    assertThat(Files.readString(out)).contains(message);
  }

  @Test
  void settings() {
    Cluster cluster = Cluster.of("a:1", "b:2");
    assertThat(cluster.task()).isEmpty();
    assertThat(cluster.isChief()).isFalse();
    assertThat(cluster.withTask(1).task()).hasValue(1);
    assertThat(cluster.withTask(0).isChief()).isTrue();
    assertThatThrownBy(cluster::serve).hasMessageContaining("nobody has said which task this is");
    assertThatThrownBy(() -> cluster.stepTimeout(Duration.ZERO))
        .hasMessageContaining("stepTimeout is PT0S; expected more than 0");
    assertThatThrownBy(() -> cluster.startTimeout(Duration.ofDays(99)))
        .hasMessageContaining("startTimeout is PT2376H");
  }

  @Test
  void chiefAndParameterServersHaveTheirOwnNames() {
    Cluster cluster =
        Cluster.fromEnvironment(
            Map.of(
                "TF_CONFIG",
                "{\"cluster\": {\"ps\": [\"p:1\"], \"worker\": [\"w:1\"], \"chief\": [\"c:1\"]},"
                    + " \"task\": {\"type\": \"chief\"}}"));
    assertThat(cluster.size()).isEqualTo(2);
    assertThat(cluster.parameterServers()).isEqualTo(1);
    assertThat(cluster.isChief()).isTrue();
    assertThat(cluster.device(0, "CPU:0")).isEqualTo("/job:chief/replica:0/task:0/device:CPU:0");
    assertThat(cluster.device(1, "GPU:3")).isEqualTo("/job:worker/replica:0/task:0/device:GPU:3");
    assertThat(cluster.device(2, "CPU:0")).isEqualTo("/job:ps/replica:0/task:0/device:CPU:0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"foo", "", "GPU", ":0", "/device:GPU:0", "GPU:x"})
  void aDeviceHasAKindAndANumber(String device) {
    assertThatThrownBy(() -> Cluster.of("localhost:2222").device(0, device))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("device is \"" + device + "\"; write its kind and number");
  }
}
