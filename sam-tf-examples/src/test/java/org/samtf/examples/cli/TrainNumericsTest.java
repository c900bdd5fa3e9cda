package org.samtf.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.samtf.examples.failure.ExitCode;

/** Half precision, loss scales and skipped steps from the command line. */
class TrainNumericsTest {

  private static CommandLineFixture.Run train(String options) {
    List<String> all = new ArrayList<>(List.of("train", "--batch-size=256"));
    all.addAll(List.of(options.split(" ")));
    return CommandLineFixture.run(all.toArray(String[]::new));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--hidden=4 --epochs=1 | numbers +float32 ",
        "--hidden=4 --epochs=1 --not-finite=skip | float32, not finite: skipped, 0 steps skipped",
        "--hidden=4 --epochs=1 --precision=float16 --no-sam | float16, dynamic loss scale, 0 steps",
        "--model=cnn --channels=2 --epochs=1 --precision=float16 --loss-scale=1024 --micro-batches=2"
            + " | float16, loss scale 1024.0, 0 steps skipped",
        "--model=cnn --channels=2 --epochs=1 --precision=bfloat16 --variant=functional"
            + " | numbers +bfloat16 "
      })
  void trains(String options, String numbers) {
    var run = train(options);

    assertThat(run.exitCode()).as(run.err()).isEqualTo(ExitCode.OK);
    assertThat(run.out()).containsPattern(numbers);
  }

  /** A rate that throws the weights out of range: after that no step changes anything. */
  @Test
  void anEpochOfSkippedStepsEndsTheRun() {
    var run = train("--hidden=64 --epochs=3 --not-finite=skip --learning-rate=1e38 --no-sam");

    assertThat(run.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(run.err())
        .contains(
            "training diverged in epoch 2: all of its steps were skipped, as a gradient was not"
                + " finite");
  }
}
