package org.samtf.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.examples.failure.ExitCode;
import org.samtf.examples.report.Format;

/** Schedules, decay, clipping and averages of the weights from the command line. */
class TrainUpdateTest {

  @TempDir private Path directory;

  private static List<String> train(String... more) {
    List<String> all =
        new ArrayList<>(List.of("train", "--hidden=8", "--epochs=2", "--batch-size=256"));
    all.addAll(List.of(more));
    return all;
  }

  private static CommandLineFixture.Run run(List<String> arguments) {
    return CommandLineFixture.run(arguments.toArray(new String[0]));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--optimizer adamw --schedule cosine --warm-up 3 --clip-norm 1",
        "--optimizer sgd --momentum 0.9 --nesterov --schedule one-cycle --weight-decay 0.001",
        "--base lion --schedule piecewise:1 --clip-value 0.01 --average ema:0.9",
        "--optimizer lamb --schedule exponential:0.5 --no-sam --average ema:0.9,corrected",
        "--optimizer sgd --schedule cosine-restarts:1,2 --rho-schedule linear --average swa:1",
        "--optimizer sgd --schedule polynomial:2 --average ema:0.5,warm-up --micro-batches 4",
        "--clip-norm 0.5 --average swa:1,2 --variant msam",
      })
  void trains(String options) {
    var run = run(train(options.split(" ")));

    assertThat(run.err()).isEmpty();
    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    for (String option : List.of("schedule", "clip-norm", "average")) {
      String given = options.replaceAll("(^|.* )--" + option + " (\\S+).*", "$2");
      if (!given.equals(options)) {
        assertThat(run.out()).contains(given);
      }
    }
  }

  /** The report, the exported model and the evaluation of it are all of the averages. */
  @ParameterizedTest
  @ValueSource(strings = {"mlp --hidden 8", "cnn --channels 2,2"})
  void theAveragesAreEvaluatedAndExported(String network) throws Exception {
    List<JsonNode> reports = new ArrayList<>();
    for (String average : List.of("", "swa:1")) {
      Path out = directory.resolve("out" + average.length());
      Path model = directory.resolve("model" + average.length());
      List<String> arguments =
          new ArrayList<>(List.of("train", "--epochs=2", "--batch-size=256", "--export=" + model));
      arguments.addAll(List.of("--out=" + out, "--model"));
      arguments.addAll(List.of(network.split(" ")));
      if (!average.isEmpty()) {
        arguments.add("--average=" + average);
      }
      var run = run(arguments);
      assertThat(run.err()).isEmpty();
      JsonNode report = new ObjectMapper().readTree(out.resolve("train.json").toFile());
      reports.add(report);
      var predict = CommandLineFixture.run("predict", "--model=" + model);
      double accuracy = last(report).get("test").get("accuracy").asDouble();
      assertThat(predict.out()).contains(Format.percent(accuracy));
    }
    assertThat(last(reports.get(0)).get("batchLoss"))
        .isEqualTo(last(reports.get(1)).get("batchLoss"));
    assertThat(last(reports.get(0)).get("test").get("loss"))
        .isNotEqualTo(last(reports.get(1)).get("test").get("loss"));
  }

  private static JsonNode last(JsonNode report) {
    JsonNode epochs = report.get("result").get("epochs");
    return epochs.get(epochs.size() - 1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "--schedule cosine | --schedule is given for momentum; expected it with sgd, adamw, lion or"
            + " lamb",
        "--base adam --weight-decay 0.1 | --weight-decay is given for adam",
        "--base adam --warm-up 5 | --warm-up is given for adam",
        "--optimizer sgd --schedule cosin | --schedule is cosin; expected constant, linear, cosine",
        "--optimizer sgd --schedule cosine:3 | --schedule is cosine:3; expected cosine without",
        "--optimizer sgd --schedule piecewise:3,2 | expected piecewise:EPOCH,EPOCH,..., rising",
        "--optimizer sgd --schedule piecewise:x | expected numbers with commas",
        "--optimizer sgd --schedule exponential:2 | expected exponential:FACTOR",
        "--optimizer sgd --schedule polynomial | expected polynomial:POWER",
        "--optimizer sgd --schedule cosine-restarts:0.5 | expected cosine-restarts:EPOCHS",
        "--optimizer sgd --warm-up -1 | --warm-up is -1; expected a whole number from 0",
        "--optimizer sgd --warm-up 99999 | --warm-up is 99999; expected fewer than the",
        "--optimizer sgd --warm-up 9 --schedule one-cycle | --warm-up is given with --schedule"
            + " one-cycle",
        "--optimizer sgd --nesterov | --nesterov is given for sgd without momentum",
        "--optimizer adamw --nesterov | --nesterov is given for adamw",
        "--optimizer adamw --momentum 0.9 | --momentum is given for adamw",
        "--optimizer adamw --weight-decay -1 | --weight-decay is -1.0; expected a finite number",
        "--no-sam --rho-schedule cosine | --rho-schedule is given without SAM",
        "--clip-norm 0 | --clip-norm is 0.0; expected a finite number above 0",
        "--clip-norm 1 --clip-value 1 | --clip-norm is given with --clip-value",
        "--average ema | --average is ema; expected ema:DECAY",
        "--average ema:1 | --average is ema:1; expected ema:DECAY",
        "--average ema:0.9,warm | --average is ema:0.9,warm; expected ema:DECAY",
        "--average swa:0 | --average is swa:0; expected ema:DECAY",
      })
  void badOptionsAreRefused(String options, String message) {
    var run = run(train(options.split(" ")));

    assertThat(run.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(run.err()).contains(message).hasLineCount(1);
    assertThat(run.out()).isEmpty();
  }

  @Test
  void aResumedJobHasToHaveTheSameSettings() {
    List<String> job =
        List.of("--optimizer=sgd", "--checkpoints=" + directory.resolve("c"), "--resume");
    List<String> first = train(job.toArray(new String[0]));
    first.add("--schedule=cosine");
    assertThat(run(first).exitCode()).isEqualTo(ExitCode.OK);
    List<String> longer = new ArrayList<>(first);
    longer.set(longer.indexOf("--epochs=2"), "--epochs=3");
    assertThat(run(longer).err()).contains("setting training.epochs was 2 and is 3 now");
    List<String> other = train(job.toArray(new String[0]));
    other.add("--schedule=linear");
    assertThat(run(other).err()).contains("schedule");
  }
}
