package org.samtf.examples.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.examples.checkpoint.Position;

/** What a checkpoint's files say is only taken if it can be true; the message names the field. */
class RestoredStateTest {

  private static final String RECORD =
      """
      {"steps": 6, "stepsOfEpoch": 2, "lossSumOfEpoch": 1.5, "secondPasses": 6,
       "skipped": 1, "skippedOfEpoch": 0,
       "resumptions": 0, "seconds": 3.5,
       "epochs": [{"epoch": 1, "batchLoss": 0.5, "validation": {"accuracy": 0.5, "loss": 1.0},
        "test": {"accuracy": "NaN", "loss": "NaN"}}]}
      """;

  private static final String CLOCK = "{\"count\": 2, \"onlyWarmUps\": 3, \"nanos\": [1, 2]}";

  @TempDir private Path directory;

  private void restoreRecord(String json) throws IOException {
    Files.writeString(directory.resolve("record.json"), json);
    TrainingRecord record = new TrainingRecord(4);
    record.restore(directory);
    record.checkRestored(new Position(6, 1));
    assertThat(record.steps()).isEqualTo(6);
    assertThat(record.epochs()).hasSize(1);
  }

  private void restoreClock(String json) throws IOException {
    Files.writeString(directory.resolve("clock.json"), json);
    new StepClock(8).restore(directory);
  }

  @Test
  void takesWhatCanBeTrue() {
    assertThatCode(() -> restoreRecord(RECORD)).doesNotThrowAnyException();
    assertThatCode(() -> restoreClock(CLOCK)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"steps\": 6 | \"steps\": null | steps",
        "\"steps\": 6 | \"steps\": \"6\" | steps",
        "\"steps\": 6 | \"steps\": 6.5 | steps",
        "\"steps\": 6 | \"steps\": 1e999 | steps",
        "\"steps\": 6 | \"steps\": -6 | steps is -6",
        "\"secondPasses\": 6 | \"secondPasses\": 7 | secondPasses is 7",
        "\"secondPasses\": 6 | \"secondPasses\": -1 | secondPasses is -1",
        "\"skipped\": 1 | \"skipped\": 7 | skipped is 7",
        "\"skippedOfEpoch\": 0 | \"skippedOfEpoch\": 2 | skippedOfEpoch is 2",
        "\"skippedOfEpoch\": 0 | \"skippedOfEpoch\": -1 | skippedOfEpoch is -1",
        "\"steps\": 6 | \"steps\": 7 | steps is 7, and it is of step 6",
        "\"steps\": 6, | '' | steps",
        "\"steps\": 6 | \"steps\": 6, \"more\": 1 | more",
        "\"stepsOfEpoch\": 2 | \"stepsOfEpoch\": -1 | stepsOfEpoch is -1",
        "\"stepsOfEpoch\": 2 | \"stepsOfEpoch\": 3 | stepsOfEpoch is 3",
        "\"lossSumOfEpoch\": 1.5 | \"lossSumOfEpoch\": 1e999 | lossSumOfEpoch",
        "\"lossSumOfEpoch\": 1.5 | \"lossSumOfEpoch\": \"1.5\" | lossSumOfEpoch",
        "\"lossSumOfEpoch\": 1.5 | \"lossSumOfEpoch\": \"NaN\" | lossSumOfEpoch is NaN",
        "\"lossSumOfEpoch\": 1.5 | \"lossSumOfEpoch\": null | lossSumOfEpoch",
        "\"resumptions\": 0 | \"resumptions\": -1 | resumptions is -1",
        "\"resumptions\": 0 | \"resumptions\": 1e999 | resumptions",
        "\"seconds\": 3.5 | \"seconds\": -3.5 | seconds is -3.5",
        "\"seconds\": 3.5 | \"seconds\": 1e999 | seconds",
        "\"epoch\": 1 | \"epoch\": 2 | epochs[0]",
        "\"batchLoss\": 0.5 | \"batchLoss\": 1e999 | epochs[0].batchLoss",
        "{\"accuracy\": 0.5, \"loss\": 1.0} | null | epochs[0].validation",
        "\"accuracy\": 0.5 | \"accuracy\": -0.5 | validation accuracy is -0.5",
        "\"accuracy\": 0.5 | \"accuracy\": 1e999 | epochs[0].validation.accuracy",
        "\"loss\": 1.0 | \"loss\": true | epochs[0].validation.loss",
      })
  void refusesARecordThatCannotBeTrue(String from, String to, String said) {
    assertThat(RECORD).contains(from);

    assertThatThrownBy(() -> restoreRecord(RECORD.replace(from, to)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(said);
  }

  @ParameterizedTest
  @ValueSource(strings = {"null", "[]", "6", "", "{", "{\"steps\": 6}"})
  void refusesWhatIsNoRecord(String json) {
    assertThatThrownBy(() -> restoreRecord(json)).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> restoreClock(json)).isInstanceOf(IOException.class);
  }

  @Test
  void refusesEpochsThatAreNone() {
    String epochs = RECORD.substring(RECORD.indexOf('['), RECORD.indexOf(']') + 1);

    for (String other : new String[] {"null", "[null]", "[]", "{}"}) {
      assertThatThrownBy(() -> restoreRecord(RECORD.replace(epochs, other)))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("epochs");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"count\": 2 | \"count\": -2 | count is -2",
        "\"count\": 2 | \"count\": \"2\" | count",
        "\"count\": 2 | \"count\": 3 | 2 times of 3 steps",
        "\"onlyWarmUps\": 3 | \"onlyWarmUps\": -3 | onlyWarmUps is -3",
        "[1, 2] | null | nanos",
        "[1, 2] | [1, null] | nanos",
        "[1, 2] | [1, -2] | nanos is -2",
        "[1, 2] | [1, 1e999] | nanos",
      })
  void refusesAClockThatCannotBeTrue(String from, String to, String said) {
    assertThatThrownBy(() -> restoreClock(CLOCK.replace(from, to)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(said);
  }
}
