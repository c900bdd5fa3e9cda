package org.samtf.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** The templates in docs/jobs say what the command understands. */
class JobTemplatesTest {

  private static final Pattern OPTION = Pattern.compile("(?<=[\\s\\[])--[a-z-]+");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "slurm.sh",
        "kubernetes.yaml",
        "sam-train.service",
        "slurm-cluster.sh",
        "kubernetes-cluster.yaml",
        "jobset.yaml",
        "tfjob.yaml"
      })
  void haveNoUnknownOption(String name) throws IOException {
    Path file = Path.of("../docs/jobs").resolve(name);
    Set<String> used = new TreeSet<>();
    for (String line : Files.readAllLines(file)) {
      Matcher matcher = OPTION.matcher(line);
      while (!line.startsWith("#") && !line.startsWith("srun ") && matcher.find()) {
        used.add(matcher.group());
      }
    }

    assertThat(used).contains("--checkpoints", "--resume", "--require-gpu", "--export");
    assertThat(new CommandLine(new TrainCommand()).getCommandSpec().optionsMap().keySet())
        .containsAll(used);
  }
}
