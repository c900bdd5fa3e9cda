package org.samtf.examples.sharpness;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.LongFunction;
import org.samtf.examples.compare.Labels;
import org.samtf.examples.data.DataSet;
import org.samtf.examples.report.Figures;

/** What the command {@code m-sharpness} does. */
public final class MSharpnessJob {

  /** What to say, and to do, when m-sharpness cannot be correlated with anything. */
  public static final String TOO_FEW =
      String.format(
          Locale.ROOT,
          "too few networks reached the training loss to correlate anything; expected at least %d, of %d"
              + " settings and %d seeds; raise --max-epochs, --max-loss or --seeds",
          Correlations.FEWEST_NETWORKS,
          Correlations.FEWEST_SETTINGS,
          Correlations.FEWEST_SEEDS);

  private MSharpnessJob() {}

  /**
   * Runs both experiments and writes m-sharpness.json and m-sharpness.png.
   *
   * @param splits the images, by the seed of a split in training and test images
   * @param plan what to try
   * @param directory where to write; it exists
   * @param out where to print
   * @return whether there were enough networks to compare
   * @throws IOException if a file cannot be written
   */
  public static boolean run(
      LongFunction<DataSet> splits, Plan plan, Path directory, PrintWriter out) throws IOException {
    DataSet data = splits.apply(Plan.SPLIT_OF_POPULATION);
    describe(data, plan, out);
    Rounds rounds = new Rounds(out);
    List<Sweep> sweeps = new ArrayList<>();
    for (Labels labels : Labels.values()) {
      sweeps.add(Sweep.of(splits, plan, labels, rounds));
    }
    List<TrainedNetwork> networks = Population.of(data, plan, rounds);
    MSharpness results = new MSharpness(data, plan, sweeps, networks, Correlations.of(networks));
    print(results, out);
    Figures.write(directory.resolve("m-sharpness.json"), new MSharpnessReport(results).json());
    MSharpnessChart.write(directory.resolve("m-sharpness.png"), results);
    out.println("figures in " + directory.resolve("m-sharpness.json"));
    out.println("charts in " + directory.resolve("m-sharpness.png"));
    return results.correlations().isPresent();
  }

  private static void describe(DataSet data, Plan plan, PrintWriter out) {
    out.printf(
        Locale.ROOT,
        "%s, %d training, %d validation and %d test images; %s, momentum %s%n",
        data.name(),
        data.train().size(),
        data.validation().size(),
        data.test().size(),
        plan.architecture(),
        plan.momentum());
    out.printf(
        Locale.ROOT,
        "sweep: batch %d, learning rate %s, %d epochs; m-sharpness: at rho %s on %d training images%n",
        plan.largestPart(),
        plan.sweep().learningRate(),
        plan.sweep().epochs(),
        plan.population().rho(),
        Population.measuredImages(data, plan));
    out.flush();
  }

  private static void print(MSharpness results, PrintWriter out) {
    MSharpnessReport report = new MSharpnessReport(results);
    out.println();
    out.println("Test error at the rho with the best validation error; ± standard error:");
    out.println();
    for (Sweep sweep : results.sweeps()) {
      out.println(report.table(sweep));
    }
    results.sweeps().forEach(sweep -> out.println(report.verdict(sweep)));
    out.println();
    out.println(report.countOfNetworks());
    results
        .correlations()
        .ifPresent(
            correlations -> {
              out.println();
              out.println(report.table(correlations));
              report.verdicts(correlations).forEach(out::println);
            });
    out.println();
  }
}
