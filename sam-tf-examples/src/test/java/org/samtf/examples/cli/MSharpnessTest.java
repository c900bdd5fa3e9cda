package org.samtf.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.samtf.examples.data.IdxFiles;
import org.samtf.examples.failure.ExitCode;

class MSharpnessTest {

  @TempDir private Path directory;

  @Test
  void printsTablesAndWritesFiguresAndCharts() throws IOException {
    Path out = directory.resolve("new/out");

    var run =
        CommandLineFixture.run(
            "m-sharpness", "--quick", "--max-loss", "0.5", "--out", out.toString());

    assertThat(run.err()).isEmpty();
    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(run.out())
        .contains("clean labels")
        .contains("40 % wrong labels")
        .contains("momentum alone")
        .contains("m = 1 ")
        .contains("Kendall's tau")
        .contains("training loss")
        .contains("40 % wrong labels: too few seeds to tell: 2; take at least 5")
        .contains("error gap: too few seeds to tell: 2; take at least 5")
        .doesNotContain("NaN");
    JsonNode figures = new ObjectMapper().readTree(out.resolve("m-sharpness.json").toFile());
    assertThat(figures.at("/sweeps")).hasSize(2);
    assertThat(figures.at("/sweeps/0/points")).hasSize(1 + 3 * 2);
    assertThat(figures.at("/sweeps/0/runs")).hasSize(2 * (1 + 3 * 2));
    assertThat(figures.at("/networks")).hasSize(2 * 3 * 2);
    assertThat(figures.at("/networks/0/sharpness/1").asDouble()).isPositive();
    assertThat(figures.at("/correlations")).hasSize(2 * (3 + 1));
    assertThat(figures.at("/correlations/0/kendallTau/tau").asDouble()).isBetween(-1.0, 1.0);
    BufferedImage charts = ImageIO.read(out.resolve("m-sharpness.png").toFile());
    // Both sweeps side by side, and the correlations below.
    assertThat(3 * charts.getWidth()).isEqualTo(4 * charts.getHeight());
  }

  @Test
  void saysThatTooFewNetworksAreLeft() throws IOException {
    Path out = directory.resolve("out");

    var run =
        CommandLineFixture.run(
            "m-sharpness", "--quick", "--seeds", "1", "--max-epochs", "1", "--out", out.toString());

    assertThat(run.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(run.err().strip())
        .startsWith("too few networks")
        .contains("--max-epochs")
        .hasLineCount(1);
    assertThat(run.out()).contains("one seed shows nothing").doesNotContain("NaN");
    JsonNode figures = new ObjectMapper().readTree(out.resolve("m-sharpness.json").toFile());
    assertThat(figures.at("/sweeps")).hasSize(2);
    assertThat(figures.at("/correlations")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "--seeds,0",
    "--seeds,1001",
    "--images,255",
    "--learning-rate,0.0",
    "--max-loss,0.0",
    "--max-loss,NaN",
    "--max-epochs,0",
    "--sharpness-rho,0.0",
    "--sharpness-rho,Infinity"
  })
  void refusesOddNumbers(String option, String value) {
    Path out = directory.resolve("out");

    var run =
        CommandLineFixture.run("m-sharpness", "--quick", option, value, "--out", out.toString());

    BadInputTest.assertBadInput(run, option + " is " + value);
    assertThat(out).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource({"--quick", "--seeds=2"})
  void refusesASetThatDoesNotFillABatchOfEachSize(String option) {
    Path data = IdxFiles.write(directory, 4, 3);
    Path out = directory.resolve("out");

    var run =
        CommandLineFixture.run(
            "m-sharpness", option, "--data", data.toString(), "--out", out.toString());

    BadInputTest.assertBadInput(run, "training images; expected at least 256");
    assertThat(out).doesNotExist();
  }

  @Test
  void refusesAFileAsOutput() throws IOException {
    Path file = Files.writeString(directory.resolve("file"), "");

    var run = CommandLineFixture.run("m-sharpness", "--out", file.toString());

    BadInputTest.assertBadInput(run, "which is not a directory");
  }
}
