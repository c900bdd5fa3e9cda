package org.samtf.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.samtf.examples.failure.ExitCode;

class BenchmarkTest {

  @Test
  void timesSteps() {
    var run = CommandLineFixture.run("benchmark", "--steps", "2", "--warm-up", "1");

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
            "benchmark", "--build", "--variables", "3", "--ops", "200,300", "--repeats", "1");

    assertThat(run.err()).isEmpty();
    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(run.out())
        .containsPattern("3 variables +[0-9.]+ ms +[0-9.]+ ms +[0-9.]+ ms")
        .containsPattern("300 forward ops +[0-9.]+ ms +[0-9.]+ ms +[0-9.]+ ms");
  }

  @Test
  void timesMicroBatches() {
    var run =
        CommandLineFixture.run(
            "benchmark", "--micro-batches", "1,4", "--steps", "1", "--warm-up", "0");

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
            "benchmark", "--memory", "--batch-size", "16", "--channels", "8", "--steps", "1");

    assertThat(run.err()).isEmpty();
    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(run.out())
        .contains("batch 16", "MALLOC_TRIM_THRESHOLD_=")
        .containsPattern("base +([0-9.]+ MiB|-) .*x")
        .containsPattern("SAM, k = 1 .*x")
        .containsPattern("SAM, k = 8  .*x")
        .containsPattern("SAM, k = 8, sequential .*x");
  }

  @Test
  void timesThroughput() {
    var run =
        CommandLineFixture.run(
            "benchmark", "--throughput", "--batch-size", "2", "--steps", "1", "--warm-up", "0");

    assertThat(run.err()).isEmpty();
    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(run.out())
        .contains("batch 2, momentum, without XLA")
        .containsPattern("perceptron .* ms +[0-9]+ .* ms +[0-9]+ +[0-9.]+x")
        .containsPattern("WideResNet-16-4 .* ms +[0-9]+ .* ms +[0-9]+ +[0-9.]+x");
  }

  @Test
  void theOptionsAreInTheHelp() {
    assertThat(CommandLineFixture.run("benchmark", "--help").out())
        .contains(
            "--micro-batches[=",
            "--memory",
            "--batch-size=N",
            "--channels=N",
            "--throughput",
            "--xla");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--steps 0 | --steps is 0",
        "--warm-up -1 | --warm-up is -1",
        "--repeats 3 | --repeats is given without --build",
        "--micro-batches 3 | --micro-batches is 3; expected a divisor of the batch size 128",
        "--micro-batches 0 | --micro-batches is 0",
        "--micro-batches --build | --micro-batches is given with --build",
        "--micro-batches --memory | --micro-batches is given with --memory",
        "--build --memory | --memory is given with --build",
        "--memory --warm-up 3 | --warm-up is given with --memory",
        "--memory --repeats 3 | --repeats is given without --build",
        "--memory --batch-size 12 | --batch-size is 12; expected a multiple of 8",
        "--memory --batch-size 4 | --batch-size is 4",
        "--memory --steps 0 | --steps is 0",
        "--memory --channels 0 | --channels is 0",
        "--batch-size 16 | --batch-size is given without --memory",
        "--channels 16 | --channels is given without --memory",
        "--xla | --xla is given without --throughput",
        "--throughput --build | --build is given with --throughput",
        "--throughput --memory | --memory is given with --throughput",
        "--throughput --channels 8 | --channels is given with --throughput",
        "--throughput --batch-size 0 | --batch-size is 0",
        "--build --steps 3 | --steps is given with --build",
        "--build --repeats 0 | --repeats is 0",
        "--build --variables 0 | --variables is 0",
        "--build --ops 100 | --ops is 100",
      })
  void saysWhatIsWrong(String options, String message) {
    var run = CommandLineFixture.run(("benchmark " + options).split(" "));

    BadInputTest.assertBadInput(run, message);
  }
}
