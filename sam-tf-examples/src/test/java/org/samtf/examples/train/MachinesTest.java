package org.samtf.examples.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.samtf.cluster.Cluster;
import org.samtf.examples.checkpoint.Checkpointed;
import org.samtf.examples.data.DataSet;
import org.samtf.examples.data.DataSets;
import org.samtf.examples.failure.InputException;
import org.samtf.examples.model.Mlp;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Session;
import org.tensorflow.TensorFlow;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/** Several machines, which are this process. */
class MachinesTest {

  private static final DataSet DATA = DataSets.open("digits");
  private static final String ORIGIN = "these images";
  private static final int MACHINES = 2;
  private static final int BATCH = 64;

  private static Cluster cluster;

  @TempDir private Path directory;

  @BeforeAll
  static void serve() throws IOException {
    List<ServerSocket> sockets = new ArrayList<>();
    List<String> addresses = new ArrayList<>();
    for (int i = 0; i < MACHINES; i++) {
      sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
      addresses.add("localhost:" + sockets.get(i).getLocalPort());
    }
    for (ServerSocket socket : sockets) {
      socket.close();
    }
    cluster = Cluster.of(addresses).withTask(0);
    for (int i = 0; i < MACHINES; i++) {
      Machines.of(cluster.withTask(i), ORIGIN, Duration.ofSeconds(1), false).serve(DATA.train());
    }
  }

  @BeforeEach
  void haveImages() {
    name(ORIGIN);
  }

  private static Trainer trainer() {
    return trainer(false);
  }

  private static Trainer trainer(boolean spreadsWeights) {
    List<String> devices = List.of(cluster.device(0, "CPU:0"), cluster.device(1, "CPU:0"));
    BatchCut parts = new BatchCut(MACHINES, false, devices, 0, false);
    TrainingSettings settings =
        new TrainingSettings(
            new Mlp(List.of(8)),
            BaseOptimizer.MOMENTUM,
            0.1f,
            0.5f,
            Optional.of(SamSettings.of(0.05f).with(parts)),
            1,
            BATCH,
            1);
    Duration patience = Duration.ofMillis(100);
    return new Trainer(
        DATA, settings, 0.05f, Machines.of(cluster, ORIGIN, patience, spreadsWeights));
  }

  /** Says what the images of the machine were read from. */
  private static void name(String origin) {
    set("samtf_origin", origin);
  }

  private static void set(String sharedName, String value) {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph).withDevice(cluster.deviceSpec(0, "CPU:0"));
      var variable = tf.variable(Shape.scalar(), TString.class, Variable.sharedName(sharedName));
      var assign = tf.assign(variable, tf.constant(value));
      try (Session session = cluster.ownSession(graph)) {
        session.run(assign);
      }
    }
  }

  private void save(Trainer trainer) throws IOException {
    for (Checkpointed part : trainer.state()) {
      part.save(Files.createTempDirectory(directory, "part"));
    }
  }

  /** As if a step that had failed came to its update all the same, on a machine with weights. */
  @ParameterizedTest
  @CsvSource({"false,0", "true,0", "true,1"})
  void savesNothingThatAStrayUpdateMayHaveChanged(boolean spreadsWeights, int task)
      throws IOException {
    try (Trainer trainer = trainer(spreadsWeights)) {
      trainer.train(TrainingListener.NONE);
      save(trainer);
      try (Graph graph = new Graph()) {
        Ops tf = Ops.create(graph).withDevice(cluster.deviceSpec(task, "CPU:0"));
        Variable<TInt64> begun =
            tf.variable(Shape.scalar(), TInt64.class, Variable.sharedName(UpdateCount.SHARED_NAME));
        var late = tf.assignAdd(begun, tf.constant(1L));
        try (Session session = cluster.withTask(task).ownSession(graph)) {
          session.run(late);
        }
      }
      long steps = trainer.position().step();
      assertThatThrownBy(() -> save(trainer))
          .isInstanceOf(StrayUpdateException.class)
          .hasMessageContaining((steps + 1) + " updates")
          .hasMessageContaining(steps + " steps were taken");
      assertThatThrownBy(() -> trainer.export(directory.resolve("model")))
          .isInstanceOf(StrayUpdateException.class);
      assertThat(directory.resolve("model")).doesNotExist();
    }
  }

  /** What each machine's update reads is there, and counted there. */
  @Test
  void noGradientOfSpreadWeightsGoesThroughTheFirstMachine() {
    try (Trainer trainer = trainer(true)) {
      Set<String> homes = new HashSet<>();
      trainer
          .graph()
          .operations()
          .forEachRemaining(
              op -> {
                if (op.type().equals("ApplyMomentum")) {
                  GraphOperation variable = (GraphOperation) op.input(0).op();
                  GraphOperation counted = (GraphOperation) op.input(3).op();
                  assertThat(counted.type()).isEqualTo("IdentityN");
                  assertThat(counted.device()).as(op.name()).isEqualTo(variable.device());
                  assertThat(counted.inputs())
                      .allMatch(in -> ((GraphOperation) in.op()).device().equals(counted.device()));
                  homes.add(variable.device());
                }
              });
      assertThat(homes).hasSize(MACHINES);
    }
  }

  /** A machine that is started anew does not have what was there. */
  @Test
  void weightsInMemoryAreGoneOnWithOnTheFirstMachineOnly() {
    for (boolean spreadsWeights : new boolean[] {false, true}) {
      try (Trainer trainer = trainer(spreadsWeights)) {
        assertThat(trainer.isCountProof()).isEqualTo(!spreadsWeights);
      }
    }
  }

  @Test
  void aMachineWithOtherImagesIsRefused() {
    name("other images");
    assertThatThrownBy(() -> trainer())
        .isInstanceOf(InputException.class)
        .hasMessageContaining("machine 0 has read other images than this one");
    name("");
    assertThatThrownBy(() -> trainer())
        .isInstanceOf(InputException.class)
        .hasMessageContaining("machine 0 has no images yet");
  }

  /** To try again is useless, so that is not the end of a machine that is lost. */
  @Test
  void anotherTensorFlowIsBadInput() {
    set("samtf_task_identity", "2.10.1 another");
    try {
      assertThatThrownBy(() -> trainer())
          .isInstanceOf(InputException.class)
          .hasMessageContaining("another TensorFlow in worker 0 at localhost:")
          .hasMessageContaining("expected the same TensorFlow Java 1.x on all machines")
          .message()
          .hasLineCount(1);
    } finally {
      set("samtf_task_identity", TensorFlow.version() + " again");
    }
  }
}
