package org.samtf.examples.job;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The command {@code train} on several machines, which are processes here. */
final class MachineProcesses implements AutoCloseable {

  private static final Pattern STEP = Pattern.compile("\"event\":\"step\",\"step\":(\\d+),");
  private static final int TAIL = 2000;

  private final Path directory;
  private final Map<String, String> options = new TreeMap<>();
  private final List<TrainProcess> started = new ArrayList<>();

  /**
   * Prepares to start machines.
   *
   * @param directory where runs, and what machines say, go
   */
  MachineProcesses(Path directory) {
    this.directory = directory;
    with("--hidden", "16");
    with("--epochs", "2");
    with("--batch-size", "60");
    with("--checkpoint-every", "5");
    with("--start-timeout", "90");
    with("--log-every", "1");
  }

  /** Has all machines that are started from now on get an option. */
  MachineProcesses with(String option, String value) {
    options.put(option, value);
    return this;
  }

  /** Addresses that nobody uses, with commas between. */
  static String addresses(int count) throws IOException {
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

  /** Starts one of them, with the same command however often. */
  TrainProcess start(String cluster, int task, String run) throws IOException {
    Path to = directory.resolve(run);
    Map<String, String> all = new TreeMap<>(options);
    all.put("--cluster", cluster);
    all.put("--task", String.valueOf(task));
    all.put("--checkpoints", checkpoints(run).toString());
    all.put("--out", to.toString());
    all.put("--export", model(run).toString());
    all.put("--log", to.resolve("log.jsonl").toString());
    List<String> arguments = new ArrayList<>(List.of("--resume"));
    all.forEach((name, value) -> arguments.addAll(List.of(name, value)));
    Path err = directory.resolve(run + "-" + task + "-" + started.size() + ".txt");
    TrainProcess machine = TrainProcess.start(err, arguments);
    started.add(machine);
    return machine;
  }

  Path checkpoints(String run) {
    return directory.resolve(run).resolve("checkpoints");
  }

  Path model(String run) {
    return directory.resolve(run).resolve("model");
  }

  /** The weights, and all else that is saved of a model. */
  Path weights(String run) {
    return model(run).resolve(Path.of("variables", "variables.data-00000-of-00001"));
  }

  /** What came out, without what time decides. */
  JsonNode report(String run) throws IOException {
    Path file = directory.resolve(run).resolve("train.json");
    JsonNode report = new ObjectMapper().readTree(file.toFile());
    ((ObjectNode) report).remove("time");
    ((ObjectNode) report.get("result")).remove("stepMillis");
    return report;
  }

  Path log(String run) {
    return directory.resolve(run).resolve("log.jsonl");
  }

  /** How many steps a run has taken. */
  int steps(String run) {
    if (!Files.exists(log(run))) {
      return 0;
    }
    try (RandomAccessFile file = new RandomAccessFile(log(run).toFile(), "r")) {
      byte[] tail = new byte[(int) Math.min(TAIL, file.length())];
      file.seek(file.length() - tail.length);
      file.readFully(tail);
      Matcher step = STEP.matcher(new String(tail, StandardCharsets.UTF_8));
      int steps = 0;
      while (step.find()) {
        steps = Integer.parseInt(step.group(1));
      }
      return steps;
    } catch (IOException e) {
      return 0;
    }
  }

  @Override
  public void close() {
    started.forEach(TrainProcess::close);
  }
}
