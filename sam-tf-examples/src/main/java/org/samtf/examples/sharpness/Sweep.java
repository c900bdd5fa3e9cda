package org.samtf.examples.sharpness;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.LongFunction;
import java.util.function.ToDoubleFunction;
import org.samtf.examples.compare.Labels;
import org.samtf.examples.data.DataSet;
import org.samtf.examples.data.LabelNoise;
import org.samtf.examples.report.Spread;
import org.samtf.examples.train.BaseOptimizer;
import org.samtf.examples.train.DivergenceException;
import org.samtf.examples.train.Trainer;
import org.samtf.examples.train.TrainingSettings;

/** Test error against rho for each m. */
final class Sweep {

  private final Plan plan;
  private final Labels labels;
  private final List<SweepRun> runs;

  Sweep(Plan plan, Labels labels, List<SweepRun> runs) {
    this.plan = plan;
    this.labels = labels;
    this.runs = runs;
  }

  /** Trains every network, all methods for the first seed, then all for the second, ... */
  static Sweep of(LongFunction<DataSet> splits, Plan plan, Labels labels, Rounds rounds) {
    List<Method> methods = methods(plan);
    List<SweepRun> runs =
        rounds.run(
            "sweep of rho, " + labels,
            plan.sweep().seeds(),
            methods,
            (seed, method) -> run(splits, plan, labels, method, seed));
    return new Sweep(plan, labels, runs);
  }

  static List<Method> methods(Plan plan) {
    List<Method> methods = new ArrayList<>();
    methods.add(Method.MOMENTUM_ALONE);
    for (int partSize : plan.partSizes()) {
      for (float rho : plan.sweep().rhos()) {
        methods.add(new Method(partSize, rho));
      }
    }
    return methods;
  }

  private static SweepRun run(
      LongFunction<DataSet> splits, Plan plan, Labels labels, Method method, long seed) {
    DataSet data = LabelNoise.apply(splits.apply(seed), labels.noise(), seed);
    int batchSize = plan.largestPart();
    TrainingSettings settings =
        new TrainingSettings(
            plan.architecture(),
            BaseOptimizer.MOMENTUM,
            plan.sweep().learningRate(),
            plan.momentum(),
            method.sam(batchSize),
            plan.sweep().epochs(),
            batchSize,
            seed);
    float unused = plan.population().rho();
    try (Trainer trainer = new Trainer(data, settings, unused, method.step(batchSize))) {
      for (int epoch = 0; epoch < settings.epochs(); epoch++) {
        trainer.epoch();
      }
      return new SweepRun(
          method,
          seed,
          trainer.evaluate(data.train()),
          trainer.evaluate(data.validation()),
          trainer.evaluate(data.test()));
    } catch (DivergenceException e) {
      return new SweepRun(method, seed, null, null, null);
    }
  }

  Labels labels() {
    return labels;
  }

  List<SweepRun> runs() {
    return runs;
  }

  /** The runs of a method in the order of the seeds, or none if not all of them have learned. */
  List<SweepRun> learned(Method method) {
    List<SweepRun> same = runs.stream().filter(run -> run.method().equals(method)).toList();
    return same.stream().allMatch(SweepRun::hasLearned) ? same : List.of();
  }

  /** A value over the seeds; empty if not all of the runs have learned. */
  Optional<Spread> spread(Method method, ToDoubleFunction<SweepRun> value) {
    double[] values = learned(method).stream().mapToDouble(value).toArray();
    return values.length == 0 ? Optional.empty() : Optional.of(Spread.of(values));
  }

  /** The method whose validation error, then loss, is the least; test images are not looked at. */
  Optional<Method> chosen(int partSize) {
    return plan.sweep().rhos().stream()
        .map(rho -> new Method(partSize, rho))
        .filter(method -> !learned(method).isEmpty())
        .min(
            Comparator.<Method>comparingDouble(m -> mean(m, SweepRun::validationError))
                .thenComparingDouble(m -> mean(m, SweepRun::validationLoss)));
  }

  private double mean(Method method, ToDoubleFunction<SweepRun> value) {
    return spread(method, value).orElseThrow().mean();
  }

  /** Test error of a method minus that of another, seed by seed; both have learned. */
  Spread difference(Method method, Method other) {
    List<SweepRun> ours = learned(method);
    List<SweepRun> theirs = learned(other);
    double[] differences = new double[ours.size()];
    for (int i = 0; i < differences.length; i++) {
      differences[i] = ours.get(i).testError() - theirs.get(i).testError();
    }
    return Spread.of(differences);
  }
}
