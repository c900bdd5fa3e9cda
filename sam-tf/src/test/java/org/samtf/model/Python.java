package org.samtf.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A Python with TensorFlow, if there is one: SAMTF_PYTHON, or python3. */
final class Python {
  static final String COMMAND = System.getenv().getOrDefault("SAMTF_PYTHON", "python3");
  static final boolean IS_THERE = isThere();

  private Python() {}

  private static boolean isThere() {
    try {
      Process process =
          new ProcessBuilder(COMMAND, "-c", "import tensorflow, tf_keras, keras")
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor(2, TimeUnit.MINUTES) && process.exitValue() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Runs a script of src/test/python, within 30 minutes and without a failure. */
  static void run(Path log, String script, List<String> arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(COMMAND, script));
    command.addAll(arguments);
    Process process =
        new ProcessBuilder(command)
            .directory(new File("src/test/python"))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    assertThat(process.waitFor(30, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).as(Files.readString(log)).isZero();
  }
}
