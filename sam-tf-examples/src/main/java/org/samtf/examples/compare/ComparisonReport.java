package org.samtf.examples.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.samtf.examples.report.Clarity;
import org.samtf.examples.report.Format;
import org.samtf.examples.report.Spread;
import org.samtf.examples.report.Table;

/** A comparison as text and as figures. */
final class ComparisonReport {

  private final Comparison comparison;

  ComparisonReport(Comparison comparison) {
    this.comparison = comparison;
  }

  /** One line of the table, as compare.json has it. */
  record Side(
      String labels,
      String optimizer,
      Contestant settings,
      Spread testAccuracy,
      Spread earlyStoppedTestAccuracy,
      Spread trainingLoss,
      Spread sharpness,
      double stepMillis,
      double stepRatio,
      List<Spread> testAccuracyByEpoch) {}

  /** SAM minus base, as compare.json has it. */
  record Difference(
      String labels, Spread testAccuracy, Spread earlyStoppedTestAccuracy, String verdict) {}

  /** What compare.json has. */
  record Json(
      Protocol protocol,
      String baseOptimizer,
      List<Side> sides,
      List<Difference> differences,
      List<Run> runs) {}

  Json json() {
    List<Side> sides = new ArrayList<>();
    List<Difference> differences = new ArrayList<>();
    for (Labels labels : Labels.values()) {
      sides.add(side(labels, false));
      sides.add(side(labels, true));
      Spread atEnd = comparison.advantage(labels, Run::testAccuracy);
      differences.add(
          new Difference(
              labels.toString(),
              atEnd,
              comparison.advantage(labels, Run::earlyStoppedTestAccuracy),
              verdict(atEnd)));
    }
    return new Json(
        comparison.protocol(), Protocol.BASE.toString(), sides, differences, comparison.runs());
  }

  private Side side(Labels labels, boolean sam) {
    double millis = comparison.stepMillis(labels, sam);
    return new Side(
        labels.toString(),
        sam ? "SAM" : "base",
        comparison.settings(labels, sam),
        comparison.spread(labels, sam, Run::testAccuracy),
        comparison.spread(labels, sam, Run::earlyStoppedTestAccuracy),
        comparison.spread(labels, sam, run -> run.result().train().loss()),
        comparison.spread(labels, sam, Run::sharpness),
        millis,
        millis / comparison.stepMillis(labels, false),
        comparison.testAccuracies(labels, sam));
  }

  Table table() {
    Table table =
        Table.ofNumbers()
            .row(
                "",
                "test accuracy",
                "early stopped",
                "training loss",
                "sharpness",
                "time a step",
                "ratio");
    for (Side side : json().sides()) {
      table.row(
          side.labels() + ", " + side.optimizer(),
          percent(side.testAccuracy()),
          percent(side.earlyStoppedTestAccuracy()),
          Format.loss(side.trainingLoss().mean()),
          Format.loss(side.sharpness().mean()),
          Format.millis(side.stepMillis()),
          Format.ratio(side.stepRatio()));
    }
    return table;
  }

  /** Says plainly who is better, and where there is nothing to be said. */
  List<String> verdicts() {
    List<String> lines = new ArrayList<>();
    for (Labels labels : Labels.values()) {
      lines.add(line(labels, "at the end", Run::testAccuracy));
      lines.add(line(labels, "early stopped", Run::earlyStoppedTestAccuracy));
    }
    return lines;
  }

  private String line(Labels labels, String when, ToDoubleFunction<Run> accuracy) {
    Spread difference = comparison.advantage(labels, accuracy);
    return String.format(
        Locale.ROOT,
        "%s, %s: %s (SAM - base: %+.2f points, standard error %.2f)",
        labels,
        when,
        verdict(difference),
        100 * difference.mean(),
        100 * difference.error());
  }

  static String verdict(Spread difference) {
    return Clarity.tooFew(difference.size())
        .orElseGet(
            () ->
                switch (Clarity.sign(difference.mean(), difference.error())) {
                  case 1 -> "SAM is better";
                  case -1 -> "SAM is worse";
                  default -> "no clear difference";
                });
  }

  private static String percent(Spread share) {
    return String.format(
        Locale.ROOT, "%.2f ± %.2f %%", 100 * share.mean(), 100 * share.deviation());
  }
}
