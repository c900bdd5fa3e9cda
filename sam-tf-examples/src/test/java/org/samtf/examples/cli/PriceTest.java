package org.samtf.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.samtf.examples.failure.ExitCode;

class PriceTest {

  @TempDir private Path directory;

  private CommandLineFixture.Run run(String more) {
    return price(
        "run --hidden 8 --epochs 2 --batch-size 256 --learning-rates 0.05 --momenta 0,0.9"
            + " --rhos 0.05,0.1 --tuning-seeds 1 "
            + more);
  }

  private CommandLineFixture.Run price(String options) {
    List<String> all = new ArrayList<>(List.of("price"));
    all.addAll(List.of(options.split(" ")));
    all.add("--out=" + directory.resolve("out"));
    return CommandLineFixture.run(all.toArray(String[]::new));
  }

  /** Two contestants: two settings to choose from each, then a seed; then one seed more. */
  @Test
  void runsWhatIsMissingAndReports() throws IOException {
    String common = "--contestants base,every-5 --labels noisy --seeds ";

    var first = run(common + 1);
    var second = run(common + 2);
    var report = price("report");

    assertThat(first.exitCode()).as(first.err()).isEqualTo(ExitCode.OK);
    assertThat(first.out())
        .contains("wrong labels, tuning: 4 runs, of which 0 were there")
        .contains("wrong labels, comparison: 2 runs, of which 0 were there");
    assertThat(second.out())
        .contains("wrong labels, tuning: 4 runs, of which 4 were there")
        .contains("wrong labels, comparison: 4 runs, of which 2 were there");
    Path out = directory.resolve("out");
    List<String> lines = Files.readAllLines(out.resolve("price.jsonl"));
    assertThat(lines).hasSize(1 + 4 + 4);
    for (String line : lines.subList(1, lines.size())) {
      JsonNode node = new ObjectMapper().readTree(line);
      // Settings are chosen without a look at the test images.
      assertThat(node.get("testAccuracy").isNumber()).isNotEqualTo(node.get("tuning").asBoolean());
      assertThat(node.get("steps").asInt()).isEqualTo(8);
    }
    assertThat(report.exitCode()).as(report.err()).isEqualTo(ExitCode.OK);
    assertThat(report.out())
        .contains("40 % wrong labels, 2 seeds", "| base |", "| every-5 |", "25 %");
    assertThat(report.out()).startsWith(Files.readString(out.resolve("price.md")));
    JsonNode json = new ObjectMapper().readTree(out.resolve("price.json").toFile());
    assertThat(json.at("/rows")).hasSize(2);
    assertThat(json.at("/rows/1/againstBase").asText()).startsWith("too few seeds to tell: 2");
    assertThat(json.at("/timesAreMeasured").asBoolean()).isFalse();
    assertThat(ImageIO.read(out.resolve("price.png").toFile()).getWidth()).isGreaterThan(1000);

    Files.delete(out.resolve("price.png"));
    Files.write(out.resolve("price.jsonl"), lines.subList(0, 1 + 3));
    assertThat(price("report").out())
        .contains(
            "wrong labels, not compared yet: base (2 of 2 runs to choose settings by),"
                + " every-5 (1 of 2 runs to choose settings by)");
    assertThat(out.resolve("price.png")).doesNotExist();
  }

  @Test
  void baseTwiceHasTwiceTheSteps() throws IOException {
    var run = run("--contestants base-twice --labels clean --seeds 1");

    assertThat(run.exitCode()).as(run.err()).isEqualTo(ExitCode.OK);
    String last = Files.readAllLines(directory.resolve("out/price.jsonl")).get(3);
    assertThat(new ObjectMapper().readTree(last).get("steps").asInt()).isEqualTo(16);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "run --epochs 0 | --epochs is 0",
        "run --seeds 0 | --seeds is 0; expected 1 to 1000",
        "run --tuning-seeds 0 | --tuning-seeds is 0",
        "run --contestants swam | no contestant 'swam'; expected base, sam, asam",
        "run --labels dirty | --labels has 'dirty'; expected clean, noisy or both",
        "run --momenta 0,0.9 | --momenta has 2 values and --rhos 5; expected as many of both",
        "run --momenta 1 | --momenta is 1.0",
        "run --rhos 0 | --rhos is 0.0",
        "run --learning-rates 0 | --learning-rates is 0.0",
        "run --batch-size 2000 | --batch-size is 2000; expected at most the 1078",
        "run --images 0 | --images is 0",
        "run --data nowhere | data 'nowhere' is not a directory",
        "report | expected the runs of \"price run\"",
      })
  void saysWhatIsWrong(String options, String message) {
    BadInputTest.assertBadInput(price(options), message);
    assertThat(directory.resolve("out")).doesNotExist();
  }

  @Test
  void needsACommand() {
    BadInputTest.assertBadInput(
        CommandLineFixture.run("price"), "no command of price; expected run or report");
  }
}
