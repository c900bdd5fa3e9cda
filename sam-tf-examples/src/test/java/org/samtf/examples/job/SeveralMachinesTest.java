package org.samtf.examples.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samtf.examples.failure.ExitCode;

/** The command {@code train} on several machines, which are processes here. */
class SeveralMachinesTest {

  @TempDir private Path directory;

  private final List<TrainProcess> machines = new ArrayList<>();

  private static String addresses(int count) throws IOException {
    List<ServerSocket> sockets = new ArrayList<>();
    List<String> addresses = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
      addresses.add("localhost:" + sockets.get(i).getLocalPort());
    }
    for (ServerSocket socket : sockets) {
      socket.close();
    }
    return String.join(",", addresses);
  }

  private List<String> arguments(String cluster, int task, String run, String... more) {
    Path to = directory.resolve(run);
    Map<String, String> options = new TreeMap<>();
    options.put("--cluster", cluster);
    options.put("--task", String.valueOf(task));
    options.put("--hidden", "16");
    options.put("--epochs", "2");
    options.put("--batch-size", "60");
    options.put("--checkpoints", to.resolve("checkpoints").toString());
    options.put("--checkpoint-every", "5");
    options.put("--start-timeout", "90");
    options.put("--out", to.toString());
    options.put("--export", to.resolve("model").toString());
    options.put("--log", to.resolve("log.jsonl").toString());
    options.put("--log-every", "1");
    for (int i = 0; i < more.length; i += 2) {
      options.put(more[i], more[i + 1]);
    }
    List<String> arguments = new ArrayList<>(List.of("--resume"));
    options.forEach((name, value) -> arguments.addAll(List.of(name, value)));
    return arguments;
  }

  private TrainProcess start(String cluster, int task, String run, String... more)
      throws IOException {
    Path err = directory.resolve(run + "-" + task + "-" + machines.size() + ".txt");
    TrainProcess machine = TrainProcess.start(err, arguments(cluster, task, run, more));
    machines.add(machine);
    return machine;
  }

  private JsonNode report(String run) throws IOException {
    Path file = directory.resolve(run).resolve("train.json");
    JsonNode report = new ObjectMapper().readTree(file.toFile());
    ((ObjectNode) report).remove("time");
    ((ObjectNode) report.get("result")).remove("stepMillis");
    return report;
  }

  private int steps(String run) {
    try {
      Path log = directory.resolve(run).resolve("log.jsonl");
      return (int)
          Files.readString(log).lines().filter(l -> l.contains("\"event\":\"step\"")).count();
    } catch (IOException e) {
      return 0;
    }
  }

  @AfterEach
  void stop() {
    machines.forEach(TrainProcess::close);
  }

  /** A worker is killed in the middle, and started again as a launcher does. */
  @Test
  void aLostWorkerChangesNoBit() throws Exception {
    String cluster = addresses(2);
    TrainProcess quiet = start(cluster, 0, "quiet");
    TrainProcess worker = start(cluster, 1, "quiet");
    String other = addresses(2);
    TrainProcess chief = start(other, 0, "killed");
    TrainProcess lost = start(other, 1, "killed");
    chief.await(() -> steps("killed") >= 12);
    lost.kill();
    TrainProcess again = start(other, 1, "killed");
    assertThat(chief.exitCode()).as(chief.err()).isEqualTo(ExitCode.OK);
    assertThat(again.exitCode()).as(again.err()).isEqualTo(ExitCode.OK);
    assertThat(chief.err())
        .contains("worker 1 at " + other.split(",")[1])
        .contains("waiting for it");

    assertThat(report("killed")).isEqualTo(report("quiet"));
    Path variables = Path.of("model", "variables", "variables.data-00000-of-00001");
    assertThat(directory.resolve("killed").resolve(variables))
        .hasSameBinaryContentAs(directory.resolve("quiet").resolve(variables));
  }

  @Tag("long")
  @Test
  void stopsWithACodeThatLaunchersTryAgain() throws Exception {
    String cluster = addresses(2);
    TrainProcess chief = start(cluster, 0, "stopped", "--on-lost-worker", "stop");
    TrainProcess worker = start(cluster, 1, "stopped", "--on-lost-worker", "stop");
    chief.await(() -> steps("stopped") >= 3);
    worker.kill();
    assertThat(chief.exitCode()).as(chief.err()).isEqualTo(ExitCode.LOST_MACHINE);
    assertThat(chief.err()).contains("no answer from worker 1 at " + cluster.split(",")[1]);
  }
}
