package org.samtf.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.samtf.examples.failure.ExitCode;

/** Whatever stands behind an option, the answer is one line. */
class OptionMutationTest {

  @Provide
  Arbitrary<String> options() {
    return Arbitraries.of(
        "--epochs",
        "--batch-size",
        "--seed",
        "--label-noise",
        "--base",
        "--learning-rate",
        "--momentum",
        "--schedule",
        "--warm-up",
        "--weight-decay",
        "--clip-norm",
        "--average",
        "--rho",
        "--norm",
        "--l2",
        "--model",
        "--hidden",
        "--dropout",
        "--micro-batches",
        "--ascent-examples",
        "--checkpoints",
        "--checkpoint-every",
        "--keep-checkpoints",
        "--progress-every",
        "--log-every",
        "--log",
        "--events",
        "--out",
        "--export",
        "--threads",
        "--precision",
        "--loss-scale",
        "--not-finite",
        "--data");
  }

  @Provide
  Arbitrary<String> values() {
    return Arbitraries.oneOf(
        Arbitraries.strings().all().ofMaxLength(12),
        Arbitraries.strings().withChars("0123456789.,-+eEsmhNaInfity:/ ").ofMaxLength(12));
  }

  /** The data are not there, so no value makes it train. */
  @Property(tries = 1000)
  void isRefusedWithOneLine(@ForAll("options") String option, @ForAll("values") String value) {
    String data = option.equals("--data") ? "--seed=1" : "--data=there/is/no/such";
    if (option.equals("--data") && java.nio.file.Files.isDirectory(asPath(value))) {
      return;
    }

    var run = CommandLineFixture.run("train", data, option + "=" + value);

    assertThat(run.err().strip()).as(option + "=" + value).hasLineCount(1);
    assertThat(run.err()).doesNotContain("unexpected failure");
    assertThat(run.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
  }

  private static java.nio.file.Path asPath(String value) {
    try {
      return java.nio.file.Path.of(value);
    } catch (java.nio.file.InvalidPathException e) {
      return java.nio.file.Path.of("none");
    }
  }
}
