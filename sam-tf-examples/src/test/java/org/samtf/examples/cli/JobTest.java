package org.samtf.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.samtf.examples.data.IdxFiles;
import org.samtf.examples.failure.ExitCode;

/** Training as a job: checkpoints, logs, progress, failures. */
class JobTest {

  @TempDir private Path directory;

  private CommandLineFixture.Run train(String... more) {
    List<String> arguments = new ArrayList<>(List.of("train"));
    for (String standard : List.of("--hidden=4", "--epochs=2")) {
      String option = standard.substring(0, standard.indexOf('='));
      if (Stream.of(more).noneMatch(argument -> argument.startsWith(option))) {
        arguments.add(standard);
      }
    }
    arguments.add("--checkpoints=" + directory.resolve("checkpoints"));
    arguments.addAll(List.of(more));
    return CommandLineFixture.run(arguments.toArray(String[]::new));
  }

  private List<String> checkpoints() throws IOException {
    try (Stream<Path> entries = Files.list(directory.resolve("checkpoints"))) {
      return entries
          .map(entry -> entry.getFileName().toString())
          .filter(name -> name.startsWith("step-"))
          .sorted()
          .toList();
    }
  }

  @Test
  void savesNowAndThenAndAtTheEnd() throws IOException {
    var run = train("--checkpoint-every", "12", "--keep-checkpoints", "2");

    assertThat(run.err()).isEmpty();
    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(run.out()).contains("time in all").contains(", 32 steps");
    assertThat(checkpoints())
        .containsExactly("step-000000000024-epochs-1", "step-000000000032-epochs-2");
  }

  @Test
  void aFinishedJobCanTrainForMoreEpochs() throws IOException {
    train("--out=" + directory.resolve("short"));
    var longer = train("--resume", "--epochs=3", "--out=" + directory.resolve("longer"));
    var whole =
        CommandLineFixture.run(
            "train", "--hidden=4", "--epochs=3", "--out=" + directory.resolve("whole"));

    assertThat(whole.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(longer.err().strip()).isEqualTo("resumed after step 32 of 48");
    assertThat(longer.out()).contains("resumed once");
    assertThat(epochs("longer")).isEqualTo(epochs("whole")).isNotEqualTo(epochs("short"));
    BadInputTest.assertBadInput(
        withoutNotices(train("--resume", "--epochs=2")),
        "--epochs is 2, and the checkpoint is of a longer run; expected at least the 3 epochs");
  }

  private JsonNode epochs(String name) throws IOException {
    Path file = directory.resolve(name).resolve("train.json");
    return new ObjectMapper().readTree(file.toFile()).at("/result/epochs");
  }

  private static CommandLineFixture.Run withoutNotices(CommandLineFixture.Run run) {
    return new CommandLineFixture.Run(
        run.exitCode(), run.out(), run.err().replaceAll("(?m)^resumed after.*\\R", ""));
  }

  @Test
  void refusesToWriteAmongCheckpointsWithoutResume() throws IOException {
    train();
    List<String> before = checkpoints();

    BadInputTest.assertBadInput(train(), "has checkpoints; expected none, or --resume");

    assertThat(checkpoints()).isEqualTo(before);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--seed=2 | setting training.seed was 1 and is 2 now",
        "--hidden=5 | setting training.architecture.hidden was [4] and is [5] now",
        "--learning-rate=0.1 | setting training.learningRate was 0.05 and is 0.1 now",
        "--no-sam | setting training.sam was {",
        "--adaptive | setting training.sam.adaptive was null and is 0.01 now",
        "--freeze=dense1* | setting training.sam.freeze was [] and is [\"dense1*\"] now",
        "--do-not-perturb=*bias | training.sam.doNotPerturb was [] and is [\"*bias\"] now",
        "--label-noise=0.1 | setting labelNoise was 0.0 and is 0.1 now",
        "--base=adam | setting training.base was \"MOMENTUM\" and is \"ADAM\" now",
      })
  void namesTheSettingThatHasChanged(String option, String message) throws IOException {
    train();
    List<String> before = checkpoints();

    BadInputTest.assertBadInput(train("--resume", option), message);

    assertThat(checkpoints()).isEqualTo(before);
  }

  @Test
  void namesTheDataFileThatHasChanged() throws IOException {
    Path data = Files.createDirectory(directory.resolve("data"));
    IdxFiles.write(data, 3, 2);
    String[] arguments = {"--data=" + data, "--batch-size=5", "--resume"};
    assertThat(train(arguments).exitCode()).isEqualTo(ExitCode.OK);
    assertThat(train(arguments).exitCode()).isEqualTo(ExitCode.OK);
    Path file = data.resolve("train-images-idx3-ubyte");
    byte[] bytes = Files.readAllBytes(file);
    bytes[100] ^= 1;
    Files.write(file, bytes);

    BadInputTest.assertBadInput(
        train(arguments),
        "data file train-images-idx3-ubyte has changed since the checkpoint; expected");
  }

  @Test
  void aDamagedCheckpointIsOneLineAndTheOneBeforeIsUsed() throws IOException {
    train("--checkpoint-every=20");
    Path newest = directory.resolve("checkpoints/step-000000000032-epochs-2");
    Path file = newest.resolve("variables.data-00000-of-00001");
    byte[] bytes = Files.readAllBytes(file);
    bytes[77] ^= 16;
    Files.write(file, bytes);

    var run = train("--resume");

    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(run.err().strip().lines())
        .containsExactly(
            "checkpoint "
                + newest
                + " is damaged (variables.data-00000-of-00001 does not have its digest); using the"
                + " one before",
            "resumed after step 20 of 32");
    assertThat(Files.readAllBytes(file)).hasSameSizeAs(bytes).isNotEqualTo(bytes);
  }

