package org.samtf.examples.price;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.samtf.examples.compare.Labels;
import org.samtf.examples.files.DurableFiles;
import org.samtf.examples.report.Figures;
import org.samtf.examples.report.Format;
import org.samtf.examples.report.FrontChart;
import org.samtf.examples.report.Spread;

/** What {@code price report} does: says what the runs that there are have come to. */
public final class PriceReport {

  private static final String NONE = "-";

  private final RunFile file;
  private final Times times;
  private final Map<Labels, List<Standing>> standings = new LinkedHashMap<>();

  private PriceReport(RunFile file, Times times) {
    this.file = file;
    this.times = times;
    for (Labels labels : Labels.values()) {
      List<Result> results = results(labels);
      if (!results.isEmpty()) {
        standings.put(labels, Standing.of(labels, results, times));
      }
    }
  }

  /** What price.json has. */
  private record Json(
      String machine,
      PricePlan plan,
      String times,
      boolean timesAreMeasured,
      List<Standing> rows) {}

  /**
   * Writes price.json, price.md and price.png from the file of runs beside them, and prints the
   * table. There is no price.png as long as nothing is compared.
   *
   * @param directory where that is
   * @param prices what a step costs; empty for the time that the runs took
   * @param out where to print
   * @throws IOException if a file cannot be written
   */
  public static void write(Path directory, Optional<Path> prices, PrintWriter out)
      throws IOException {
    RunFile file = RunFile.read(directory);
    PricePlan plan = file.header().plan();
    Times times = prices.map(path -> Times.of(path, plan)).orElseGet(() -> Times.ofRuns(plan));
    PriceReport report = new PriceReport(file, times);
    String table = report.markdown();
    out.println(table);
    out.flush();
    List<Standing> rows = new ArrayList<>();
    report.standings.values().forEach(rows::addAll);
    Figures.write(
        directory.resolve("price.json"),
        new Json(file.header().machine(), plan, times.inWords(), times.areMeasured(), rows));
    DurableFiles.write(directory.resolve("price.md"), table.getBytes(StandardCharsets.UTF_8));
    if (!rows.isEmpty()) {
      FrontChart.write(directory.resolve("price.png"), report.charts());
    }
  }

  /** Those that have runs with the chosen settings, in the order of the file. */
  private List<Result> results(Labels labels) {
    Set<String> names = new LinkedHashSet<>();
    file.runs().stream()
        .filter(run -> run.labels() == labels && !run.tuning())
        .forEach(run -> names.add(run.contestant()));
    Choice choice = new Choice(file);
    List<Result> results = new ArrayList<>();
    for (String name : names) {
      choice
          .of(labels, Contestant.of(name))
          .map(setting -> new Result(labels, name, setting, runs(labels, name, setting)))
          .filter(result -> !result.runs().isEmpty())
          .ifPresent(results::add);
    }
    return results;
  }

  private List<PriceRun> runs(Labels labels, String name, Contestant.Setting setting) {
    return file.runs().stream()
        .filter(
            run ->
                run.labels() == labels
                    && !run.tuning()
                    && run.contestant().equals(name)
                    && run.setting().equals(setting))
        .sorted(Comparator.comparingLong(PriceRun::seed))
        .toList();
  }

  private String markdown() {
    StringBuilder text = new StringBuilder();
    PricePlan plan = file.header().plan();
    text.append(
        String.format(
            Locale.ROOT,
            "%s, %d training images, %s, momentum, %d epochs, batch %d; %d settings each, chosen by"
                + " %d validation images and %d seeds%n",
            plan.data(),
            plan.trainingImages(),
            plan.architecture(),
            plan.epochs(),
            plan.batchSize(),
            plan.grid().size(),
            plan.validationImages(),
            plan.tuningSeeds()));
    text.append("Time: ").append(times.inWords()).append(System.lineSeparator());
    standings.forEach((labels, rows) -> append(text, labels, rows));
    appendUnfinished(text);
    return text.toString();
  }

