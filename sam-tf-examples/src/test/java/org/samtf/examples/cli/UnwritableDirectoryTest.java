package org.samtf.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.examples.failure.ExitCode;

/** Where a job cannot write it ends with 3, at its start too: the same command may go on later. */
class UnwritableDirectoryTest {

  @TempDir private Path directory;
  private Path disk;

  private CommandLineFixture.Run train(String... more) {
    List<String> arguments = new ArrayList<>(List.of("train", "--hidden=4", "--epochs=1"));
    arguments.addAll(List.of(more));
    return CommandLineFixture.run(arguments.toArray(String[]::new));
  }

  private String[] options() {
    return new String[] {"--checkpoints=" + disk.resolve("checkpoints"), "--resume"};
  }

  private void mountReadOnly() throws Exception {
    mount();
    assertThat(execute("mount", "-o", "remount,ro", disk.toString())).isZero();
  }

  private void mount() throws Exception {
    disk = Files.createDirectory(directory.resolve("disk"));
    assumeThat(execute("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk.toString()))
        .as("mount a small tmpfs (needs root)")
        .isZero();
  }

  @AfterEach
  void unmount() throws Exception {
    if (disk != null) {
      execute("umount", disk.toString());
    }
  }

  private static void assertNotWritten(CommandLineFixture.Run run, String option, Path path) {
    assertThat(run.err().strip())
        .isEqualTo(
            option
                + " "
                + path
                + " cannot be written (no permission, or a read-only file system); make it"
                + " writable or choose another path");
    assertThat(run.exitCode()).isEqualTo(ExitCode.NOT_WRITTEN);
  }

  @ParameterizedTest
  @ValueSource(strings = {"--checkpoints", "--export", "--out", "--events"})
  void aReadOnlyFileSystemAtTheStart(String option) throws Exception {
    mountReadOnly();
    Path path = disk.resolve("new");

    assertNotWritten(train(option + "=" + path), option, path);
  }

  @Test
  void aReadOnlyFileSystemAtAResume() throws Exception {
    mount();
    assertThat(train(options()).exitCode()).isEqualTo(ExitCode.OK);
    assertThat(execute("mount", "-o", "remount,ro", disk.toString())).isZero();

    assertNotWritten(train(options()), "--checkpoints", disk.resolve("checkpoints"));

    assertThat(execute("mount", "-o", "remount,rw", disk.toString())).isZero();
    assertThat(train(options()).exitCode()).isEqualTo(ExitCode.OK);
  }

  @Test
  void noPermission() throws IOException {
    Path closed = Files.createDirectory(directory.resolve("closed"));
    Files.setPosixFilePermissions(closed, Set.of());
    try {
      assumeThat(Files.isWritable(closed)).as("permissions count (not for root)").isFalse();

      assertNotWritten(train("--out=" + closed.resolve("new")), "--out", closed.resolve("new"));
    } finally {
      Files.setPosixFilePermissions(
          closed, java.nio.file.attribute.PosixFilePermissions.fromString("rwx------"));
    }
  }

  private static int execute(String... command) throws Exception {
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start()
        .waitFor();
  }
}
