package org.samtf.examples.price;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.examples.benchmark.VariantPrice;
import org.samtf.examples.benchmark.VariantPrices;
import org.samtf.examples.failure.InputException;
import org.samtf.examples.report.Figures;

class TimesTest {

  private static final Offset<Double> TOLERANCE = Offset.offset(1e-9);

  @TempDir private Path directory;

  private static VariantPrice price(String variant, double base, Double ratio, Double skipped) {
    return new VariantPrice(
        "digits", "mlp [128, 128]", "8x8x1", variant, base, null, null, 1, ratio, skipped, 1);
  }

  private Path file(int batchSize) throws IOException {
    Path file = directory.resolve("prices.json");
    Figures.write(
        file,
        new VariantPrices(
            "quiet machine",
            batchSize,
            10,
            2,
            List.of(
                price("base", 2, 1.1, null),
                price("sam", 4, 1.9, null),
                price("every-5", 3, 2.0, 1.0),
                new VariantPrice(
                    "other", "cnn [1]", "8x8x1", "msam", 9, null, null, 1, 1.0, null, 1))));
    return file;
  }

  private Times times() throws IOException {
    return Times.of(file(16), Runs.plan(3));
  }

  private static Result result(String contestant, double share) {
    return Runs.result(contestant, Runs.compared(contestant, 1, 0.5, share));
  }

  /** A thousand steps; 3 ms is the median of the base's times. */
  @Test
  void areStepsTimesPrices() throws IOException {
    Times times = times();

    assertThat(times.seconds(Contestant.of("base"), result("base", 0))).isCloseTo(3, TOLERANCE);
    assertThat(times.seconds(Contestant.of("sam"), result("sam", 1))).isCloseTo(5.7, TOLERANCE);
    assertThat(times.areMeasured()).isTrue();
    assertThat(times.inWords()).contains("quiet machine");
  }

  /** The share of the run counts, not that of the benchmark. */
  @Test
  void stepsWithoutASecondPassAreCheaper() throws IOException {
    assertThat(times().ratio(Contestant.of("every-5"), result("every-5", 0.25)))
        .isCloseTo(1.25, TOLERANCE);
  }

  @Test
  void whatWasNotMeasuredIsNoNumber() throws IOException {
    assertThat(times().seconds(Contestant.of("msam"), result("msam", 1))).isNaN();
  }

  @Test
  void withoutPricesTheyAreThoseOfTheRuns() {
    Times times = Times.ofRuns(Runs.plan(3));

    assertThat(times.seconds(Contestant.of("sam"), result("sam", 1))).isEqualTo(2);
    assertThat(times.areMeasured()).isFalse();
  }

  @Test
  void pricesOfAnotherBatchAreRefused() throws IOException {
    Path file = file(32);

    assertThatExceptionOfType(InputException.class)
        .isThrownBy(() -> Times.of(file, Runs.plan(3)))
        .withMessageContaining("has no price of mlp [128, 128] on 8x8x1 at batch 16");
  }

  @Test
  void whatIsNoFileOfPricesIsRefused() throws IOException {
    Path file = Files.writeString(directory.resolve("x"), "buy milk");

    assertThatExceptionOfType(InputException.class)
        .isThrownBy(() -> Times.of(file, Runs.plan(3)))
        .withMessageContaining("cannot be read; expected a file of \"benchmark variants --json\"");
    Files.writeString(file, "{}");
    assertThatExceptionOfType(InputException.class).isThrownBy(() -> Times.of(file, Runs.plan(3)));
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, 0, -1})
  void pricesThatAreNoPositiveNumbersAreRefused(double x) throws IOException {
    for (VariantPrice price :
        List.of(price("sam", x, 1.9, null), price("sam", 4, x, null), price("sam", 4, 1.9, x))) {
      Path file = directory.resolve("prices.json");
      Figures.write(file, new VariantPrices("quiet machine", 16, 10, 2, List.of(price)));

      assertThatExceptionOfType(InputException.class)
          .isThrownBy(() -> Times.of(file, Runs.plan(3)))
          .withMessageContaining("has a price of sam that is no positive number");
    }
  }
}