  @Test
  void aModelThatIsWrittenIsNeverOverwritten() throws IOException {
    String export = "--export=" + directory.resolve("model");
    train("--resume", export);
    Path model = directory.resolve("model/saved_model.pb");
    var time = Files.getLastModifiedTime(model);

    assertThat(train("--resume", export).exitCode()).isEqualTo(ExitCode.OK);
    assertThat(Files.getLastModifiedTime(model)).isEqualTo(time);
    BadInputTest.assertBadInput(
        withoutNotices(train("--resume", "--epochs=3", export)), "is not empty");
    assertThat(Files.getLastModifiedTime(model)).isEqualTo(time);
  }

  @Test
  void aHalfWrittenModelIsWrittenAnew() throws IOException {
    Path half = Files.createDirectories(directory.resolve("model/.writing/variables"));
    Files.writeString(half.resolve("variables.index"), "x");

    var run = train("--resume", "--export=" + directory.resolve("model"));

    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    try (Stream<Path> entries = Files.list(directory.resolve("model"))) {
      assertThat(entries.map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrder("saved_model.pb", "variables");
    }
    assertThat(
            CommandLineFixture.run("predict", "--model=" + directory.resolve("model")).exitCode())
        .isEqualTo(ExitCode.OK);
  }

  @Test
  void aLineSaysFromTimeToTimeHowFarItIs() {
    var run = train("--progress-every=10");

    List<String> lines = run.err().strip().lines().toList();
    assertThat(lines).hasSize(3);
    assertThat(lines.get(0))
        .matches(
            "step 10 of 32, epoch 1 of 2, loss [0-9.]+, sharpness [0-9.e-]+, \\d+ images/s,"
                + " \\d:\\d\\d:\\d\\d left");
    assertThat(lines.get(1)).startsWith("step 20 of 32, epoch 2 of 2").contains("validation");
  }

  @Test
  void logsAndEventsComeWithoutCheckpoints() throws IOException {
    Path log = directory.resolve("new/log.jsonl");
    Path events = directory.resolve("events");

    var run =
        CommandLineFixture.run(
            "train", "--no-sam", "--epochs=1", "--log=" + log, "--events=" + events);

    assertThat(run.err()).isEmpty();
    assertThat(Files.readAllLines(log)).hasSize(4);
    assertThat(Files.readString(log)).contains("\"event\":\"end\"").doesNotContain("sharpness\":n");
    try (Stream<Path> files = Files.list(events)) {
      assertThat(files).hasSize(1);
    }
    BadInputTest.assertBadInput(
        CommandLineFixture.run("train", "--log=" + log), "is there already; expected a new file");
    BadInputTest.assertBadInput(
        CommandLineFixture.run("train", "--events=" + events),
        "--events " + events + " is not empty");
  }

  /** A disk of half a megabyte; only root can make one. */
  @Test
  void aDiskThatIsFullInTheMiddleOfACheckpoint() throws Exception {
    Path disk = Files.createDirectory(directory.resolve("disk"));
    assumeThat(execute("mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", disk.toString()))
        .as("mount a small tmpfs (needs root)")
        .isZero();
    try {
      String[] arguments = {
        "train",
        "--hidden=100",
        "--epochs=2",
        "--checkpoint-every=5",
        "--keep-checkpoints=100",
        "--checkpoints=" + disk.resolve("checkpoints"),
        "--resume",
        "--out=" + directory.resolve("out")
      };
      var run = CommandLineFixture.run(arguments);

      assertThat(run.exitCode()).isEqualTo(ExitCode.NOT_WRITTEN);
      String last = run.err().strip().lines().reduce((a, b) -> b).orElseThrow();
      assertThat(last)
          .matches(
              "checkpoint of step \\d+ in \\S+ cannot be written \\(.*No space left on device.*\\);"
                  + " free space or make it writable, then go on with --resume; the one of step"
                  + " \\d+ is whole");
      List<String> left;
      try (Stream<Path> entries = Files.list(disk.resolve("checkpoints"))) {
        left = entries.map(path -> path.getFileName().toString()).toList();
      }
      assertThat(left).hasSizeGreaterThan(1).noneMatch(name -> name.startsWith(".writing"));
      assertThat(directory.resolve("out/train.json")).doesNotExist();

      assertThat(execute("mount", "-o", "remount,size=16m", disk.toString())).isZero();
      var resumed = CommandLineFixture.run(arguments);

      assertThat(resumed.exitCode()).isEqualTo(ExitCode.OK);
      assertThat(resumed.err()).startsWith("resumed after step ");
      CommandLineFixture.run(
          "train", "--hidden=100", "--epochs=2", "--out=" + directory.resolve("whole"));
      assertThat(epochs("out")).isEqualTo(epochs("whole"));
    } finally {
      execute("umount", disk.toString());
    }
  }

  private static int execute(String... command) throws Exception {
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start()
        .waitFor();
  }

  @Test
  void aGpuThatIsDemandedIsThereOrNothingStarts() {
    assumeThat(Files.exists(Path.of("/dev/nvidiactl"))).as("no GPU").isFalse();
    BadInputTest.assertBadInput(
        train("--require-gpu"), "--require-gpu is given, and TensorFlow has no GPU here");
    BadInputTest.assertBadInput(
        train("--device=gpu"), "--device gpu is given, and TensorFlow has no GPU here");
    assertThat(directory.resolve("checkpoints")).doesNotExist();
    assertThat(train("--device=cpu", "--threads=1", "--memory-growth").exitCode())
        .isEqualTo(ExitCode.OK);
  }
}
