package org.samtf.examples.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.samtf.examples.benchmark.BuildBenchmark;
import org.samtf.examples.benchmark.MemoryBenchmark;
import org.samtf.examples.benchmark.NumericsBenchmark;
import org.samtf.examples.benchmark.StepBenchmark;
import org.samtf.examples.benchmark.ThroughputBenchmark;
import org.samtf.examples.benchmark.ThroughputSettings;
import org.samtf.examples.benchmark.TimedNetwork;
import org.samtf.examples.benchmark.UpdateBenchmark;
import org.samtf.examples.benchmark.VariantBenchmark;
import org.samtf.examples.benchmark.VariantPrices;
import org.samtf.examples.failure.ExitCode;
import org.samtf.examples.failure.OutputException;
import org.samtf.examples.files.DurableFiles;
import org.samtf.examples.train.Precision;
import org.samtf.examples.train.Variant;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Times what SAM costs; a command below it for each thing to measure. */
@Command(
    name = "benchmark",
    description = {
      "Measure what SAM costs. Without a command: the step, as \"benchmark step\" does.",
      "Leave the machine alone while it runs."
    },
    synopsisSubcommandLabel = "[COMMAND]",
    mixinStandardHelpOptions = true)
public final class BenchmarkCommand implements Callable<Integer> {

  private static final int MAX = 1_000_000;

