package org.samtf.examples.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each exit code of the table in docs/jobs.md, of a process that has come to it. */
class ExitCodesTest {

  private static final Pattern ROW = Pattern.compile("\\| (\\d+(, \\d+)*) \\|.*");

  @TempDir private Path directory;

  /** What is done to a job, and what it says then. */
  private enum Case {
    TO_THE_END(0, ""),
    DIVERGED(1, "diverged in epoch 1", "--learning-rate=1e30"),
    BAD_OPTION(2, "--batch-size is 0", "--batch-size=0"),
    FULL_OUTPUT(3, "the standard output cannot be written to its end"),
    SMALL_HEAP(4, "out of memory"),
    HANGUP(129, "stopped by SIGHUP after step"),
    INTERRUPT(130, "stopped by SIGINT after step"),
    KILL(137, ""),
    EARLY_USR1(138, ""),
    TERMINATE(143, "stopped by SIGTERM after step"),
    LOST_MACHINE(200, "127.0.0.1:1");

    final int code;
    final String said;
    final List<String> options;

    Case(int code, String said, String... options) {
      this.code = code;
      this.said = said;
      this.options = List.of(options);
    }
  }

  @ParameterizedTest
  @EnumSource
  void isComeTo(Case what) throws Exception {
    boolean isAlone = what != Case.LOST_MACHINE;
    boolean isSignalled = what.code > 128 && isAlone;
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--hidden=4",
                "--epochs=" + (isSignalled ? 100_000 : 2),
                "--checkpoints=" + directory.resolve("checkpoints")));
    arguments.addAll(isAlone ? List.of("--no-sam") : besideNobody());
    arguments.addAll(what.options);
    Redirect out = what == Case.FULL_OUTPUT ? Redirect.to(new File("/dev/full")) : Redirect.DISCARD;
    List<String> jvm = List.of(what == Case.SMALL_HEAP ? "-Xmx12m" : "-Xmx1g");
    Path err = directory.resolve("err.txt");
    if (isSignalled) {
      arguments.add("--checkpoint-every=1");
    }
    try (TrainProcess process = TrainProcess.start(err, out, jvm, arguments)) {
      if (isSignalled && what != Case.EARLY_USR1) {
        process.await(this::hasCheckpoint);
      }
      switch (what) {
        case HANGUP -> process.signal("HUP");
        case INTERRUPT -> process.signal("INT");
        case TERMINATE -> process.signal("TERM");
        case KILL -> process.kill();
        case EARLY_USR1 -> process.signal("USR1");
        default -> {}
      }
      assertThat(process.exitCode()).as(process.err()).isEqualTo(what.code);
      assertThat(process.err()).contains(what.said).doesNotContain("\tat ");
    }
  }

  /** On two machines, of which one is not there. */
  private static List<String> besideNobody() throws IOException {
    try (ServerSocket free = new ServerSocket(0)) {
      return List.of(
          "--cluster=127.0.0.1:" + free.getLocalPort() + ",127.0.0.1:1",
          "--task=0",
          "--start-timeout=2",
          "--on-lost-worker=stop");
    }
  }

  private boolean hasCheckpoint() {
    String[] names = directory.resolve("checkpoints").toFile().list();
    return names != null && Arrays.stream(names).anyMatch(name -> name.startsWith("step-"));
  }

  @Test
  void theTableHasTheseAndNoOthers() throws IOException {
    Set<Integer> documented = new TreeSet<>();
    for (String line : Files.readAllLines(Path.of("../docs/jobs.md"))) {
      Matcher row = ROW.matcher(line);
      if (row.matches()) {
        Arrays.stream(row.group(1).split(", ")).map(Integer::valueOf).forEach(documented::add);
      }
    }
    assertThat(documented)
        .isEqualTo(
            Arrays.stream(Case.values())
                .map(what -> what.code)
                .collect(Collectors.toCollection(TreeSet::new)));
  }
}
