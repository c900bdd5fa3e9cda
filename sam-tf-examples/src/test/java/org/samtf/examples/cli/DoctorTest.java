package org.samtf.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.samtf.examples.failure.ExitCode;
import org.samtf.gpu.GpuCheck;

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

  @ParameterizedTest
  @CsvSource({"CPU_BUILD,-Pgpu", "LIBRARY_MISSING,-Pcuda-redist", "NO_TENSORFLOW,-Pgpu"})
  void namesTheProfileOfThisRepository(GpuCheck.Verdict verdict, String profile)
      throws IOException {
    assertThat(DoctorCommand.forTheseExamples(verdict))
        .hasValueSatisfying(line -> assertThat(line).containsPattern(profile + "\\b"));
    assertThat(Files.readString(Path.of("../pom.xml")))
        .contains("<id>" + profile.substring("-P".length()) + "</id>");
  }

  @ParameterizedTest
  @EnumSource(
      value = GpuCheck.Verdict.class,
      names = {"GPU_USED", "NO_DRIVER", "OLD_DRIVER", "NO_DEVICE", "OPS_ON_CPU", "SLOW_GPU"})
  void namesNoProfileWhereNoneHelps(GpuCheck.Verdict verdict) {
    assertThat(DoctorCommand.forTheseExamples(verdict)).isEmpty();
  }
}
