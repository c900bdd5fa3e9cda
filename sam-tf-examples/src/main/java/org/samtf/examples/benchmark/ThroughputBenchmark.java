package org.samtf.examples.benchmark;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import org.samtf.examples.data.ImageShape;
import org.samtf.examples.model.Architecture;
import org.samtf.examples.model.Cnn;
import org.samtf.examples.model.Mlp;
import org.samtf.examples.model.WideResNet;
import org.samtf.examples.report.Format;
import org.samtf.examples.report.Progress;
import org.samtf.examples.report.Table;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.GPUOptions;
import org.tensorflow.proto.GraphOptions;
import org.tensorflow.proto.OptimizerOptions;

/**
 * How many examples a second a step gets through, with and without SAM, on networks of which the
 * largest is for GPUs.
 */
public final class ThroughputBenchmark {

  private record Subject(String name, Architecture architecture, ImageShape shape) {}

  private static final ImageShape GREY = new ImageShape(28, 28, 1);
  private static final ImageShape CIFAR = new ImageShape(32, 32, 3);
  private static final float AVERAGING = 0.9f;

  private static final List<Subject> SUBJECTS =
      List.of(
          new Subject("perceptron 784-1024-1024-10", new Mlp(List.of(1024, 1024)), GREY),
          new Subject(
              "convolutional 16-32 on 28x28", new Cnn(List.of(16, 32), 0.25f, AVERAGING), GREY),
          new Subject("WideResNet-16-4 on 32x32x3", new WideResNet(16, 4, AVERAGING), CIFAR));

  private ThroughputBenchmark() {}

  /**
   * Measures and prints a table.
   *
   * @param xla whether TensorFlow compiles with XLA what it can
   * @param batchSize images in a batch
   * @param steps how many steps of each kind are timed
   * @param warmUp how many steps go before, untimed
   * @param out where to print
   */
  public static void run(boolean xla, int batchSize, int steps, int warmUp, PrintWriter out) {
    out.println(Machine.describe());
    out.printf(
        "batch %d, momentum, %s XLA; %d steps of each in turn after %d untimed ones%n%n",
        batchSize, xla ? "with" : "without", steps, warmUp);
    Table table =
        Table.ofNumbers().row("median", "base", "examples/s", "SAM", "examples/s", "ratio");
    for (Subject subject : SUBJECTS) {
      Stopwatch baseTimes = new Stopwatch(steps);
      Stopwatch samTimes = new Stopwatch(steps);
      try (StepSubject base = open(subject, Wrapping.PLAIN, batchSize, xla);
          StepSubject sam = open(subject, Wrapping.SAM, batchSize, xla);
          Progress progress = Progress.of(subject.name(), steps)) {
        for (int i = 0; i < warmUp; i++) {
          base.step();
          sam.step();
        }
        for (int i = 0; i < steps; i++) {
          baseTimes.time(base::step);
          samTimes.time(sam::step);
          progress.step("");
        }
      }
      table.row(
          subject.name(),
          Format.millis(baseTimes.median()),
          perSecond(batchSize, baseTimes),
          Format.millis(samTimes.median()),
          perSecond(batchSize, samTimes),
          Format.ratio(samTimes.median() / baseTimes.median()));
    }
    out.print(table);
  }

  private static StepSubject open(Subject subject, Wrapping wrapping, int batchSize, boolean xla) {
    ConfigProto config =
        ConfigProto.newBuilder()
            .setGpuOptions(GPUOptions.newBuilder().setAllowGrowth(true))
            .setGraphOptions(
                GraphOptions.newBuilder()
                    .setOptimizerOptions(
                        OptimizerOptions.newBuilder()
                            .setGlobalJitLevel(
                                xla
                                    ? OptimizerOptions.GlobalJitLevel.ON_2
                                    : OptimizerOptions.GlobalJitLevel.OFF)))
            .build();
    return new StepSubject(
        subject.architecture(), subject.shape(), StepWriting.of(wrapping), batchSize, config);
  }

  private static String perSecond(int batchSize, Stopwatch times) {
    return String.format(Locale.ROOT, "%.0f", batchSize * 1000 / times.median());
  }
}
