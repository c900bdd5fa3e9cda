package org.samtf.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.samtf.GpuCheck;
import org.samtf.examples.failure.ExitCode;

class DoctorTest {

  @Test
  void saysWhatToDoWhereNoGpuIsUsed() {
    var run = CommandLineFixture.run("doctor");

    assertThat(run.err()).isEmpty();
    assertThat(run.out()).contains("TensorFlow").contains("NVIDIA driver").contains("SAM step");
    if (run.exitCode() == ExitCode.OK) {
      assertThat(run.out().strip()).endsWith("The GPU is used.");
    } else {
      assertThat(run.exitCode()).isGreaterThanOrEqualTo(10);
      assertThat(run.out()).contains("-> ").contains("The GPU is not used. Next: ");
      assertThat(run.out().strip().lines()).noneMatch(line -> line.contains("Exception"));
    }
  }

  @ParameterizedTest
  @EnumSource(GpuCheck.Verdict.class)
  void everyExitCodeIsInTheHelp(GpuCheck.Verdict verdict) {
    var run = CommandLineFixture.run("doctor", "--help");

    assertThat(run.out()).containsPattern("(?m)^ +" + verdict.exitCode() + " ");
  }
}
