package org.samtf.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.examples.Main;
import org.samtf.examples.failure.ExitCode;

/** What cannot be written to the standard output is a failure, as with a file. */
class UnwritableOutputTest {

  @TempDir private Path directory;

  /** As /dev/full is. */
  private static final class Full extends OutputStream {
    @Override
    public void write(int b) throws IOException {
      throw new IOException("No space left on device");
    }
  }

  private static CommandLineFixture.Run run(String... arguments) {
    StringWriter err = new StringWriter();
    // As main has it.
    PrintWriter out = new PrintWriter(new PrintStream(new Full()), true);
    int exitCode = Main.run(out, new PrintWriter(err), arguments);
    return new CommandLineFixture.Run(exitCode, "", err.toString());
  }

  private static void assertNotWritten(CommandLineFixture.Run run) {
    assertThat(run.err().strip())
        .isEqualTo(
            "the standard output cannot be written to its end; free space or send it elsewhere");
    assertThat(run.exitCode()).isEqualTo(ExitCode.NOT_WRITTEN);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--help",
        "--version",
        "train --help",
        "train --hidden=2 --epochs=1",
        "compare --seeds=2 --epochs=1",
        "benchmark build --variables=2 --ops=200 --repeats=1",
        "m-sharpness --help"
      })
  void endsWithThree(String command) {
    String arguments = command;
    if (command.startsWith("compare")) {
      arguments += " --out=" + directory;
    }
    assertNotWritten(run(arguments.split(" ")));
  }

  @Test
  void endsWithThreeWhatReadsAModel() {
    String model = "--model=" + directory.resolve("model");
    CommandLineFixture.run(
        "train", "--hidden=2", "--epochs=1", "--export=" + directory.resolve("model"));

    assertNotWritten(run("predict", model));
    assertNotWritten(run("strip", model, "--out=" + directory.resolve("stripped")));
  }

  /** The failure that came first is the one that the code tells. */
  @Test
  void anotherFailureKeepsItsCode() {
    var run = run("train", "--epochs=0");

    assertThat(run.err()).startsWith("--epochs is 0");
    assertThat(run.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
  }
}
