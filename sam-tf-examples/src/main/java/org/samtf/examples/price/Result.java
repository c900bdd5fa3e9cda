package org.samtf.examples.price;

import java.util.List;
import java.util.function.ToDoubleFunction;
import org.samtf.examples.compare.Labels;
import org.samtf.examples.report.Spread;

/**
 * What a contestant has come to with some labels.
 *
 * @param labels what the training labels were like
 * @param contestant its name
 * @param setting what was chosen for it
 * @param runs the runs of the comparison, in the order of the seeds
 */
record Result(Labels labels, String contestant, Contestant.Setting setting, List<PriceRun> runs) {

  Spread spread(ToDoubleFunction<PriceRun> value) {
    return Spread.of(runs.stream().mapToDouble(value).toArray());
  }

  /** This minus the other, seed by seed: both had the same images, wrong labels and weights. */
  Spread minus(Result other, ToDoubleFunction<PriceRun> value) {
    return Spread.of(
        runs.stream()
            .flatMap(
                run ->
                    other.runs.stream()
                        .filter(its -> its.seed() == run.seed())
                        .map(its -> value.applyAsDouble(run) - value.applyAsDouble(its)))
            .mapToDouble(Double::doubleValue)
            .toArray());
  }

  long seedsInCommonWith(Result other) {
    List<Long> its = other.runs.stream().map(PriceRun::seed).toList();
    return runs.stream().map(PriceRun::seed).filter(its::contains).count();
  }

  double secondPassShare() {
    return runs.stream()
        .mapToDouble(PriceRun::secondPassShare)
        .filter(Double::isFinite)
        .average()
        .orElse(Double.NaN);
  }

  /** Mean over the runs that came to an end. */
  double stepSeconds() {
    return runs.stream()
        .mapToDouble(PriceRun::stepSeconds)
        .filter(Double::isFinite)
        .average()
        .orElse(Double.NaN);
  }

  long diverged() {
    return runs.stream().filter(PriceRun::diverged).count();
  }
}