  /** Two ops for each of the 100 variables. */
  private static final int MIN_OPS = 200;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    return step(TimedStepsOptions.STEPS, TimedStepsOptions.WARM_UP);
  }

  private int step(int steps, int warmUp) {
    StepBenchmark.run(steps, warmUp, out());
    return done();
  }

  @Command(
      description =
          "Time a step of momentum with SAM and without, in turn, on two networks at batch 128.",
      mixinStandardHelpOptions = true)
  int step(@Mixin TimedStepsOptions timed) {
    return step(timed.steps(), timed.warmUp());
  }

  @Command(
      name = "micro-batches",
      description = {
        "Time steps of SAM with the batch cut in parts, and with a perturbation from a quarter of",
        "the batch, each in turn with a step without SAM."
      },
      mixinStandardHelpOptions = true)
  int microBatches(
      @Option(
              names = "--parts",
              paramLabel = "K",
              split = ",",
              defaultValue = "1,2,4,8,16",
              description = "Numbers of parts, which divide 128 (default: ${DEFAULT-VALUE}).")
          List<Integer> parts,
      @Mixin TimedStepsOptions timed) {
    int batch = StepBenchmark.BATCH_SIZE;
    for (int count : parts) {
      Check.that(
          count >= 1 && batch % count == 0,
          "--parts",
          count,
          "a divisor of the batch size " + batch);
    }
    StepBenchmark.runMicroBatches(parts, timed.steps(), timed.warmUp(), out());
    return done();
  }

  @Command(
      description = {
        "Measure the peak memory of a step of a network with large activations, or with --hidden of",
        "one with many weights: base, SAM, SAM with 8 micro-batches, at the same time and in",
        "sequence, and relatives of SAM. Linux only."
      },
      mixinStandardHelpOptions = true)
  int memory(
      @Option(
              names = "--batch-size",
              paramLabel = "N",
              defaultValue = "256",
              description = "Images in a batch, a multiple of 8 (default: ${DEFAULT-VALUE}).")
          int batchSize,
      @Option(
              names = "--channels",
              paramLabel = "N",
              defaultValue = "32",
              description = "Channels of each convolution (default: ${DEFAULT-VALUE}).")
          int channels,
      @Option(
              names = "--hidden",
              paramLabel = "N",
              defaultValue = "0",
              description = "Units of each of two layers behind them (default: none).")
          int hidden,
      @Option(
              names = "--steps",
              paramLabel = "N",
              defaultValue = "3",
              description = "Steps of each kind (default: ${DEFAULT-VALUE}).")
          int steps) {
    int parts = MemoryBenchmark.PARTS;
    atLeast(parts, "--batch-size", batchSize);
    Check.that(batchSize % parts == 0, "--batch-size", batchSize, "a multiple of " + parts);
    atLeast(1, "--channels", channels);
    atLeast(0, "--hidden", hidden);
    atLeast(1, "--steps", steps);
    MemoryBenchmark.run(batchSize, channels, hidden, steps, out());
    return done();
  }

  @Command(
      description = {
        "Time steps of networks up to a WideResNet on 32x32x3, with SAM and without, and say how",
        "many examples a second that is. For GPUs."
      },
      mixinStandardHelpOptions = true)
  int throughput(
      @Option(
              names = "--networks",
              paramLabel = "NAME",
              split = ",",
              defaultValue = "perceptron,convolutional,wide-16-4",
              description =
                  "Some of perceptron, convolutional, wide-16-4 and wide-28-10"
                      + " (default: ${DEFAULT-VALUE}).")
          List<String> networks,
      @Option(
              names = "--batch-size",
              paramLabel = "N",
              defaultValue = "" + StepBenchmark.BATCH_SIZE,
              description = "Images in a batch (default: ${DEFAULT-VALUE}).")
          int batchSize,
      @Option(
              names = "--steps",
              paramLabel = "N",
              defaultValue = "50",
              description = "Timed steps of each kind (default: ${DEFAULT-VALUE}).")
          int steps,
      @Option(
              names = "--warm-up",
              paramLabel = "N",
              defaultValue = "10",
              description = "Untimed steps of each kind before them (default: ${DEFAULT-VALUE}).")
          int warmUp,
      @Option(names = "--xla", description = "Compile with XLA what can be. For GPUs only.")
          boolean xla,
      @Option(
              names = "--mixed-precision",
              description =
                  "Compute in float16 what TensorFlow holds safe; weights stay float32. Without a"
                      + " GPU it does nothing.")
          boolean mixedPrecision,
      @Option(
              names = "--json",
              paramLabel = "FILE",
              description = "Write the times there too, in milliseconds.")
          Path json) {
    atLeast(1, "--batch-size", batchSize);
    atLeast(1, "--steps", steps);
    atLeast(0, "--warm-up", warmUp);
    checkJson(json);
    var chosen = networks.stream().map(TimedNetwork::of).toList();
    var settings = new ThroughputSettings(chosen, xla, mixedPrecision, batchSize, steps, warmUp);
    List<ThroughputBenchmark.Measured> measured = ThroughputBenchmark.run(settings, out());
    if (json != null) {
      write(json, Map.of("settings", settings, "measured", measured));
    }
    return done();
  }

  @Command(
      description = {
        "Time steps of SAM's relatives, each in turn with a step of the base optimizer, and tell",
        "steps with a second pass from those without."
      },
      mixinStandardHelpOptions = true)
  int variants(
      @Option(
              names = "--networks",
              paramLabel = "NAME",
              split = ",",
              defaultValue = "perceptron,convolutional",
              description = {
                "Some of perceptron, convolutional, convolutional-8-16, digits, wide-16-4 and",
                "wide-28-10 (default: ${DEFAULT-VALUE})."
              })
          List<String> networks,
      @Option(
              names = "--variants",
              paramLabel = "NAME",
              split = ",",
              description = "Some of those that train --variant has (default: all).")
          List<String> variants,
      @Option(
              names = "--batch-size",
              paramLabel = "N",
              defaultValue = "" + StepBenchmark.BATCH_SIZE,
              description = "Images in a batch (default: ${DEFAULT-VALUE}).")
          int batchSize,
      @Option(
              names = "--json",
              paramLabel = "FILE",
              description = "Write the prices there too, for \"price report --prices\".")
          Path json,
      @Mixin TimedStepsOptions timed) {
    atLeast(1, "--batch-size", batchSize);
    var chosenNetworks = networks.stream().map(TimedNetwork::of).toList();
    List<Variant> chosen =
        variants == null
            ? List.of(Variant.values())
            : variants.stream().map(Variant::of).distinct().toList();
    int steps = timed.steps();
    int warmUp = timed.warmUp();
    checkJson(json);
    VariantPrices prices =
        VariantBenchmark.run(chosenNetworks, chosen, batchSize, steps, warmUp, out());
    if (json != null) {
      write(json, prices);
    }
    return done();
  }

  @Command(
      description = {
        "Time steps that are skipped where a gradient is not finite, loss scales and half",
        "precision, each in turn with the same step without."
      },
      mixinStandardHelpOptions = true)
  int numerics(
      @Option(
              names = "--networks",
              paramLabel = "NAME",
              split = ",",
              defaultValue = "perceptron,convolutional",
              description = {
                "Some of perceptron, convolutional, digits, wide-16-4 and wide-28-10",
                "(default: ${DEFAULT-VALUE})."
              })
          List<String> networks,
      @Option(
              names = "--precisions",
              paramLabel = "TYPE",
              split = ",",
              defaultValue = "float16,bfloat16",
              description = "Some of float16 and bfloat16 (default: ${DEFAULT-VALUE}).")
          List<String> precisions,
      @Option(
              names = "--batch-size",
              paramLabel = "N",
              defaultValue = "" + StepBenchmark.BATCH_SIZE,
              description = "Images in a batch (default: ${DEFAULT-VALUE}).")
          int batchSize,
      @Mixin TimedStepsOptions timed) {
    atLeast(1, "--batch-size", batchSize);
    var chosen = networks.stream().map(TimedNetwork::of).toList();
    var types = precisions.stream().map(Precision::of).toList();
    NumericsBenchmark.run(chosen, types, batchSize, timed.steps(), timed.warmUp(), out());
    return done();
  }

  @Command(
      description = {
        "Time what is around an update: optimizers with schedules, clipping and averages of the",
        "weights, each in turn with the same step without."
      },
      mixinStandardHelpOptions = true)
  int updates(
      @Option(
              names = "--networks",
              paramLabel = "NAME",
              split = ",",
              defaultValue = "perceptron,convolutional",
              description = {
                "Some of perceptron, convolutional, digits, wide-16-4 and wide-28-10",
                "(default: ${DEFAULT-VALUE})."
              })
          List<String> networks,
      @Option(
              names = "--batch-size",
              paramLabel = "N",
              defaultValue = "" + StepBenchmark.BATCH_SIZE,
              description = "Images in a batch (default: ${DEFAULT-VALUE}).")
          int batchSize,
      @Mixin TimedStepsOptions timed) {
    atLeast(1, "--batch-size", batchSize);
    var chosen = networks.stream().map(TimedNetwork::of).toList();
    UpdateBenchmark.run(chosen, batchSize, timed.steps(), timed.warmUp(), out());
    return done();
  }

  private static void checkJson(Path json) {
    if (json != null) {
      OutputDirectory.checkFile("--json", json, true);
      OutputDirectory.create("--json", json.toAbsolutePath().getParent());
    }
  }

  private static void write(Path file, Object value) {
    try {
      DurableFiles.write(
          file, new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsBytes(value));
    } catch (IOException e) {
      throw new OutputException(file.toString(), e, "choose another --json");
    }
  }

  @Command(
      description = {
        "Time what grows with a graph: minimize, the first run and a step against the number of",
        "variables, with the number of ops of a step; and minimize against the number of ops."
      },
      mixinStandardHelpOptions = true)
  int build(
      @Option(
              names = "--variables",
              paramLabel = "N",
              split = ",",
              defaultValue = "10,100,250",
              description = "Numbers of variables (default: ${DEFAULT-VALUE}).")
          List<Integer> variables,
      @Option(
              names = "--ops",
              paramLabel = "N",
              split = ",",
              defaultValue = "500,2000,8000",
              description = "Numbers of forward ops, from 200 (default: ${DEFAULT-VALUE}).")
          List<Integer> ops,
      @Option(
              names = "--repeats",
              paramLabel = "N",
              defaultValue = "3",
              description = "How often each is measured (default: ${DEFAULT-VALUE}).")
          int repeats,
      @Option(
              names = "--no-plain",
              description = {
                "Leave out TensorFlow Java's optimizer as it is, which takes minutes from about a",
                "thousand variables on."
              })
          boolean noPlain,
      @Option(
              names = "--no-tfg",
              description = {
                "Without TensorFlow's TFG optimizer, which goes through a deep graph once for each",
                "layer before the first run."
              })
          boolean noTfg,
      @Option(
              names = "--processor-time",
              description = {
                "The time that the process was computing for, on all processors, in place of the",
                "time that went by: for a machine that has other work to do."
              })
          boolean processorTime) {
    variables.forEach(count -> atLeast(1, "--variables", count));
    ops.forEach(count -> atLeast(MIN_OPS, "--ops", count));
    atLeast(1, "--repeats", repeats);
    BuildBenchmark.run(
        new BuildBenchmark.Settings(variables, ops, repeats, !noPlain, !noTfg, processorTime),
        out());
    return done();
  }

  static void atLeast(int min, String option, int given) {
    Check.that(given >= min && given <= MAX, option, given, min + " to " + MAX);
  }

  private PrintWriter out() {
    return spec.commandLine().getOut();
  }

  private int done() {
    out().flush();
    return ExitCode.OK;
  }
}
