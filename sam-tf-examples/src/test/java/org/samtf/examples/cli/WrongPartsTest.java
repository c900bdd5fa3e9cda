package org.samtf.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samtf.examples.failure.ExitCode;
import org.samtf.examples.files.DurableFiles;
import org.samtf.examples.files.Sha256;

/**
 * Checkpoints whose digests are right and whose parts are wrong, field by field: as another program
 * could have written them, or an error of ours.
 */
class WrongPartsTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Nothing that comes depends on them. */
  private static final Set<String> FREE =
      Set.of(
          "manifest.json/savedAt",
          "manifest.json/origin/platform",
          "record.json/seconds",
          "record.json/resumptions",
          "record.json/lossSumOfEpoch",
          // Any number up to that of the steps.
          "record.json/secondPasses",
          "record.json/skipped",
          "record.json/epochs",
          "clock.json");

  private static List<JsonNode> insteadOf(JsonNode node) {
    JsonNodeFactory values = JsonNodeFactory.instance;
    return node.isNumber()
        ? List.of(values.nullNode(), values.numberNode(2147483648L), values.numberNode(3))
        : List.of(values.nullNode(), values.textNode("x"));
  }

  @TempDir private Path directory;

  private String[] train(String checkpoints) {
    return new String[] {
      "train",
      "--hidden=2",
      "--epochs=2",
      "--batch-size=256",
      "--checkpoint-every=5",
      "--keep-checkpoints=9",
      "--resume",
      "--checkpoints=" + directory.resolve(checkpoints),
    };
  }

  @Test
  void areRefusedInALine() throws IOException {
    assertThat(CommandLineFixture.run(train("whole")).exitCode()).isZero();
    Path whole = directory.resolve("whole/step-000000000005-epochs-1");
    assertThat(whole).isDirectory();
    Map<String, String> wrong = new TreeMap<>();
    int count = 0;
    for (String file : List.of("manifest.json", "record.json", "order.json", "clock.json")) {
      JsonNode root = JSON.readTree(whole.resolve(file).toFile());
      for (List<String> path : paths(root, List.of())) {
        for (JsonNode value : insteadOf(at(root, path))) {
          JsonNode changed = with(root, path, value);
          if (!changed.equals(root)) {
            count++;
            String name = file + (path.isEmpty() ? "" : "/" + String.join("/", path));
            String said = resume(whole, file, changed, name);
            if (said != null) {
              wrong.put(name + " = " + value, said);
            }
          }
        }
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(count).isGreaterThan(60);
  }

  /** What came of it, if it is not as it should be. */
  private String resume(Path whole, String file, JsonNode changed, String name) throws IOException {
    Path checkpoints = directory.resolve("changed");
    DurableFiles.deleteDirectory(checkpoints);
    Path checkpoint = Files.createDirectories(checkpoints.resolve(whole.getFileName()));
    try (Stream<Path> files = Files.list(whole)) {
      for (Path original : (Iterable<Path>) files::iterator) {
        Files.copy(original, checkpoint.resolve(original.getFileName()));
      }
    }
    JSON.writeValue(checkpoint.resolve(file).toFile(), changed);
    if (!file.equals("manifest.json")) {
      ObjectNode manifest =
          (ObjectNode) JSON.readTree(checkpoint.resolve("manifest.json").toFile());
      ObjectNode entry = (ObjectNode) manifest.at("/files").get(file);
      entry.put("size", Files.size(checkpoint.resolve(file)));
      entry.put("sha256", Sha256.of(checkpoint.resolve(file)));
      JSON.writeValue(checkpoint.resolve("manifest.json").toFile(), manifest);
    }
    Files.writeString(
        checkpoint.resolve("manifest.json.sha256"),
        Sha256.of(checkpoint.resolve("manifest.json")) + "  manifest.json\n");

    var run = CommandLineFixture.run(train("changed"));
    if (run.exitCode() == ExitCode.OK && FREE.stream().anyMatch(name::startsWith)) {
      return null;
    }
    List<String> lines = run.err().lines().toList();
    boolean isSaid =
        run.exitCode() == ExitCode.BAD_INPUT
            && lines.size() <= 2
            && !run.err().contains("Exception")
            && !run.err().contains("unexpected");
    return isSaid ? null : run.exitCode() + ": " + run.err();
  }

  private static List<List<String>> paths(JsonNode node, List<String> path) {
    List<List<String>> paths = new ArrayList<>();
    paths.add(path);
    if (path.equals(List.of("origin", "settings"))) {
      return paths; // each setting is compared
    }
    node.fields()
        .forEachRemaining(
            field -> paths.addAll(paths(field.getValue(), and(path, field.getKey()))));
    if (node.isArray() && !node.isEmpty()) {
      paths.addAll(paths(node.get(0), and(path, "0")));
    }
    return paths;
  }

  private static JsonNode at(JsonNode root, List<String> path) {
    return path.isEmpty() ? root : root.at("/" + String.join("/", path));
  }

  private static List<String> and(List<String> path, String name) {
    List<String> longer = new ArrayList<>(path);
    longer.add(name);
    return longer;
  }

  private static JsonNode with(JsonNode node, List<String> path, JsonNode value) {
    if (path.isEmpty()) {
      return value;
    }
    JsonNode copy = node.deepCopy();
    List<String> rest = path.subList(1, path.size());
    if (copy instanceof ArrayNode array) {
      int index = Integer.parseInt(path.get(0));
      array.set(index, with(node.get(index), rest, value));
    } else {
      ((ObjectNode) copy).set(path.get(0), with(node.get(path.get(0)), rest, value));
    }
    return copy;
  }
}
