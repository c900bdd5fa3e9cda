package org.samtf.examples.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.samtf.examples.benchmark.BuildBenchmark;
import org.samtf.examples.benchmark.MemoryBenchmark;
import org.samtf.examples.benchmark.StepBenchmark;
import org.samtf.examples.benchmark.ThroughputBenchmark;
import org.samtf.examples.failure.ExitCode;
import org.samtf.examples.failure.InputException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Times what SAM costs. */
@Command(
    name = "benchmark",
    description = {
      "Time a step of momentum with SAM and without, in turn, on two networks at batch 128.",
      "Leave the machine alone while it runs."
    },
    mixinStandardHelpOptions = true)
public final class BenchmarkCommand implements Callable<Integer> {

  private static final int MAX = 1_000_000;

  /** Two ops for each of the 100 variables. */
  private static final int MIN_OPS = 200;

  @Spec private CommandSpec spec;

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = {
        "Timed steps of each kind (default: 200; with --memory: 3; with --throughput: 50)."
      })
  private Integer steps;

  @Option(
      names = "--warm-up",
      paramLabel = "N",
      description = "Untimed steps of each kind before them (default: 20; --throughput: 10).")
  private Integer warmUp;

  @Option(
      names = "--micro-batches",
      arity = "0..1",
      split = ",",
      paramLabel = "K",
      fallbackValue = "1,2,4,8,16",
      description = {
        "Time instead SAM with the batch cut in K parts (default: 1,2,4,8,16), and with a",
        "perturbation from a quarter of the batch."
      })
  private List<Integer> microBatches;

  @Option(
      names = "--memory",
      description = {
        "Measure instead the peak memory of a step of a network with large activations: base,",
        "SAM, SAM with 8 micro-batches, at the same time and in sequence. Linux only."
      })
  private boolean memory;

  @Option(
      names = "--throughput",
      description = {
        "Time instead three networks, the largest a WideResNet-16-4 on 32x32x3, and say how many",
        "examples a second that is. For GPUs."
      })
  private boolean throughput;

  @Option(
      names = "--xla",
      description = "With --throughput: compile with XLA what can be. For GPUs only.")
  private boolean xla;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      description = {
        "With --memory: images in a batch, a multiple of 8 (default: 256); with --throughput: any",
        "number (default: 128)."
      })
  private Integer batchSize;

  @Option(
      names = "--channels",
      paramLabel = "N",
      description = "With --memory: channels of each convolution (default: 32).")
  private Integer channels;

  @Option(
      names = "--build",
      description = {
        "Time instead what happens once: minimize and the first run, against the number of",
        "variables, and minimize against the size of the graph."
      })
  private boolean build;

  @Option(
      names = "--variables",
      paramLabel = "N",
      split = ",",
      description = "With --build: numbers of variables (default: 10,100,250).")
  private List<Integer> variables;

  @Option(
      names = "--ops",
      paramLabel = "N",
      split = ",",
      description = "With --build: numbers of forward ops, from 200 (default: 500,2000,8000).")
  private List<Integer> ops;

  @Option(
      names = "--repeats",
      paramLabel = "N",
      description = "With --build: how often each is measured (default: 3).")
  private Integer repeats;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    checkCombination();
    if (build) {
      BuildBenchmark.run(
          orElse(variables, List.of(10, 100, 250), "--variables", 1),
          orElse(ops, List.of(500, 2000, 8000), "--ops", MIN_OPS),
          orElse(repeats, 3, "--repeats", 1),
          out);
    } else if (throughput) {
      ThroughputBenchmark.run(
          xla,
          orElse(batchSize, StepBenchmark.BATCH_SIZE, "--batch-size", 1),
          orElse(steps, 50, "--steps", 1),
          orElse(warmUp, 10, "--warm-up", 0),
          out);
    } else if (memory) {
      int images = orElse(batchSize, 256, "--batch-size", MemoryBenchmark.PARTS);
      int parts = MemoryBenchmark.PARTS;
      Check.that(images % parts == 0, "--batch-size", images, "a multiple of " + parts);
      MemoryBenchmark.run(
          images, orElse(channels, 32, "--channels", 1), orElse(steps, 3, "--steps", 1), out);
    } else {
      int timed = orElse(steps, 200, "--steps", 1);
      int untimed = orElse(warmUp, 20, "--warm-up", 0);
      if (microBatches == null) {
        StepBenchmark.run(timed, untimed, out);
      } else {
        microBatches.forEach(BenchmarkCommand::checkParts);
        StepBenchmark.runMicroBatches(microBatches, timed, untimed, out);
      }
    }
    out.flush();
    return ExitCode.OK;
  }

  private void checkCombination() {
    String leaveOut = "leave it out";
    if (build) {
      String with = "is given with --build";
      refuse(steps, "--steps", with, leaveOut);
      refuse(warmUp, "--warm-up", with, leaveOut);
      refuse(microBatches, "--micro-batches", with, leaveOut);
      refuse(memory ? true : null, "--memory", with, leaveOut);
    } else {
      String without = "is given without --build";
      String remedy = "add --build or leave it out";
      refuse(variables, "--variables", without, remedy);
      refuse(ops, "--ops", without, remedy);
      refuse(repeats, "--repeats", without, remedy);
    }
    if (throughput) {
      refuse(build ? true : null, "--build", "is given with --throughput", leaveOut);
      refuse(memory ? true : null, "--memory", "is given with --throughput", leaveOut);
      refuse(microBatches, "--micro-batches", "is given with --throughput", leaveOut);
      refuse(channels, "--channels", "is given with --throughput", leaveOut);
      return;
    }
    refuse(
        xla ? true : null,
        "--xla",
        "is given without --throughput",
        "add --throughput or leave it out");
    if (memory) {
      refuse(warmUp, "--warm-up", "is given with --memory", leaveOut);
      refuse(microBatches, "--micro-batches", "is given with --memory", leaveOut);
    } else {
      String remedy = "add --memory or leave it out";
      refuse(
          batchSize,
          "--batch-size",
          "is given without --memory and --throughput",
          "add one of them or leave it out");
      refuse(channels, "--channels", "is given without --memory", remedy);
    }
  }

  private static void checkParts(int count) {
    int batch = StepBenchmark.BATCH_SIZE;
    Check.that(
        count >= 1 && batch % count == 0,
        "--micro-batches",
        count,
        "a divisor of the batch size " + batch);
  }

  private static int orElse(Integer given, int standard, String option, int min) {
    if (given == null) {
      return standard;
    }
    Check.that(given >= min && given <= MAX, option, given, min + " to " + MAX);
    return given;
  }

  private static List<Integer> orElse(
      List<Integer> given, List<Integer> standard, String option, int min) {
    if (given == null) {
      return standard;
    }
    given.forEach(count -> orElse(count, min, option, min));
    return given;
  }

  private static void refuse(Object given, String option, String what, String remedy) {
    if (given != null) {
      throw new InputException(option + " " + what, "an option that has an effect", remedy);
    }
  }
}
