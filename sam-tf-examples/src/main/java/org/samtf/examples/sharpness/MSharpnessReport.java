package org.samtf.examples.sharpness;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.samtf.examples.report.Clarity;
import org.samtf.examples.report.Format;
import org.samtf.examples.report.Spread;
import org.samtf.examples.report.Table;

/** The results of both experiments as text and as figures. */
final class MSharpnessReport {

  private static final String NONE = "-";

  private final MSharpness results;

  MSharpnessReport(MSharpness results) {
    this.results = results;
  }

  /** A point of the sweep, as m-sharpness.json has it; without errors if a network collapsed. */
  record Point(
      int partSize,
      float rho,
      Optional<Spread> trainingLoss,
      Optional<Spread> validationError,
      Optional<Spread> testError,
      boolean chosenByValidation) {}

  /** One kind of labels, as m-sharpness.json has it. */
  record Curves(String labels, List<Point> points, List<SweepRun> runs) {}

  /** A predictor of a gap, as m-sharpness.json has it. */
  record Correlation(
      String predictor,
      String gap,
      Optional<Correlations.Tau> kendallTau,
      Optional<Correlations.Tau> minusThatOfLargestPart,
      Optional<Correlations.Tau> minusThatOfTrainingLoss) {}

  /** What m-sharpness.json has. */
  record Json(
      String data,
      int trainingImages,
      int validationImages,
      int testImages,
      int imagesForSharpness,
      Plan plan,
      List<Curves> sweeps,
      int comparedNetworks,
      List<Correlation> correlations,
      List<TrainedNetwork> networks) {}

  Json json() {
    return new Json(
        results.data().name(),
        results.data().train().size(),
        results.data().validation().size(),
        results.data().test().size(),
        Population.measuredImages(results.data(), results.plan()),
        results.plan(),
        results.sweeps().stream().map(this::curves).toList(),
        (int) results.networks().stream().filter(TrainedNetwork::compared).count(),
        results.correlations().map(this::correlations).orElse(List.of()),
        results.networks());
  }

  private Curves curves(Sweep sweep) {
    List<Point> points = new ArrayList<>();
    for (Method method : Sweep.methods(results.plan())) {
      points.add(
          new Point(
              method.partSize(),
              method.rho(),
              sweep.spread(method, SweepRun::trainingLoss),
              sweep.spread(method, SweepRun::validationError),
              sweep.spread(method, SweepRun::testError),
              sweep.chosen(method.partSize()).equals(Optional.of(method))));
    }
    return new Curves(sweep.labels().toString(), points, sweep.runs());
  }

  private List<Correlation> correlations(Correlations correlations) {
    List<Correlation> all = new ArrayList<>();
    for (Gap gap : Gap.values()) {
      for (Predictor predictor : Predictor.all(results.plan().partSizes())) {
        all.add(
            new Correlation(
                predictor.name(),
                gap.toString(),
                correlations.tau(predictor, gap),
                correlations.advantage(predictor, largest(), gap),
                correlations.advantage(predictor, Predictor.TRAINING_LOSS, gap)));
      }
    }
    return all;
  }

  private Predictor largest() {
    return Predictor.sharpness(results.plan().largestPart());
  }

  /** Test errors at the rho that the validation images chose, beside the largest m. */
  Table table(Sweep sweep) {
    int largest = results.plan().largestPart();
    Table table =
        Table.ofNumbers()
            .row(
                sweep.labels().toString(),
                "rho",
                "test error",
                "minus m = " + largest,
                "minus momentum alone",
                "training loss");
    row(table, sweep, "momentum alone", Optional.of(Method.MOMENTUM_ALONE));
    for (int partSize : results.plan().partSizes()) {
      row(table, sweep, "m = " + partSize, sweep.chosen(partSize));
    }
    return table;
  }

  private void row(Table table, Sweep sweep, String name, Optional<Method> method) {
    Optional<Spread> error = method.flatMap(m -> sweep.spread(m, SweepRun::testError));
    if (error.isEmpty()) {
      table.row(name, NONE, "collapsed", NONE, NONE, NONE);
      return;
    }
    table.row(
        name,
        method.get().hasSam() ? String.valueOf(method.get().rho()) : NONE,
        points(error.get()) + " %",
        difference(sweep, method.get(), sweep.chosen(results.plan().largestPart())),
        difference(sweep, method.get(), Optional.of(Method.MOMENTUM_ALONE)),
        Format.loss(sweep.spread(method.get(), SweepRun::trainingLoss).orElseThrow().mean()));
  }

  private static String difference(Sweep sweep, Method method, Optional<Method> other) {
    if (other.isEmpty() || other.get().equals(method) || sweep.learned(other.get()).isEmpty()) {
      return NONE;
    }
    return points(sweep.difference(method, other.get()));
  }

  /** Mean and standard error in percent. */
  private static String points(Spread shares) {
    return String.format(Locale.ROOT, "%.2f ± %.2f", 100 * shares.mean(), 100 * shares.error());
  }

