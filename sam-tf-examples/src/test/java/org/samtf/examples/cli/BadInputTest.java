package org.samtf.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.examples.data.IdxFiles;
import org.samtf.examples.failure.ExitCode;

/** Bad input gives one line on the error stream, exit code 2 and no files. */
class BadInputTest {

  @TempDir private Path directory;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | no command",
        "trian | no command 'trian'; expected compare, train, worker, predict, strip, inspect, benchmark,",
        "trian | did you mean train?; see sam-tf-examples --help",
        "x | no command 'x'; expected compare",
        "train trian | Unmatched argument at index 1: 'trian'",
        "train --no-such-option | Unknown option: '--no-such-option'",
        "train --epochs 0 | --epochs is 0",
        "train --epochs x | 'x' is not an int",
        "train --task 1 | --task is given without --cluster",
        "train --trusted-network | --trusted-network is given without --cluster",
        "train --cluster localhost:1,localhost:2 | has no --task; expected --cluster environment",
        "train --cluster environment --task 0 | is given with --task",
        "train --cluster environment | no launcher has named the tasks",
        "train --cluster a --task 0 | worker is \"a\"; write it as host:port",
        "train --cluster a:1,b:2 --task 2 | task is 2; the cluster has 2 tasks",
        "train --cluster a:1,b:2 --task 0 --start-timeout 0 | --start-timeout is 0",
        "train --cluster a:1,b:2 --task 0 --batch-size 63 | a multiple of the 2 machines",
        "train --cluster a:1,b:2 --task 0 --no-sam | --cluster is given without SAM",
        "train --cluster a:1,b:2 --task 0 --model cnn | --dropout is 0.25 with --cluster",
        "train --cluster a:1,b:2 --task 0 --threads 2 | --threads is given with --cluster",
        "train --cluster a:1,b:2 --task 0 --micro-batches 2 | --micro-batches is given with",
        "train --cluster a:1 --task 0 | --cluster has one machine",
        "train --cluster a:1,b:2 --task 0 | worker 0 at a:1 is outside of this machine",
        "train --cluster a:1,b:2 --task 0 --on-lost-worker wait | without --checkpoints",
        "train --on-lost-worker stop | --on-lost-worker stop is given without --cluster",
        "train --weights spread | --weights is given without --cluster",
        "train --cluster a:1,b:2 --task 0 --weights all | --weights is all; expected chief or spread",
        "worker | worker has no --cluster",
        "worker --cluster a:1,b:2 --task 0 | this is the first machine",
        "train --batch-size 0 | --batch-size is 0",
        "train --batch-size 1079 | --batch-size is 1079; expected at most the 1078",
        "train --rho -1 | --rho is -1.0",
        "train --rho NaN | --rho is NaN",
        "train --rho Infinity | --rho is Infinity",
        "train --precision float64 | --precision is \"float64\"; expected float32, float16 or",
        "train --loss-scale 3 | --loss-scale is 3; expected none, dynamic, or a power of two",
        "train --loss-scale much | --loss-scale is much",
        "train --not-finite ignore | --not-finite is ignore; expected fail or skip",
        "train --not-finite fail --loss-scale 2 | --not-finite fail is given with --loss-scale 2",
        "train --norm 0.5 | --norm is 0.5",
        "train --norm NaN | --norm is NaN",
        "train --norm two | 'two' is not a number or inf",
        "train --l2 -1 | --l2 is -1.0",
        "train --label-noise 1 | --label-noise is 1.0",
        "train --label-noise -0.1 | --label-noise is -0.1",
        "train --label-noise NaN | --label-noise is NaN",
        "train --learning-rate 0 | --learning-rate is 0.0",
        "train --learning-rate NaN | --learning-rate is NaN",
        "train --momentum 1 | --momentum is 1.0",
        "train --base adam --momentum 0.9 | --momentum is given for adam",
        "train --base lioness | 'lioness'; expected adadelta, adagrad, adagradda, adam, adamax, ftrl",
        "train --no-sam --rho 0.1 | --rho is given with --no-sam",
        "train --no-sam --norm inf | --norm is given with --no-sam",
        "train --no-sam --l2 0.1 | --l2 is given with --no-sam",
        "train --no-sam --adaptive | --adaptive is given with --no-sam",
        "train --no-sam --freeze x | freeze has \"x\", which matches no variable; there are dense1",
        "train --no-sam --do-not-perturb x | --do-not-perturb is given with --no-sam",
        "train --variant swam | no variant 'swam'; expected base, sam, asam, sam-late, every-2",
        "train --variant sam --no-sam | --variant is given with --no-sam",
        "train --variant base --rho 0.1 | --rho is given with --variant base; expected one of the two",
        "train --variant base --micro-batches 2 | --micro-batches is given with --variant base",
        "train --variant msam --ascent-examples 8 | --variant msam is given with ascent examples, and it",
        "train --variant gsam --ascent-examples 8 | and it needs the gradient at w of the whole batch",
        "train --variant looksam --ascent-examples 8 | --variant looksam is given with ascent examples",
        "train --variant steps-2 --ascent-examples 8 | --variant steps-2 is given with ascent examples",
        "train --variant functional --ascent-examples 8 | functional is given with ascent examples",
        "train --variant ae-sam --micro-batches 2 --sequential | ae-sam is given with parts in sequence",
        "train --adaptive -1 | --adaptive is -1.0; expected a finite number from 0",
        "train --adaptive=NaN | --adaptive is NaN",
        "train --adaptive=x | 'x' is not a float",
        "train --freeze none* | freeze has \"none*\", which matches no variable; there are dense1",
        "train --no-sam --freeze * | freeze takes all of the variables",
        "train --no-sam --freeze regex:( | freeze has \"regex:(\", which is no regular expression",
        "train --freeze * | freeze takes all of the variables",
        "train --freeze regex:( | freeze has \"regex:(\", which is no regular expression",
        "train --do-not-perturb none* | \"none*\", which matches no variable; there are dense1",
        "train --do-not-perturb regex:( | has \"regex:(\", which is no regular expression",
        "train --freeze | Expected parameter for option '--freeze'",
        "train --model vit | no model 'vit'; expected mlp, cnn",
        "train --hidden 0,3 | --hidden is 0",
        "train --hidden 100000 | --hidden is 100000",
        "train --model cnn --channels 0 | --channels is 0",
        "train --model cnn --dropout 1 | --dropout is 1.0",
        "train --model cnn --hidden 3 | --hidden is given for model cnn",
        "train --channels 3 | --channels is given for model mlp",
        "train --data nowhere | data 'nowhere' is not a directory",
        "train --micro-batches 0 | --micro-batches is 0; expected a divisor of the batch size 64",
        "train --micro-batches 3 | --micro-batches is 3; expected a divisor of the batch size 64",
        "train --micro-batches 128 | --micro-batches is 128; expected a divisor",
        "train --ascent-examples 0 | --ascent-examples is 0; expected 1 to the batch size 64",
        "train --ascent-examples 65 | --ascent-examples is 65; expected 1 to the batch size 64",
        "train --micro-batches 2 --ascent-examples 8 | is given with --micro-batches",
        "train --sequential | --sequential is given without --micro-batches",
        "train --random-ascent-examples | is given without --ascent-examples",
        "train --devices /device:CPU:0 | --devices is given without --micro-batches above 1",
        "train --micro-batches 1 --devices /device:CPU:0 | without --micro-batches above 1",
        "train --micro-batches 2 --devices cpu0 | --devices has 'cpu0'; expected names such as",
        "train --micro-batches 2 --devices /device:CPU:64 | --devices has '/device:CPU:64'",
        "train --micro-batches 2 --devices /device:TPU:7 | which this machine does not have",
        "train --micro-batches 2 --devices /job:w/task:1/device:CPU:0 | machine does not have",
        "train --no-sam --micro-batches 2 | --micro-batches is given with --no-sam",
        "train --no-sam --ascent-examples 2 | --ascent-examples is given with --no-sam",
        "train --resume | --resume is given without --checkpoints",
        "train --checkpoint-every 5 | --checkpoint-every is given without --checkpoints",
        "train --keep-checkpoints 5 | --keep-checkpoints is given without --checkpoints",
        "train --checkpoints target/none --keep-checkpoints 0 | --keep-checkpoints is 0",
        "train --checkpoints target/none --checkpoint-every 5d | '5d' is no interval; expected",
        "train --checkpoints pom.xml | leads to",
        "train --progress-every 0 | '0' is no interval; expected a number of steps",
        "train --log-every 0 --log target/none.jsonl | --log-every is 0",
        "train --log-every 5 | --log-every is given without --log or --events",
        "train --log pom.xml | --log pom.xml is there already; expected a new file",
        "train --log target | --log target is no file",
        "train --events src | --events src is not empty",
        "train --device tpu | --device is 'tpu'; expected auto, cpu, gpu or gpu:0, gpu:1",
        "train --device gpu:x | --device is 'gpu:x'",
        "train --device cpu --require-gpu | --require-gpu is given with --device cpu",
        "train --threads 0 | --threads is 0; expected 1 to 1024",
        "compare --micro-batches 3 | --micro-batches is 3; expected a divisor of the batch size 64",
        "compare --tune --micro-batches 2 | --micro-batches is given with --tune",
        "predict | Missing required option: '--model=DIR'",
        "predict --model nowhere | model nowhere is not a directory",
        "strip --model nowhere | Missing required option: '--out=DIR'",
        "strip --model nowhere --out stripped | model nowhere is not a directory",
      })
  void saysWhatIsWrong(String arguments, String message) {
    Path out = directory.resolve("out");
    String[] args = arguments.isEmpty() ? new String[0] : arguments.split(" ");
    if (arguments.startsWith("train") || arguments.startsWith("compare")) {
      args =
          Stream.concat(Stream.of(args), Stream.of("--out", out.toString())).toArray(String[]::new);
    }

    assertBadInput(CommandLineFixture.run(args), message);

    assertThat(out).doesNotExist();
  }

  @Test
  void refusesAnExportDirectoryThatIsNotEmpty() throws IOException {
    Path file = Files.writeString(directory.resolve("mine.txt"), "mine");

    var run = CommandLineFixture.run("train", "--export", directory.toString());

    assertBadInput(run, "is not empty");
    assertThat(directory).isDirectoryContaining(p -> p.equals(file));
    assertThat(Files.readString(file)).isEqualTo("mine");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--export", "--out"})
  void refusesADirectoryBelowAFile(String option) throws IOException {
    Path file = Files.writeString(directory.resolve("file"), "");

    var run = CommandLineFixture.run("train", option, file.resolve("below").toString());

    assertBadInput(run, "which is not a directory");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--export", "--out"})
  void refusesAFile(String option) throws IOException {
    Path file = Files.writeString(directory.resolve("file"), "");

    var run = CommandLineFixture.run("train", option, file.toString());

    assertBadInput(run, "which is not a directory");
  }

  @Test
  void refusesADirectoryThatIsNoModel() {
    var run = CommandLineFixture.run("predict", "--model", directory.toString());

    assertBadInput(run, "is not a whole SavedModel; expected saved_model.pb in it");
  }

  @Test
  void refusesADamagedModel() throws IOException {
    Files.writeString(directory.resolve("saved_model.pb"), "hello");
    Files.createDirectory(directory.resolve("variables"));
    Files.writeString(directory.resolve("variables/variables.index"), "hello");

    var run = CommandLineFixture.run("predict", "--model", directory.toString());

    assertBadInput(run, "cannot be loaded");
  }

  @Test
  void aDamagedDataFileIsNamed() throws IOException {
    IdxFiles.write(directory, 3, 2);
    Files.write(directory.resolve("t10k-labels-idx1-ubyte"), new byte[3]);

    var run = CommandLineFixture.run("train", "--data", directory.toString());

    assertBadInput(run, "t10k-labels-idx1-ubyte ends after 3 of 4 bytes");
  }

  static void assertBadInput(CommandLineFixture.Run run, String message) {
    assertThat(run.err().strip()).contains(message).hasLineCount(1);
    assertThat(run.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(run.out()).isEmpty();
  }
}
