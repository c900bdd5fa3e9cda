package org.samtf.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.samtf.examples.Main;

class BenchmarkTest {

  @Test
  void timesSteps() {
    var run = CommandLineFixture.run("benchmark", "--steps", "2", "--warm-up", "1");

    assertThat(run.err()).isEmpty();
    assertThat(run.exitCode()).isEqualTo(Main.OK);
    assertThat(run.out())
        .contains("processors")
        .containsPattern("784-1024-1024-10 .* ms .* ms .* [0-9.]+x")
        .containsPattern("convolutional .* ms .* ms .* [0-9.]+x");
  }

  @Test
  void timesBuilding() {
    var run =
        CommandLineFixture.run(
            "benchmark", "--build", "--variables", "3", "--ops", "200,300", "--repeats", "1");

    assertThat(run.err()).isEmpty();
    assertThat(run.exitCode()).isEqualTo(Main.OK);
    assertThat(run.out())
        .containsPattern("3 variables +[0-9.]+ ms +[0-9.]+ ms +[0-9.]+ ms")
        .containsPattern("300 forward ops +[0-9.]+ ms +[0-9.]+ ms +[0-9.]+ ms");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--steps 0 | --steps is 0",
        "--warm-up -1 | --warm-up is -1",
        "--repeats 3 | --repeats is given without --build",
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
