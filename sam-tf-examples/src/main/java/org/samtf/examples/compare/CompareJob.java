package org.samtf.examples.compare;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;
import org.samtf.examples.data.DataSets;
import org.samtf.examples.report.Figures;
import org.samtf.examples.report.Format;
import org.samtf.examples.report.Progress;
import org.samtf.examples.train.BatchCut;

/** What the command {@code compare} does. */
public final class CompareJob {

  private CompareJob() {}

  /**
   * Returns how many epochs each network is trained for by default.
   *
   * @return the number of epochs
   */
  public static int standardEpochs() {
    return Protocol.STANDARD.epochs();
  }

  /**
   * Returns how many images a step has.
   *
   * @return the batch size
   */
  public static int batchSize() {
    return Protocol.STANDARD.batchSize();
  }

  /**
   * Compares SAM with its base optimizer and writes compare.json and compare.png.
   *
   * @param seeds how many seeds
   * @param epochs how many epochs a run
   * @param cut how SAM cuts a batch
   * @param settings of both sides
   * @param directory where to write; it exists
   * @param out where to print the table
   * @throws IOException if a file cannot be written
   */
  public static void compare(
      int seeds, int epochs, BatchCut cut, Settings settings, Path directory, PrintWriter out)
      throws IOException {
    Protocol protocol = Protocol.STANDARD.withEpochs(epochs).with(cut);
    Comparison comparison;
    try (Progress progress = Progress.of("compare", 4L * seeds)) {
      comparison =
          Comparison.of(
              DataSets::digits,
              protocol,
              settings,
              LongStream.rangeClosed(1, seeds).boxed().toList(),
              run -> progress.step(describe(run)));
    }
    ComparisonReport report = new ComparisonReport(comparison);
    print(comparison, seeds, report, out);
    Figures.write(directory.resolve("compare.json"), report.json());
    ComparisonChart.write(directory.resolve("compare.png"), comparison);
    out.println("figures in " + directory.resolve("compare.json"));
    out.println("curves in " + directory.resolve("compare.png"));
  }

  /** Short, because the bar shares an ordinary line of 80 characters with it. */
  private static String describe(Run run) {
    return run.contestant().name() + " " + Format.percent(run.testAccuracy());
  }

  private static void print(
      Comparison comparison, int seeds, ComparisonReport report, PrintWriter out) {
    Protocol protocol = comparison.protocol();
    out.printf(
        "digits, %s, %s; seeds 1 to %d, each with a split of its own; %d epochs, batch %d;"
            + " sharpness at rho %s%s%n%n",
        protocol.architecture(),
        Protocol.BASE,
        seeds,
        protocol.epochs(),
        protocol.batchSize(),
        protocol.sharpnessRho(),
        protocol.cut().inWords());
    for (Labels labels : Labels.values()) {
      out.println(labels + ", base: " + comparison.settings(labels, false));
      out.println(labels + ", SAM:  " + comparison.settings(labels, true));
    }
    out.println();
    out.println(report.table());
    report.verdicts().forEach(out::println);
    out.println();
  }

  /**
   * Tries grids of settings on the validation images and prints them, best first.
   *
   * @param epochs how many epochs a run
   * @param out where to print
   */
  public static void tune(int epochs, PrintWriter out) {
    Tuning tuning = new Tuning(Protocol.STANDARD.withEpochs(epochs), DataSets::digits);
    for (Labels labels : Labels.values()) {
      for (boolean sam : List.of(false, true)) {
        out.println(Tuning.table(labels, sam, tuning.points(labels, sam)));
        out.flush();
      }
    }
  }
}
