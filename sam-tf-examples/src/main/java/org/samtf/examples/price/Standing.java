package org.samtf.examples.price;

import java.util.ArrayList;
import java.util.List;
import org.samtf.examples.compare.Labels;
import org.samtf.examples.report.Clarity;
import org.samtf.examples.report.Spread;

/**
 * A row of the table, as price.json has it.
 *
 * @param labels what the training labels were like
 * @param contestant its name
 * @param setting what was chosen for it
 * @param seconds of training
 * @param timeOfBase the same, base = 1
 * @param secondPassShare share of the steps that had a second pass
 * @param testAccuracy at the end
 * @param earlyStopped test accuracy after the epoch with the best validation accuracy
 * @param minusBase test accuracy at the end less that of the base optimizer, seed by seed
 * @param minusTwice the same less that of the base optimizer with twice the epochs
 * @param minusSam the same less that of SAM
 * @param againstBase what that says
 * @param againstTwice what that says
 * @param againstSam what that says
 * @param isComplete whether it has as many seeds as the one with the most
 * @param onFront whether it is complete and no other that is, is as accurate in as little time
 * @param diverged how many runs failed
 */
record Standing(
    String labels,
    String contestant,
    String setting,
    double seconds,
    double timeOfBase,
    double secondPassShare,
    Spread testAccuracy,
    Spread earlyStopped,
    Spread minusBase,
    Spread minusTwice,
    Spread minusSam,
    String againstBase,
    String againstTwice,
    String againstSam,
    boolean isComplete,
    boolean onFront,
    long diverged) {

  static final String BETTER = "better";
  static final String WORSE = "worse";
  static final String UNCLEAR = "no clear difference";

  /** The rows of all that have been run with some labels, the fastest first. */
  static List<Standing> of(Labels labels, List<Result> results, Times times) {
    List<Standing> rows = new ArrayList<>();
    Result base = find(results, Contestant.BASE);
    Result twice = find(results, Contestant.TWICE);
    Result sam = find(results, Contestant.SAM);
    int seeds = results.stream().mapToInt(result -> result.runs().size()).max().orElse(0);
    for (Result result : results) {
      Contestant contestant = Contestant.of(result.contestant());
      double seconds = times.seconds(contestant, result);
      Spread accuracy = result.spread(PriceRun::testAccuracy);
      Spread minusBase = difference(result, base);
      Spread minusTwice = difference(result, twice);
      Spread minusSam = difference(result, sam);
      boolean isComplete = result.runs().size() == seeds;
      boolean isBeaten =
          results.stream()
              .filter(other -> other != result && other.runs().size() == seeds)
              .anyMatch(
                  other ->
                      isBetter(
                          times.seconds(Contestant.of(other.contestant()), other),
                          other.spread(PriceRun::testAccuracy).mean(),
                          seconds,
                          accuracy.mean()));
      rows.add(
          new Standing(
              labels.toString(),
              result.contestant(),
              result.setting().toString(),
              seconds,
              base == null
                  ? Double.NaN
                  : seconds / times.seconds(Contestant.of(Contestant.BASE), base),
              result.secondPassShare(),
              accuracy,
              result.spread(PriceRun::earlyStoppedTestAccuracy),
              minusBase,
              minusTwice,
              minusSam,
              verdict(minusBase),
              verdict(minusTwice),
              verdict(minusSam),
              isComplete,
              isComplete && Double.isFinite(seconds) && !isBeaten,
              result.diverged()));
    }
    return rows;
  }

  /** At least as good in both and better in one. */
  private static boolean isBetter(double time, double accuracy, double than, double thanAccuracy) {
    return time <= than && accuracy >= thanAccuracy && (time < than || accuracy > thanAccuracy);
  }

  private static Result find(List<Result> results, String name) {
    return results.stream().filter(r -> r.contestant().equals(name)).findFirst().orElse(null);
  }

  /** By the seeds that both have; null against itself, and if those are fewer than two. */
  private static Spread difference(Result result, Result other) {
    return other == null || other == result || result.seedsInCommonWith(other) < 2
        ? null
        : result.minus(other, PriceRun::testAccuracy);
  }

  static String verdict(Spread difference) {
    if (difference == null) {
      return "-";
    }
    return Clarity.tooFew(difference.size())
        .orElseGet(
            () ->
                switch (Clarity.sign(difference.mean(), difference.error())) {
                  case 1 -> BETTER;
                  case -1 -> WORSE;
                  default -> UNCLEAR;
                });
  }
}
