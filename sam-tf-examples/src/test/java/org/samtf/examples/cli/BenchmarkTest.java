package org.samtf.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.samtf.examples.failure.ExitCode;

class BenchmarkTest {

  @Test
  void timesSteps() {
    var run = CommandLineFixture.run("benchmark", "step", "--steps", "2", "--warm-up", "1");

    assertThat(run.err()).isEmpty();
    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(run.out())
        .contains("processors")
        .containsPattern("784-1024-1024-10 +base .* ratio\n.*ordered base .* ms .* [0-9.]+x")
        .containsPattern("convolutional .*\n.*\n *SAM .* ms .* ms .* [0-9.]+x");
  }

  @Test
  void timesBuilding() {
    var run =
        CommandLineFixture.run(
            "benchmark", "build", "--variables", "3", "--ops", "200,300", "--repeats", "1");

    assertThat(run.err()).isEmpty();
    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(run.out())
        .containsPattern("minimize .*\n3 variables +[0-9.]+ ms +[0-9.]+ ms +[0-9.]+ ms")
        .containsPattern("first run .*\n3 variables +[0-9.]+ ms +[0-9.]+ ms +[0-9.]+ ms")
        .containsPattern("step .*\n3 variables +[0-9.]+ ms +[0-9.]+ ms +[0-9.]+ ms")
        .containsPattern("300 forward ops +[0-9.]+ ms +[0-9.]+ ms +[0-9.]+ ms");
  }

  @Test
  void timesBuildingWithoutTheOptimizersThatTakeLong() {
    var run =
        CommandLineFixture.run(
            "benchmark",
            "build",
            "--variables=3",
            "--ops=200",
            "--repeats=1",
            "--no-plain",
            "--no-tfg",
            "--processor-time");

    assertThat(run.err()).isEmpty();
    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(run.out())
        .contains("processor time")
        .containsPattern("first run +ordered base +SAM\n3 variables +[0-9.]+ ms +[0-9.]+ ms\n")
        .containsPattern("ops of a step +ordered base +SAM\n3 variables +[0-9]+ +[0-9]+\n");
  }

  @Test
  void timesUpdates() {
    var run =
        CommandLineFixture.run(
            "benchmark", "updates", "--networks=digits", "--steps=2", "--warm-up=0");

    assertThat(run.err()).isEmpty();
    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(run.out())
        .containsPattern("64-128-128-10 .*without +with +ratio")
        .containsPattern("adamw to adam +[0-9.]+ ms +[0-9.]+ ms +[0-9.]+x")
        .containsPattern("SAM: ema +[0-9.]+ ms +[0-9.]+ ms +[0-9.]+x");
  }

