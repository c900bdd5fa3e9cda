package org.samtf.examples.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BarLineTest {

  private static final String MESSAGE =
      "loss 0.1234, sharpness 0.01234, epoch 12, accuracy 97.20 %, 12345 images/s";

  private static String render(int columns, long done, String message) {
    List<String> lines = new ArrayList<>();
    try (ProgressBar bar =
        new ProgressBarBuilder()
            .setTaskName("train")
            .setInitialMax(1600)
            .startsFrom(0, Duration.ZERO)
            .setRenderer(new BarLine())
            .setConsumer(new DelegatingProgressBarConsumer(lines::add, columns))
            .build()) {
      bar.setExtraMessage(message);
      bar.stepTo(done);
      bar.refresh();
    }
    return lines.get(lines.size() - 1);
  }

  @ParameterizedTest
  @CsvSource({
    "40, '>     ]  50 %'",
    "80, 'loss 0.1234'",
    "100, 'loss 0.1234, sharpness 0.01234, epoch 12'",
    "140, 'images/s'",
    "300, 'images/s'"
  })
  void hasABarAndWholePartsOfTheMessage(int columns, String has) {
    String line = render(columns, 800, MESSAGE);

    assertThat(line).hasSizeLessThanOrEqualTo(columns).contains(has);
    assertThat(line).matches("train \\[=+> +]  50 %(, \\d:\\d\\d:\\d\\d left)?(, .*)?");
    assertThat(line.substring(line.indexOf('['), line.indexOf(']'))).hasSizeBetween(11, 31);
    String shown = line.substring(line.indexOf('%') + 1).replaceFirst(", \\S+ left", "");
    assertThat(", " + MESSAGE + ",").startsWith(shown + (shown.isEmpty() ? "" : ","));
  }

  @Test
  void isFullInTheEndAndEmptyAtTheStart() {
    assertThat(render(80, 0, "")).matches("train \\[> +]   0 %");
    assertThat(render(80, 1600, "")).matches("train \\[=+] 100 %.*");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 5, 12, 20})
  void fitsWhereThereIsNoRoomForABar(int columns) {
    assertThat(render(columns, 800, MESSAGE)).hasSizeLessThanOrEqualTo(columns);
  }

  /** So that a log line of TensorFlow, or the prompt of a shell, begins where a line does. */
  @Test
  void leavesTheCursorAtTheBeginningOfTheLine() {
    ByteArrayOutputStream terminal = new ByteArrayOutputStream();
    var consumer = new BarLineConsumer(new PrintStream(terminal, true), 80);

    consumer.accept("bar");
    consumer.clear();

    assertThat(terminal.toString(StandardCharsets.US_ASCII)).isEqualTo("\r\u001b[Kbar\r\r\u001b[K");
  }
}
