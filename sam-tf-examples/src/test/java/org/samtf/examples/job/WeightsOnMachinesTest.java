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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samtf.examples.failure.ExitCode;

/** Where the weights of {@code train} on several machines are; the machines are processes here. */
class WeightsOnMachinesTest {

  private static final Path VARIABLES =
      Path.of("model", "variables", "variables.data-00000-of-00001");

  @TempDir private Path directory;

  private final List<TrainProcess> processes = new ArrayList<>();

  /** Three tasks: a chief, a worker, and another worker or a parameter server. */
  private final class Machines {
    final String run;
    final String lastJob;
    final List<String> addresses = new ArrayList<>();
    final List<String> more;

    Machines(String run, String lastJob, String... more) throws IOException {
      this.run = run;
      this.lastJob = lastJob;
      this.more = List.of(more);
      List<ServerSocket> sockets = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
        addresses.add("\"localhost:" + sockets.get(i).getLocalPort() + "\"");
      }
      for (ServerSocket socket : sockets) {
        socket.close();
      }
    }

    TrainProcess start(int task) throws IOException {
      boolean hasServer = lastJob.equals("ps");
      String workers = addresses.get(1) + (hasServer ? "" : ", " + addresses.get(2));
      String servers = hasServer ? ", \"ps\": [" + addresses.get(2) + "]" : "";
      String own =
          task == 0
              ? "\"chief\", \"index\": 0"
              : task == 1
                  ? "\"worker\", \"index\": 0"
                  : "\"" + lastJob + "\", \"index\": " + (hasServer ? 0 : 1);
      String config =
          "{\"cluster\": {\"chief\": [%s], \"worker\": [%s]%s}, \"task\": {\"type\": %s}}"
              .formatted(addresses.get(0), workers, servers, own);
      List<String> arguments = new ArrayList<>(List.of("--cluster", "environment", "--resume"));
      arguments.addAll(List.of("--hidden", "16", "--epochs", "2", "--batch-size", "60"));
      Path to = directory.resolve(run);
      arguments.addAll(List.of("--checkpoints", to.resolve("checkpoints").toString()));
      arguments.addAll(List.of("--checkpoint-every", "5", "--start-timeout", "120"));
      arguments.addAll(List.of("--out", to.toString(), "--export", to.resolve("model").toString()));
      arguments.addAll(List.of("--log", to.resolve("log.jsonl").toString(), "--log-every", "1"));
      arguments.addAll(more);
      Path err = directory.resolve(run + "-" + task + "-" + processes.size() + ".txt");
      TrainProcess process = TrainProcess.start(err, Map.of("TF_CONFIG", config), arguments);
      processes.add(process);
      return process;
    }

    List<TrainProcess> start() throws IOException {
      return List.of(start(0), start(1), start(2));
    }
  }

  @AfterEach
  void stop() {
    processes.forEach(TrainProcess::close);
  }

  private static void assertDone(List<TrainProcess> machines) throws InterruptedException {
    for (TrainProcess machine : machines) {
      assertThat(machine.exitCode()).as(machine.err()).isEqualTo(ExitCode.OK);
    }
  }

  private JsonNode report(String run) throws IOException {
    Path file = directory.resolve(run).resolve("train.json");
    JsonNode report = new ObjectMapper().readTree(file.toFile());
    ((ObjectNode) report).remove("time");
    ((ObjectNode) report.get("result")).remove("stepMillis");
    return report;
  }

  private int steps(String run) {
    try (var lines = Files.lines(directory.resolve(run).resolve("log.jsonl"))) {
      return (int) lines.filter(line -> line.contains("\"event\":\"step\"")).count();
    } catch (IOException e) {
      return 0;
    }
  }

  private void assertSame(String run, String other) throws IOException {
    assertThat(report(run)).isEqualTo(report(other));
    assertThat(directory.resolve(run).resolve(VARIABLES))
        .hasSameBinaryContentAs(directory.resolve(other).resolve(VARIABLES));
  }

  /** Also where a machine is lost with its share: that is there again from the checkpoint. */
  @Test
  void spreadWeightsAreTheSameBits() throws Exception {
    assertDone(new Machines("chief", "worker", "--weights", "chief").start());

    Machines machines = new Machines("spread", "worker", "--weights", "spread");
    List<TrainProcess> spread = new ArrayList<>(machines.start());
    spread.get(0).await(() -> steps("spread") >= 12);
    spread.get(2).kill();
    spread.set(2, machines.start(2));
    assertDone(spread);
    assertThat(spread.get(0).err()).contains("worker 1 at ").contains("waiting for it");
    assertSame("spread", "chief");
  }

  @Test
  void aParameterServerHoldsTheWeightsAndReadsNoData() throws Exception {
    Machines machines = new Machines("server", "ps");
    List<TrainProcess> server = new ArrayList<>(machines.start());
    server.get(0).await(() -> steps("server") >= 12);
    server.get(2).kill();
    server.set(2, machines.start(2));
    assertDone(server);
    assertThat(server.get(2).err())
        .contains("parameter server 0 of 1 serves")
        .doesNotContain("images");
    assertThat(server.get(0).err()).contains("ps 0 at ").contains("waiting for it");

    assertDone(new Machines("quiet", "ps", "--weights", "spread").start());
    assertSame("server", "quiet");
  }

  @Test
  void weightsCannotBeOnTheChiefAndOnServers() throws Exception {
    TrainProcess chief = new Machines("both", "ps", "--weights", "chief").start(0);
    assertThat(chief.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(chief.err()).contains("--weights chief is given, and the cluster has parameter");
  }
}
