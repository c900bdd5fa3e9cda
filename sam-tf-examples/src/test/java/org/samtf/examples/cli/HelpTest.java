package org.samtf.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.examples.failure.ExitCode;

class HelpTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--help",
        "train --help",
        "worker --help",
        "predict --help",
        "compare --help",
        "benchmark --help",
        "benchmark step --help",
        "benchmark micro-batches --help",
        "benchmark memory --help",
        "benchmark throughput --help",
        "benchmark build --help",
        "m-sharpness --help",
        "strip --help",
        "doctor --help"
      })
  void everyCommandHasHelp(String arguments) {
    var run = CommandLineFixture.run(arguments.split(" "));

    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(run.out()).startsWith("Usage: sam-tf-examples").contains("--help");
    assertThat(run.out())
        .containsPattern("\nExit codes:\n +0 ")
        .containsPattern("\n +2 +[Aa]n option")
        .containsPattern("\n +3 +.*standard output cannot be written")
        .contains("TF_CPP_MIN_LOG_LEVEL=3 in the environment");
    assertThat(run.err()).isEmpty();
  }

  @Test
  void percentSignsAreNotTakenForFormats() {
    var run = CommandLineFixture.run("compare", "--help");

    assertThat(run.out()).contains("40 % of").doesNotContain("%n").doesNotContain("%%");
  }

  @Test
  void saysWhatTheExitCodesMean() {
    assertThat(CommandLineFixture.run("train", "--help").out())
        .contains("Exit codes:")
        .containsPattern("129, 130, 143 +Stopped by SIGHUP, SIGINT or SIGTERM");
  }

  @Test
  void saysItsVersion() {
    var run = CommandLineFixture.run("--version");

    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(run.out()).contains("sam-tf-examples ").contains("TensorFlow 2.");
  }
}
