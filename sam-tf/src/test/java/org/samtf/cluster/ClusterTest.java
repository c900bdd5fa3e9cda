package org.samtf.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeAll;
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
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.framework.optimizers.Momentum;
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
    String ready = "worker " + task + " of " + WORKERS + " serves at ";
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

  @Test
  void aMachineThatIsGoneFailsTheStepAndCanComeBack() throws IOException, InterruptedException {
    try (TwoLayersInParts net = net()) {
      net.step();
      SERVERS[1].destroyForcibly().waitFor(1, TimeUnit.MINUTES);
      try {
        Assertions.assertTimeoutPreemptively(
            Duration.ofMinutes(1),
            () -> assertThatThrownBy(net::step).isInstanceOf(TensorFlowException.class));
      } finally {
        // To close the session waits for it, too.
        start(1);
      }
      assertThatThrownBy(net::step).isInstanceOf(TensorFlowException.class);
    }
    try (TwoLayersInParts net = net()) {
      assertThat(net.step()).isPositive();
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
        .hasMessageContaining("task is 2; the cluster has 2 workers, so it is 0 to 1");
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
        "a:1 | 1 | 2 | task is 1; the cluster has 1 workers",
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

  @ParameterizedTest
  @ValueSource(strings = {"foo", "", "GPU", ":0", "/device:GPU:0", "GPU:x"})
  void aDeviceHasAKindAndANumber(String device) {
    assertThatThrownBy(() -> Cluster.of("localhost:2222").device(0, device))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("device is \"" + device + "\"; write its kind and number");
  }
}
