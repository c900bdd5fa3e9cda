package org.samtf.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.examples.data.IdxFiles;
import org.samtf.examples.failure.ExitCode;

class TrainAndPredictTest {

  @TempDir private Path directory;

  @ParameterizedTest
  @CsvSource({"mlp,80", "cnn,60"})
  void anExportedModelPredictsAsTheTrainedOneDid(String model, double atLeast) {
    String export = directory.resolve("model").toString();

    var trained =
        CommandLineFixture.run("train", "--model", model, "--epochs", "2", "--export", export);
    var predicted = CommandLineFixture.run("predict", "--model", export);

    assertThat(trained.err()).isEmpty();
    assertThat(predicted.err()).isEmpty();
    assertThat(predicted.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(accuracy(predicted.out())).isEqualTo(accuracy(trained.out()));
    assertThat(accuracy(predicted.out())).isGreaterThan(atLeast);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "adadelta",
        "AdaGrad",
        "adam",
        "adamax",
        "adamw",
        "ftrl",
        "lamb",
        "lion",
        "sgd",
        "gradientdescent",
        "momentum",
        "nadam",
        "rmsprop"
      })
  void learnsWithEveryOptimizer(String base) {
    var run = CommandLineFixture.run("train", "--base", base, "--epochs", "8");

    assertThat(run.err()).isEmpty();
    assertThat(accuracy(run.out())).isGreaterThan(50);
  }

  @Test
  void adagraddaLearnsALinearModel() {
    var run =
        CommandLineFixture.run("train", "--base", "adagradda", "--epochs", "4", "--hidden", "0");

    assertThat(accuracy(run.out())).isGreaterThan(50);
    assertThat(run.out()).doesNotContain("note:");
  }

  @Test
  void saysThatAdagraddaCannotTrainHiddenLayers() {
    var run = CommandLineFixture.run("train", "--base", "adagradda", "--epochs", "1");

    assertThat(run.out()).contains("note: adagradda forgets the initial weights");
  }

  @ParameterizedTest
  @ValueSource(strings = {"mlp", "cnn"})
  void writesFiguresAndCurves(String model) throws IOException {
    Path out = directory.resolve("figures");

    var run =
        CommandLineFixture.run(
            "train",
            "--model",
            model,
            "--epochs",
            "2",
            "--label-noise",
            "0.2",
            "--out",
            out.toString());

    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    JsonNode figures = new ObjectMapper().readTree(out.resolve("train.json").toFile());
    assertThat(figures.at("/labelNoise").asDouble()).isEqualTo(0.2);
    assertThat(figures.at("/settings/sam/rho").asDouble()).isEqualTo(0.05);
    assertThat(figures.at("/result/epochs")).hasSize(2);
    double accuracy = figures.at("/result/epochs/1/test/accuracy").asDouble();
    assertThat(100 * accuracy)
        .isCloseTo(accuracy(run.out()), org.assertj.core.data.Offset.offset(0.01));
    assertThat(ImageIO.read(out.resolve("train.png").toFile()).getWidth()).isGreaterThan(1000);
  }

  @ParameterizedTest
  @ValueSource(strings = {"mlp", "cnn"})
  void theSameSeedGivesTheSameRun(String model) throws IOException {
    JsonNode first = figures(model, "a", "--seed", "3");

    assertThat(figures(model, "b", "--seed", "3")).isEqualTo(first);
    assertThat(figures(model, "c", "--seed", "4")).isNotEqualTo(first);
  }

  @ParameterizedTest
  @ValueSource(strings = {"mlp", "cnn"})
  void rhoZeroTrainsAsTheBaseOptimizerAlone(String model) throws IOException {
    assertThat(figures(model, "a", "--rho", "0")).isEqualTo(figures(model, "b", "--no-sam"));
  }

  private JsonNode figures(String model, String name, String... options) throws IOException {
    Path out = directory.resolve(name);
    String[] args = new String[7 + options.length];
    String[] common = {"train", "--model", model, "--epochs", "2", "--out", out.toString()};
    System.arraycopy(common, 0, args, 0, 7);
    System.arraycopy(options, 0, args, 7, options.length);
    CommandLineFixture.run(args);
    return new ObjectMapper().readTree(out.resolve("train.json").toFile()).at("/result/epochs");
  }

  @Test
  void trainsOnADirectoryOfIdxFiles() {
    IdxFiles.write(directory, 6, 7);

    var run =
        CommandLineFixture.run(
            "train", "--data", directory.toString(), "--batch-size", "5", "--epochs", "1");

    assertThat(run.err()).isEmpty();
    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
  }

  @Test
  void refusesDataOfAnotherShape() {
    String export = directory.resolve("model").toString();
    CommandLineFixture.run("train", "--epochs", "1", "--export", export);
    IdxFiles.write(directory, 6, 7);

    var run = CommandLineFixture.run("predict", "--model", export, "--data", directory.toString());

    BadInputTest.assertBadInput(run, "has images of 6x7x1; expected [-1, 6, 7, 1]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--no-sam", "--rho=0.05"})
  void divergenceIsOneLineAndExitCodeOne(String option) {
    var run =
        CommandLineFixture.run(
            "train", option, "--learning-rate", "1e30", "--base", "sgd", "--epochs", "3");

    assertThat(run.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(run.err().strip()).startsWith("training diverged in epoch").hasLineCount(1);
  }

  @Test
  void refusesAModelWhoseWeightsAreMissingOrDamaged() throws IOException {
    Path export = directory.resolve("model");
    CommandLineFixture.run("train", "--epochs", "1", "--export", export.toString());

    Files.write(export.resolve("variables/variables.data-00000-of-00001"), new byte[10]);
    BadInputTest.assertBadInput(
        CommandLineFixture.run("predict", "--model", export.toString()), "cannot be loaded");

    Files.delete(export.resolve("variables/variables.index"));
    BadInputTest.assertBadInput(
        CommandLineFixture.run("predict", "--model", export.toString()),
        "is not a whole SavedModel; expected variables/variables.index in it");
  }

  private static double accuracy(String out) {
    Matcher matcher = Pattern.compile("test accuracy +([0-9.]+) %").matcher(out);
    assertThat(matcher.find()).as(out).isTrue();
    return Double.parseDouble(matcher.group(1));
  }
}