  private static void append(StringBuilder text, Labels labels, List<Standing> rows) {
    String newline = System.lineSeparator();
    int seeds = rows.stream().mapToInt(row -> row.testAccuracy().size()).max().orElse(0);
    text.append(newline).append("| ").append(labels).append(", ").append(seeds).append(" seeds");
    text.append(
        " | settings | time | of base | second pass in | test accuracy, % | early stopped, %"
            + " | minus base, points | minus base twice | minus SAM | |");
    text.append(newline).append("| --- | --- ").append("| ---: ".repeat(8)).append("| --- |");
    text.append(newline);
    rows.stream()
        .sorted(Comparator.comparingDouble(Standing::seconds))
        .forEach(row -> text.append(line(row, seeds)).append(newline));
  }

  /** Who was tried with some settings only, so that none is chosen, or has none compared yet. */
  private void appendUnfinished(StringBuilder text) {
    for (Labels labels : Labels.values()) {
      Set<String> tried = new LinkedHashSet<>();
      file.runs().stream()
          .filter(run -> run.labels() == labels)
          .forEach(run -> tried.add(run.contestant()));
      standings.getOrDefault(labels, List.of()).forEach(row -> tried.remove(row.contestant()));
      if (!tried.isEmpty()) {
        String newline = System.lineSeparator();
        text.append(newline).append(labels).append(", not compared yet: ");
        text.append(tried.stream().map(name -> tuned(labels, name)).collect(joining(", ")));
        text.append(newline);
      }
    }
  }

  private String tuned(Labels labels, String name) {
    List<PriceRun.Key> all = new Choice(file).candidates(labels, Contestant.of(name));
    long done = all.stream().filter(key -> file.get(key) != null).count();
    return name + " (" + done + " of " + all.size() + " runs to choose settings by)";
  }

  private static String line(Standing row, int seeds) {
    List<String> notes = new ArrayList<>();
    if (!row.isComplete()) {
      notes.add(row.testAccuracy().size() + " of " + seeds + " seeds");
    }
    if (row.onFront()) {
      notes.add("front");
    }
    if (row.diverged() > 0) {
      notes.add(row.diverged() + " diverged");
    }
    return String.format(
        Locale.ROOT,
        "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |",
        row.contestant(),
        row.setting(),
        Double.isFinite(row.seconds()) ? String.format(Locale.ROOT, "%.3g s", row.seconds()) : NONE,
        Double.isFinite(row.timeOfBase()) ? Format.ratio(row.timeOfBase()) : NONE,
        Double.isFinite(row.secondPassShare())
            ? String.format(Locale.ROOT, "%.0f %%", 100 * row.secondPassShare())
            : NONE,
        percent(row.testAccuracy(), row.testAccuracy().deviation()),
        percent(row.earlyStopped(), row.earlyStopped().deviation()),
        difference(row.minusBase(), row.againstBase()),
        difference(row.minusTwice(), row.againstTwice()),
        difference(row.minusSam(), row.againstSam()),
        String.join(", ", notes));
  }

  private static String percent(Spread share, double deviation) {
    return String.format(Locale.ROOT, "%.2f ± %.2f", 100 * share.mean(), 100 * deviation);
  }

  /** In bold if it is clear. */
  private static String difference(Spread difference, String verdict) {
    if (difference == null) {
      return NONE;
    }
    String text =
        String.format(
            Locale.ROOT, "%+.2f ± %.2f", 100 * difference.mean(), 100 * difference.error());
    boolean isClear = verdict.equals(Standing.BETTER) || verdict.equals(Standing.WORSE);
    return isClear ? "**" + text + "**" : text;
  }

  private List<FrontChart> charts() {
    String axis =
        times.areMeasured()
            ? "seconds of training (steps times measured price)"
            : "seconds of training (as the runs took, on a machine with other work)";
    List<FrontChart> charts = new ArrayList<>();
    standings.forEach(
        (labels, rows) -> {
          FrontChart chart =
              new FrontChart(
                  file.header().plan().data() + ", " + labels,
                  axis,
                  "test accuracy (%) ± standard error");
          for (Standing row : rows) {
            if (Double.isFinite(row.seconds()) && row.seconds() > 0) {
              chart.add(
                  row.contestant(),
                  row.seconds(),
                  100 * row.testAccuracy().mean(),
                  100 * row.testAccuracy().error(),
                  row.onFront());
            }
          }
          charts.add(chart);
        });
    return charts;
  }
}
