package org.samtf.examples.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.examples.data.CifarFiles;
import org.samtf.examples.data.IdxFiles;
import org.samtf.examples.failure.ExitCode;

/** The command {@code train} on several machines. */
class SeveralMachinesTest {

  @TempDir private Path directory;

  private MachineProcesses machines;

  @BeforeEach
  void prepare() {
    machines = new MachineProcesses(directory);
  }

  @AfterEach
  void stop() {
    machines.close();
  }

  /** A worker is killed in the middle, and started again as a launcher does. */
  @Test
  void aLostWorkerChangesNoBit() throws Exception {
    String cluster = MachineProcesses.addresses(2);
    machines.start(cluster, 0, "quiet");
    machines.start(cluster, 1, "quiet");
    String other = MachineProcesses.addresses(2);
    TrainProcess chief = machines.start(other, 0, "killed");
    TrainProcess lost = machines.start(other, 1, "killed");
    chief.await(() -> machines.steps("killed") >= 12);
    lost.kill();
    TrainProcess again = machines.start(other, 1, "killed");
    assertThat(chief.exitCode()).as(chief.err()).isEqualTo(ExitCode.OK);
    assertThat(again.exitCode()).as(again.err()).isEqualTo(ExitCode.OK);
    assertThat(chief.err())
        .contains("worker 1 at " + other.split(",")[1])
        .contains("waiting for it");

    assertThat(machines.report("killed")).isEqualTo(machines.report("quiet"));
    assertThat(machines.weights("killed")).hasSameBinaryContentAs(machines.weights("quiet"));
  }

  /**
   * Each machine has the files in a directory of its own, and trains on images that it has read.
   */
  @ParameterizedTest
  @ValueSource(strings = {"idx", "cifar"})
  void readsDataFiles(String kind) throws Exception {
    String cluster = MachineProcesses.addresses(2);
    machines.with("--learning-rate", "0.05").with("--batch-size", "20").with("--epochs", "10");
    List<TrainProcess> all = new ArrayList<>();
    for (int task = 0; task < 2; task++) {
      Path files = Files.createDirectory(directory.resolve("files" + task));
      if (kind.equals("idx")) {
        IdxFiles.writeRows(files, 10, 5, 200, 50);
      } else {
        CifarFiles.writeRows10(files, 50);
      }
      machines.with("--data", files.toString());
      all.add(machines.start(cluster, task, kind));
    }
    for (TrainProcess machine : all) {
      assertThat(machine.exitCode()).as(machine.err()).isEqualTo(ExitCode.OK);
    }
    // Images and labels that do not go together would leave it at one of the classes.
    JsonNode last = machines.report(kind).at("/result/epochs/9/test/accuracy");
    assertThat(last.asDouble()).isGreaterThan(0.9);
  }

  @Tag("long")
  @Test
  void stopsWithACodeThatLaunchersTryAgain() throws Exception {
    machines.with("--on-lost-worker", "stop");
    String cluster = MachineProcesses.addresses(2);
    TrainProcess chief = machines.start(cluster, 0, "stopped");
    TrainProcess worker = machines.start(cluster, 1, "stopped");
    chief.await(() -> machines.steps("stopped") >= 3);
    worker.kill();
    assertThat(chief.exitCode()).as(chief.err()).isEqualTo(ExitCode.LOST_MACHINE);
    assertThat(chief.err()).contains("no answer from worker 1 at " + cluster.split(",")[1]);
  }
}
