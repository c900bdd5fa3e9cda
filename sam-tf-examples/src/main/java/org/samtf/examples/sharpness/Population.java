package org.samtf.examples.sharpness;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.samtf.examples.data.DataSet;
import org.samtf.examples.data.LabeledImages;
import org.samtf.examples.random.RandomStreams;
import org.samtf.examples.train.BaseOptimizer;
import org.samtf.examples.train.DivergenceException;
import org.samtf.examples.train.Evaluation;
import org.samtf.examples.train.Trainer;
import org.samtf.examples.train.TrainingSettings;

/**
 * Networks that were trained without SAM, with different settings, to the same training loss.
 *
 * <p>At different training losses a network that is merely not done would count as one that is flat
 * or sharp.
 */
final class Population {

  /** Which images fall in one part must not depend on the order of the file. */
  private static final long ORDER_SEED = 20210503L;

  /** The loss after an epoch is below the mean over its steps, but hardly this far. */
  private static final double WORTH_EVALUATING = 4;

  private final DataSet data;
  private final Plan plan;
  private final LabeledImages measured;

  private Population(DataSet data, Plan plan) {
    this.data = data;
    this.plan = plan;
    this.measured = shuffled(data.train(), measuredImages(data, plan));
  }

  /** Trains and measures every network. */
  static List<TrainedNetwork> of(DataSet data, Plan plan, Rounds rounds) {
    Population population = new Population(data, plan);
    return rounds.run(
        "networks to compare",
        plan.population().seeds(),
        settings(plan),
        (seed, setting) -> population.network(setting, seed));
  }

  static List<Setting> settings(Plan plan) {
    List<Setting> settings = new ArrayList<>();
    for (float learningRate : plan.population().learningRates()) {
      for (int batchSize : plan.population().batchSizes()) {
        settings.add(new Setting(learningRate, batchSize));
      }
    }
    return settings;
  }

  /** As many whole parts of the largest m as there are, up to the limit: the same for every m. */
  static int measuredImages(DataSet data, Plan plan) {
    int images = Math.min(plan.population().images(), data.train().size());
    return images - images % plan.largestPart();
  }

  private static LabeledImages shuffled(LabeledImages images, int count) {
    List<Integer> order = new ArrayList<>(IntStream.range(0, images.size()).boxed().toList());
    Collections.shuffle(order, RandomStreams.of(ORDER_SEED, "images measured on"));
    return images.select(order.stream().limit(count).mapToInt(Integer::intValue).toArray());
  }

  private TrainedNetwork network(Setting setting, long seed) {
    Plan.Population how = plan.population();
    TrainingSettings settings =
        new TrainingSettings(
            plan.architecture(),
            BaseOptimizer.MOMENTUM,
            setting.learningRate(),
            plan.momentum(),
            Optional.empty(),
            how.maxEpochs(),
            setting.batchSize(),
            seed);
    int epochs = 0;
    try (Trainer trainer = new Trainer(data, settings, how.rho())) {
      Evaluation train = null;
      while (epochs < how.maxEpochs()) {
        epochs++;
        double batchLoss = trainer.epoch();
        if (batchLoss <= WORTH_EVALUATING * how.maxLoss()) {
          train = trainer.evaluate(data.train());
          if (train.loss() <= how.maxLoss()) {
            return new TrainedNetwork(
                setting, seed, epochs, train, trainer.evaluate(data.test()), sharpness(trainer));
          }
        }
      }
      return new TrainedNetwork(
          setting, seed, epochs, trainer.evaluate(data.train()), null, Map.of());
    } catch (DivergenceException e) {
      return new TrainedNetwork(setting, seed, epochs, null, null, Map.of());
    }
  }

  private Map<Integer, Double> sharpness(Trainer trainer) {
    Map<Integer, Double> sharpness = new LinkedHashMap<>();
    for (int partSize : plan.partSizes()) {
      sharpness.put(partSize, trainer.sharpness(measured, partSize));
    }
    return sharpness;
  }
}
