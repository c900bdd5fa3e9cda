package org.samtf.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.examples.failure.ExitCode;

/** Training with a batch that SAM cuts. */
class BatchCutTest {

  @TempDir private Path directory;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "mlp | --micro-batches 8 | 8 micro-batches",
        "cnn | --micro-batches 4 | 4 micro-batches",
        "cnn | --micro-batches 4 --sequential | 4 micro-batches in sequence",
        "cnn | --micro-batches 2 --devices /device:CPU:0,/device:CPU:1 | on /device:CPU:0",
        "cnn | --ascent-examples 16 | perturbation from 16 examples",
        "cnn | --ascent-examples 16 --random-ascent-examples | from 16 random examples",
      })
  void trains(String model, String options, String inTheTable) throws IOException {
    CommandLineFixture.Run run = train("out", model, options.split(" "));

    assertThat(run.err()).isEmpty();
    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(run.out()).contains(inTheTable);
    assertThat(figures("out").at("/result/epochs/1/test/accuracy").asDouble()).isGreaterThan(0.6);
  }

  @ParameterizedTest
  @ValueSource(strings = {"mlp", "cnn"})
  void onePartIsTheWholeBatch(String model) throws IOException {
    train("whole", model);
    train("one", model, "--micro-batches", "1");
    train("two", model, "--micro-batches", "2");

    JsonNode whole = figures("whole").at("/result/epochs");
    assertThat(figures("one").at("/result/epochs")).isEqualTo(whole);
    assertThat(figures("two").at("/result/epochs")).isNotEqualTo(whole);
  }

  @Test
  void theFiguresSayHowTheBatchIsCut() throws IOException {
    train("out", "mlp", "--micro-batches", "4", "--sequential");

    JsonNode cut = figures("out").at("/settings/sam/cut");
    assertThat(cut.at("/microBatches").asInt()).isEqualTo(4);
    assertThat(cut.at("/sequential").asBoolean()).isTrue();
    assertThat(cut.at("/ascentExamples").asInt()).isZero();
  }

  @Test
  void aComparisonCutsTheBatchesOfSam() throws IOException {
    Path out = directory.resolve("compare");

    var run =
        CommandLineFixture.run(
            ("compare --seeds 1 --epochs 1 --micro-batches 4 --out " + out).split(" "));

    assertThat(run.err()).isEmpty();
    assertThat(run.out()).contains("4 micro-batches");
    JsonNode figures = new ObjectMapper().readTree(out.resolve("compare.json").toFile());
    assertThat(figures.at("/protocol/cut/microBatches").asInt()).isEqualTo(4);
  }

  private CommandLineFixture.Run train(String name, String model, String... options) {
    String out = directory.resolve(name).toString();
    Stream<String> common = Stream.of("train", "--model", model, "--epochs", "2", "--out", out);
    return CommandLineFixture.run(Stream.concat(common, Stream.of(options)).toArray(String[]::new));
  }

  private JsonNode figures(String name) throws IOException {
    return new ObjectMapper().readTree(directory.resolve(name).resolve("train.json").toFile());
  }
}
