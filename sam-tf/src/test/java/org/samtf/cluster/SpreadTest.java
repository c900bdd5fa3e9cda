package org.samtf.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.NotFinite;
import org.samtf.SamOptimizer;
import org.samtf.TwoLayersInParts;
import org.samtf.Values;
import org.samtf.internal.graph.GraphScope;
import org.samtf.model.GraphCheckpoint;
import org.samtf.train.Clipped;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.TensorFlow;
import org.tensorflow.framework.optimizers.Adam;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat64;

/** Weights on several tasks, which are processes here. */
class SpreadTest {

  private static final int[] DIMS = {5, 7, 4, 2};
  private static final int EXAMPLES = 8;

  @TempDir private Path directory;

  private final List<Process> servers = new ArrayList<>();

  @AfterEach
  void stopServers() {
    servers.forEach(Process::destroyForcibly);
  }

  private static Cluster withServers(int machines, int servers) {
    List<String> workers = new ArrayList<>();
    List<String> holders = new ArrayList<>();
    for (int i = 0; i < machines + servers; i++) {
      (i < machines ? workers : holders).add("\"host" + i + ":1\"");
    }
    return Cluster.fromEnvironment(
        Map.of(
            "TF_CONFIG",
            "{\"cluster\": {\"worker\": "
                + workers
                + ", \"ps\": "
                + holders
                + "}, \"task\": {\"type\": \"worker\", \"index\": 0}}"));
  }

  @Test
  void theLargestGoesToTheTaskThatHasTheLeast() {
    assertThat(withServers(3, 0).spread(List.of(1L, 2L, 9L, 4L, 5L, 0L)))
        .containsExactly(1, 2, 0, 2, 1, 1);
  }

  @Test
  void equalSizesGoRound() {
    assertThat(withServers(2, 0).spread(List.of(3L, 3L, 3L, 3L))).containsExactly(0, 1, 0, 1);
  }

  @Test
  void parameterServersHaveAll() {
    assertThat(withServers(3, 2).spread(List.of(1L, 2L, 3L))).containsExactly(4, 4, 3);
    assertThat(withServers(3, 1).spread(List.of(1L, 2L, 3L))).containsOnly(3);
  }