  @Test
  void timesMicroBatches() {
    var run =
        CommandLineFixture.run(
            "benchmark", "micro-batches", "--parts", "1,4", "--steps", "1", "--warm-up", "0");

    assertThat(run.err()).isEmpty();
    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(run.out())
        .containsPattern("perceptron 784-1024-1024-10 +base .*step .*ratio")
        .containsPattern("convolutional 16-32 on 28x28 +base .*step .*ratio")
        .containsPattern("k = 1 +[0-9.]+ ms .* [0-9.]+x")
        .containsPattern("k = 4 +[0-9.]+ ms .* [0-9.]+x")
        .containsPattern("ascent from a quarter +[0-9.]+ ms .* [0-9.]+x")
        .doesNotContain("k = 2");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void measuresMemory() {
    var run =
        CommandLineFixture.run(
            "benchmark", "memory", "--batch-size=16", "--channels=8", "--hidden=64", "--steps=1");

    assertThat(run.err()).isEmpty();
    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(run.out())
        .contains("batch 16", "MALLOC_TRIM_THRESHOLD_=")
        .containsPattern("base +([0-9.]+ MiB|-) .*x")
        .containsPattern("SAM, k = 1 .*x")
        .containsPattern("SAM, k = 8  .*x")
        .containsPattern("SAM, k = 8, sequential .*x")
        .containsPattern("MSAM .*x")
        .containsPattern("LookSAM, every 2 .*x")
        .containsPattern("Friendly SAM .*x");
  }

  @Test
  void timesThroughput() {
    var run =
        CommandLineFixture.run(
            "benchmark", "throughput", "--batch-size", "2", "--steps", "1", "--warm-up", "0");

    assertThat(run.err()).isEmpty();
    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(run.out())
        .contains("batch 2, momentum, float32, without XLA")
        .containsPattern("perceptron .* ms +[0-9]+ .* ms +[0-9]+ +[0-9.]+x")
        .containsPattern("WideResNet-16-4 .* ms +[0-9]+ .* ms +[0-9]+ +[0-9.]+x");
  }

  @Test
  void writesTheThroughputOfChosenNetworksForPrograms(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("times.json");
    var run =
        CommandLineFixture.run(
            ("benchmark throughput --networks Perceptron --batch-size 2 --steps 3 --warm-up 0"
                    + " --mixed-precision --json "
                    + file)
                .split(" "));

    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(run.out()).contains("float16 where").doesNotContain("WideResNet");
    JsonNode json = new ObjectMapper().readTree(file.toFile());
    JsonNode measured = json.get("measured");
    assertThat(measured).hasSize(1);
    assertThat(measured.get(0).get("network").textValue()).isEqualTo("perceptron");
    double low = measured.get(0).get("samQuartiles").get(0).doubleValue();
    assertThat(measured.get(0).get("samMillis").doubleValue()).isGreaterThanOrEqualTo(low);
    assertThat(json.get("settings").get("mixedPrecision").booleanValue()).isTrue();
  }

  @Test
  void timesSkippingScalesAndPrecisions() {
    var run =
        CommandLineFixture.run(
            "benchmark",
            "numerics",
            "--networks=digits",
            "--precisions=float16",
            "--batch-size=8",
            "--steps=2",
            "--warm-up=1");

    assertThat(run.exitCode()).as(run.err()).isEqualTo(ExitCode.OK);
    assertThat(run.out())
        .contains("perceptron 64-128-128-10", "skip", "SAM: dynamic loss scale", "SAM: float16");
  }

  /** The steps before the timed ones are of the schedule: 4 of 20 steps, and 2. */
  @Test
  void timesVariantsAndWritesTheirPrices(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("new/prices.json");
    var run =
        CommandLineFixture.run(
            "benchmark",
            "variants",
            "--networks=digits",
            "--variants=base,sam,every-5,sam-late,msam",
            "--batch-size=16",
            "--steps=15",
            "--warm-up=5",
            "--json=" + file);

    assertThat(run.exitCode()).as(run.err()).isEqualTo(ExitCode.OK);
    assertThat(run.out()).contains("perceptron 64-128-128-10", "every-5", "20.00 %", "10.00 %");
    JsonNode json = new ObjectMapper().readTree(file.toFile());
    assertThat(json.get("batchSize").asInt()).isEqualTo(16);
    assertThat(json.get("machine").asText()).contains("TensorFlow");
    JsonNode prices = json.get("prices");
    assertThat(prices).hasSize(5);
    assertThat(prices.at("/1/variant").asText()).isEqualTo("sam");
    assertThat(prices.at("/1/skippedRatio").isNull()).isTrue();
    assertThat(prices.at("/1/averageRatio")).isEqualTo(prices.at("/1/ratio"));
    JsonNode every = prices.get(2);
    assertThat(every.get("share").asDouble()).isEqualTo(0.2);
    assertThat(every.get("averageRatio").asDouble())
        .isCloseTo(
            0.2 * every.get("ratio").asDouble() + 0.8 * every.get("skippedRatio").asDouble(),
            Offset.offset(1e-9));
    assertThat(prices.at("/3/share").asDouble()).isEqualTo(0.1);
    assertThat(prices.at("/4/share").asDouble()).isEqualTo(1);
  }

  @Test
  void theCommandsAndTheirOptionsAreInTheHelp() {
    assertThat(CommandLineFixture.run("benchmark", "--help").out())
        .contains("[COMMAND]", "step", "micro-batches", "memory", "throughput", "build");
    assertThat(help("step")).contains("--steps=N", "--warm-up=N", "default: 200", "default: 20");
    assertThat(help("micro-batches")).contains("--parts=K", "default: 1,2,4,8,16", "--steps=N");
    assertThat(help("memory")).contains("--batch-size=N", "--channels=N", "default: 256");
    assertThat(help("throughput")).contains("--batch-size=N", "--xla", "default: 50");
    assertThat(help("build")).contains("--variables=N", "--ops=N", "--repeats=N", "--no-tfg");
  }

  private static String help(String command) {
    var run = CommandLineFixture.run("benchmark", command, "--help");
    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    return run.out();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "step --steps 0 | --steps is 0",
        "step --warm-up -1 | --warm-up is -1",
        "step --steps x | 'x' is not an int",
        "step --repeats 3 | Unknown options: '--repeats', '3'",
        "micro-batches --parts 3 | --parts is 3; expected a divisor of the batch size 128",
        "micro-batches --parts 0 | --parts is 0",
        "micro-batches --steps 0 | --steps is 0; expected 1 to 1000000",
        "micro-batches --warm-up -1 | --warm-up is -1; expected 0 to 1000000",
        "micro-batches build | Unmatched argument at index 2: 'build'",
        "memory --warm-up 3 | Unknown option",
        "memory --repeats 3 | Unknown option",
        "memory --batch-size 12 | --batch-size is 12; expected a multiple of 8",
        "memory --batch-size 4 | --batch-size is 4",
        "memory --steps 0 | --steps is 0",
        "memory --channels 0 | --channels is 0",
        "memory --hidden -1 | --hidden is -1",
        "step --batch-size 16 | Unknown options: '--batch-size', '16'",
        "step --channels 16 | Unknown options: '--channels', '16'",
        "step --xla | Unknown option: '--xla'",
        "--steps 3 | Unknown options: '--steps', '3'",
        "--build | Unknown option: '--build'",
        "throughput --channels 8 | Unknown option",
        "throughput --json /dev/null/x.json | --json /dev/null leads to /dev/null, which is not a directory",
        "throughput --networks wide | no network 'wide'; expected perceptron, convolutional,",
        "throughput --batch-size 0 | --batch-size is 0",
        "throughput --steps 0 | --steps is 0; expected 1 to 1000000",
        "variants --variants sam,swam | no variant 'swam'; expected base, sam, asam",
        "variants --networks wide | no network 'wide'; expected perceptron, convolutional,",
        "variants --batch-size 0 | --batch-size is 0",
        "variants --steps 0 | --steps is 0; expected 1 to 1000000",
        "variants --json /dev/null/x.json | --json /dev/null leads to /dev/null, which is not a directory",
        "build --steps 3 | Unknown options: '--steps', '3'",
        "build --repeats 0 | --repeats is 0",
        "build --variables 0 | --variables is 0",
        "build --ops 100 | --ops is 100",
        "memry | no command 'memry'; expected build, memory, micro-batches, numerics, step, throughput, updates or variants;",
        "memry | did you mean memory?",
      })
  void saysWhatIsWrong(String options, String message) {
    var run = CommandLineFixture.run(("benchmark " + options).split(" "));

    BadInputTest.assertBadInput(run, message);
  }
}
