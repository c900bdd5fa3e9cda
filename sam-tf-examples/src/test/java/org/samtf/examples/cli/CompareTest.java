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
import org.samtf.examples.failure.ExitCode;

class CompareTest {

  @TempDir private Path directory;

  @Test
  void printsATableAndWritesFiguresAndCurves() throws IOException {
    Path out = directory.resolve("new/out");

    var run =
        CommandLineFixture.run("compare", "--seeds", "2", "--epochs", "2", "--out", out.toString());

    assertThat(run.err()).isEmpty();
    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(run.out())
        .contains("test accuracy")
        .contains("clean labels, base")
        .contains("40 % wrong labels, SAM")
        .contains("SAM - base:")
        .contains("clean labels, at the end: too few seeds to tell: 2; take at least 5");
    JsonNode figures = new ObjectMapper().readTree(out.resolve("compare.json").toFile());
    assertThat(figures.at("/sides")).hasSize(4);
    assertThat(figures.at("/runs")).hasSize(8);
    assertThat(figures.at("/sides/1/settings/sam/rho").asDouble()).isPositive();
    assertThat(figures.at("/sides/0/settings/sam").isNull()).isTrue();
    assertThat(figures.at("/sides/3/testAccuracyByEpoch")).hasSize(2);
    BufferedImage chart = ImageIO.read(out.resolve("compare.png").toFile());
    assertThat(chart.getWidth()).isGreaterThan(2 * chart.getHeight());
  }

  @ParameterizedTest
  @CsvSource({"--seeds,0", "--seeds,1001", "--epochs,0"})
  void refusesOddNumbers(String option, String value) {
    Path out = directory.resolve("out");

    var run = CommandLineFixture.run("compare", option, value, "--out", out.toString());

    BadInputTest.assertBadInput(run, option + " is " + value);
    assertThat(out).doesNotExist();
  }

  @Test
  void trainsBothSidesWithEqualSettings() throws IOException {
    Path out = directory.resolve("out");

    var run =
        CommandLineFixture.run(
            "compare", "--equal-settings", "--seeds=1", "--epochs=1", "--out", out.toString());

    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    JsonNode figures = new ObjectMapper().readTree(out.resolve("compare.json").toFile());
    for (int side = 0; side < 4; side++) {
      assertThat(figures.at("/sides/" + side + "/settings/learningRate").asDouble())
          .isEqualTo(0.05);
    }
  }

  @Test
  void refusesTwoChoicesOfSettings() {
    var run = CommandLineFixture.run("compare", "--clean-settings", "--equal-settings");

    BadInputTest.assertBadInput(run, "--clean-settings is given with --equal-settings");
  }

  @Test
  void refusesAFileAsOutput() throws IOException {
    Path file = Files.writeString(directory.resolve("file"), "");

    var run = CommandLineFixture.run("compare", "--out", file.toString());

    BadInputTest.assertBadInput(run, "which is not a directory");
  }
}