  /** Says which m differ clearly from the largest. */
  String verdict(Sweep sweep) {
    int largest = results.plan().largestPart();
    Optional<Method> reference = sweep.chosen(largest);
    Optional<String> tooFew = Clarity.tooFew(results.plan().sweep().seeds().size());
    if (tooFew.isPresent()) {
      return sweep.labels() + ": " + tooFew.get();
    }
    if (reference.isEmpty()) {
      return sweep.labels() + ": m = " + largest + " collapsed for every rho; nothing to compare";
    }
    List<String> better = new ArrayList<>();
    List<String> worse = new ArrayList<>();
    for (int partSize : results.plan().partSizes()) {
      Optional<Method> chosen = sweep.chosen(partSize);
      if (partSize == largest || chosen.isEmpty()) {
        continue;
      }
      Spread difference = sweep.difference(chosen.get(), reference.get());
      int sign = Clarity.sign(difference.mean(), difference.error());
      if (sign != 0) {
        (sign < 0 ? better : worse).add(String.valueOf(partSize));
      }
    }
    String against = " than m = " + largest;
    String found =
        better.isEmpty() && worse.isEmpty()
            ? "no m is clearly better or worse" + against
            : (better.isEmpty() ? "no m" : "m = " + String.join(", ", better))
                + " clearly better, "
                + (worse.isEmpty() ? "no m" : "m = " + String.join(", ", worse))
                + " clearly worse"
                + against;
    return sweep.labels() + ": " + found;
  }

  /** Kendall's tau of each predictor with each gap. */
  Table table(Correlations correlations) {
    int largest = results.plan().largestPart();
    Table table =
        Table.ofNumbers()
            .row(
                "Kendall's tau with",
                "error gap",
                "minus m = " + largest,
                "minus training loss",
                "loss gap",
                "minus m = " + largest,
                "minus training loss");
    for (Predictor predictor : Predictor.all(results.plan().partSizes())) {
      List<String> row = new ArrayList<>();
      row.add(predictor.name());
      for (Gap gap : Gap.values()) {
        row.add(text(correlations.tau(predictor, gap)));
        row.add(advantage(correlations, predictor, largest(), gap));
        row.add(advantage(correlations, predictor, Predictor.TRAINING_LOSS, gap));
      }
      table.row(row.toArray(String[]::new));
    }
    return table;
  }

  private static String advantage(
      Correlations correlations, Predictor predictor, Predictor other, Gap gap) {
    return predictor.name().equals(other.name())
        ? NONE
        : text(correlations.advantage(predictor, other, gap));
  }

  private static String text(Optional<Correlations.Tau> tau) {
    return tau.map(t -> String.format(Locale.ROOT, "%+.2f ± %.2f", t.tau(), t.standardError()))
        .orElse("all alike");
  }

  /** Says which predictors have a clear correlation, and whether a small m is a better one. */
  List<String> verdicts(Correlations correlations) {
    List<String> lines = new ArrayList<>();
    Optional<String> tooFew = Clarity.tooFew(correlations.seeds());
    for (Gap gap : Gap.values()) {
      lines.add(
          gap
              + ": "
              + tooFew.orElseGet(
                  () -> clear(correlations, gap) + "; " + bestAgainstLargest(correlations, gap)));
    }
    return lines;
  }

  private String clear(Correlations correlations, Gap gap) {
    List<Predictor> all = Predictor.all(results.plan().partSizes());
    String positive = clear(all, 1, predictor -> correlations.tau(predictor, gap));
    String negative = clear(all, -1, predictor -> correlations.tau(predictor, gap));
    if (positive.isEmpty() && negative.isEmpty()) {
      return "nothing correlates clearly with it";
    }
    return "clearly positive for "
        + (positive.isEmpty() ? "none" : positive)
        + ", clearly negative for "
        + (negative.isEmpty() ? "none" : negative);
  }

  private String bestAgainstLargest(Correlations correlations, Gap gap) {
    List<Predictor> all = results.plan().partSizes().stream().map(Predictor::sharpness).toList();
    String higher = clear(all, 1, one -> correlations.advantage(one, largest(), gap));
    String lower = clear(all, -1, one -> correlations.advantage(one, largest(), gap));
    return (higher.isEmpty() ? "no m" : higher)
        + " clearly higher, "
        + (lower.isEmpty() ? "no m" : lower)
        + " clearly lower than m = "
        + results.plan().largestPart();
  }

  /** The names of those whose value is clear and of that sign. */
  private static String clear(
      List<Predictor> predictors, int sign, Function<Predictor, Optional<Correlations.Tau>> value) {
    return predictors.stream()
        .filter(predictor -> value.apply(predictor).filter(tau -> sign(tau) == sign).isPresent())
        .map(Predictor::name)
        .collect(Collectors.joining(", "));
  }

  private static int sign(Correlations.Tau tau) {
    return Clarity.sign(tau.tau(), tau.standardError());
  }

  /** Which networks are compared and which are left out, and why. */
  String countOfNetworks() {
    long compared = results.networks().stream().filter(TrainedNetwork::compared).count();
    long diverged = results.networks().stream().filter(n -> n.train() == null).count();
    return String.format(
        Locale.ROOT,
        "%d of %d networks reached a training loss of %s in %d epochs and are compared (%d diverged)",
        compared,
        results.networks().size(),
        Format.loss(results.plan().population().maxLoss()),
        results.plan().population().maxEpochs(),
        diverged);
  }
}