  @Test
  void sizesAreNotNegative() {
    assertThat(withServers(3, 0).spread(List.of())).isEmpty();
    assertThatThrownBy(() -> withServers(3, 0).spread(List.of(1L, -1L)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("bytes are [1, -1]");
  }

  private Cluster start(int tasks) throws IOException {
    Assumptions.assumeFalse(
        TensorFlow.version().startsWith("2.10"),
        "TensorFlow Java 0.5 was built without sessions on servers");
    List<String> addresses = new ArrayList<>();
    List<ServerSocket> sockets = new ArrayList<>();
    for (int i = 0; i < tasks; i++) {
      sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
      addresses.add("localhost:" + sockets.get(i).getLocalPort());
    }
    for (ServerSocket socket : sockets) {
      socket.close();
    }
    for (int i = 0; i < tasks; i++) {
      servers.add(
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx128m",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Cluster.class.getName(),
                  String.join(",", addresses),
                  String.valueOf(i))
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start());
    }
    return Cluster.of(addresses);
  }

  /** Three layers; one part a task, and each layer's weights on a task. */
  private static final class Net implements AutoCloseable {
    final Graph graph = new Graph();
    final Session session;
    final List<Variable<TFloat64>> weights = new ArrayList<>();
    final double[] batch = new Random(1).doubles(EXAMPLES * DIMS[0]).toArray();
    final Placeholder<TFloat64> x;
    final SamOptimizer sam;
    final Op train;

    Net(Function<Graph, Session> open, List<String> parts, List<String> homes, NotFinite rule) {
      session = open.apply(graph);
      Ops tf = Ops.create(graph);
      x = tf.placeholder(TFloat64.class, Placeholder.shape(Shape.of(-1, DIMS[0])));
      Operand<TFloat64> y = x;
      for (int i = 1; i < DIMS.length; i++) {
        y = tf.math.tanh(tf.linalg.matMul(y, weight(i, homes.get(i - 1))));
      }
      Operand<TFloat64> loss = tf.math.mean(tf.math.mul(y, y), tf.constant(new int[] {0, 1}));
      var builder =
          SamOptimizer.builder(graph, Clipped.byGlobalNorm(graph, new Adam(graph, 0.01f), 0.1))
              .rho(0.1f)
              .notFinite(rule)
              .microBatches(2, x);
      sam = (parts.isEmpty() ? builder : builder.devices(parts)).build();
      train = sam.minimize(loss);
      session.initialize();
    }

    private Variable<TFloat64> weight(int layer, String home) {
      Shape shape = Shape.of(DIMS[layer - 1], DIMS[layer]);
      double[] values = new Random(layer).doubles(shape.size()).map(v -> v - 0.5).toArray();
      Ops at = GraphScope.unique(graph, "layer" + layer).withDeviceString(home).ops();
      Variable<TFloat64> weight = at.variable(shape, TFloat64.class);
      session.run(at.assign(weight, Values.constant(at, TFloat64.class, shape, values)));
      weights.add(weight);
      return weight;
    }

    boolean step(List<Operand<TBool>> fetched) {
      try (TFloat64 fed = Values.tensor(Shape.of(EXAMPLES, DIMS[0]), batch)) {
        Session.Runner runner = session.runner().feed(x, fed).addTarget(train);
        fetched.forEach(runner::fetch);
        try (var result = runner.run()) {
          return fetched.isEmpty() || ((TBool) result.get(0)).getBoolean();
        }
      }
    }

    void step() {
      step(List.of());
    }

    List<double[]> values() {
      return Values.of(session, weights);
    }

    @Override
    public void close() {
      session.close();
      graph.close();
    }
  }

  private static Net spread(Cluster cluster, NotFinite rule) {
    List<Long> sizes = new ArrayList<>();
    for (int i = 1; i < DIMS.length; i++) {
      sizes.add(8L * DIMS[i - 1] * DIMS[i]);
    }
    List<String> homes = new ArrayList<>();
    cluster.spread(sizes).forEach(task -> homes.add(cluster.device(task, "CPU:0")));
    assertThat(homes).contains(cluster.device(0, "CPU:0"), cluster.device(1, "CPU:0"));
    List<String> parts = List.of(cluster.device(0, "CPU:0"), cluster.device(1, "CPU:0"));
    return new Net(cluster::session, parts, homes, rule);
  }

  private static Net onOne() {
    return new Net(Session::new, List.of(), List.of("", "", ""), NotFinite.FAIL);
  }

  @Test
  void weightsOnTwoTasksAreThoseOfOneProcess() throws IOException {
    Cluster cluster = start(2);
    Path checkpoint = directory.resolve("spread");
    try (Net several = spread(cluster, NotFinite.FAIL);
        Net one = onOne()) {
      for (int i = 0; i < 4; i++) {
        several.step();
        one.step();
      }
      TwoLayersInParts.assertSame(several.values(), one.values());

      // A checkpoint is of this process, wherever the variables are.
      GraphCheckpoint.of(several.graph, several.session).save(checkpoint);
      several.step();
      GraphCheckpoint.of(several.graph, several.session).restore(checkpoint);
      TwoLayersInParts.assertSame(several.values(), one.values());
      several.step();
      one.step();
      TwoLayersInParts.assertSame(several.values(), one.values());
    }
  }

  /** It is not taken for a variable without a value. */
  @Test
  void aTaskThatIsLostWhenACheckpointIsSavedIsNamed() throws Exception {
    Cluster cluster = start(2).stepTimeout(Duration.ofSeconds(20));
    Net several = spread(cluster, NotFinite.FAIL);
    several.step();
    servers.get(1).destroyForcibly().waitFor();
    GraphCheckpoint checkpoint = GraphCheckpoint.of(several.graph, several.session);
    assertThatThrownBy(
            () ->
                cluster.run(
                    () -> {
                      try {
                        checkpoint.save(directory.resolve("lost"));
                      } catch (IOException e) {
                        throw new UncheckedIOException(e);
                      }
                    }))
        .isInstanceOf(LostTaskException.class)
        .hasMessageContaining("there is no answer from worker 1 at localhost:");
    cluster.close(several.session);
  }

  /** The examples of the one part or of the other. */
  @ParameterizedTest
  @ValueSource(ints = {0, EXAMPLES * 5 - 1})
  void aNanOnOneTaskStopsTheUpdatesOnBoth(int entry) throws IOException {
    Cluster cluster = start(2);
    try (Net several = spread(cluster, NotFinite.FAIL)) {
      several.step();
      var before = Values.variables(several.graph, several.session);
      double value = several.batch[entry];
      several.batch[entry] = Double.NaN;
      for (int i = 0; i < 10; i++) {
        assertThatThrownBy(several::step).hasMessageContaining("no variable was changed");
        assertThat(Values.changed(before, Values.variables(several.graph, several.session)))
            .isEmpty();
      }
      several.batch[entry] = value;
      several.step();
      assertThat(Values.changed(before, Values.variables(several.graph, several.session)))
          .isNotEmpty();
    }
  }

  @Test
  void aNanOnOneTaskSkipsTheUpdatesOnBoth() throws IOException {
    Cluster cluster = start(2);
    try (Net several = spread(cluster, NotFinite.SKIP)) {
      several.step();
      List<double[]> before = several.values();
      several.batch[0] = Double.NaN;
      assertThat(several.step(List.of(several.sam.skipped()))).isTrue();
      for (int i = 0; i < before.size(); i++) {
        assertThat(several.values().get(i)).containsExactly(before.get(i));
      }
      several.batch[0] = 0.5;
      assertThat(several.step(List.of(several.sam.skipped()))).isFalse();
      for (int i = 0; i < before.size(); i++) {
        assertThat(several.values().get(i)).isNotEqualTo(before.get(i));
      }
    }
  }
}
