package org.samtf.examples.train;

import java.util.Optional;
import org.samtf.examples.model.Architecture;

/**
 * Everything a training run depends on, apart from the data.
 *
 * @param architecture what the network is made of
 * @param base the optimizer that updates the weights
 * @param learningRate its learning rate
 * @param momentum its momentum, where it has one
 * @param sam SAM around it, or empty for the base optimizer alone
 * @param epochs how often to go through the training images
 * @param batchSize images a step
 * @param seed of initial weights, dropout and the order of the images
 * @param numerics in what numbers it computes
 * @param update schedules, decay, clipping and averages
 */
public record TrainingSettings(
    Architecture architecture,
    BaseOptimizer base,
    float learningRate,
    float momentum,
    Optional<SamSettings> sam,
    int epochs,
    int batchSize,
    long seed,
    Numerics numerics,
    UpdateSettings update) {

  /**
   * Settings in float32, whose steps fail if a gradient is not finite, with a constant learning
   * rate and nothing besides.
   *
   * @param architecture what the network is made of
   * @param base the optimizer that updates the weights
   * @param learningRate its learning rate
   * @param momentum its momentum, where it has one
   * @param sam SAM around it, or empty for the base optimizer alone
   * @param epochs how often to go through the training images
   * @param batchSize images a step
   * @param seed of initial weights, dropout and the order of the images
   */
  public TrainingSettings(
      Architecture architecture,
      BaseOptimizer base,
      float learningRate,
      float momentum,
      Optional<SamSettings> sam,
      int epochs,
      int batchSize,
      long seed) {
    this(
        architecture,
        base,
        learningRate,
        momentum,
        sam,
        epochs,
        batchSize,
        seed,
        Numerics.PLAIN,
        UpdateSettings.PLAIN);
  }

  /** These settings with another SAM. */
  TrainingSettings with(SamSettings other) {
    return new TrainingSettings(
        architecture,
        base,
        learningRate,
        momentum,
        Optional.of(other),
        epochs,
        batchSize,
        seed,
        numerics,
        update);
  }

  /**
   * Returns these settings with other numbers.
   *
   * @param other in what numbers to compute
   * @return the settings
   */
  public TrainingSettings with(Numerics other) {
    return new TrainingSettings(
        architecture, base, learningRate, momentum, sam, epochs, batchSize, seed, other, update);
  }

  /**
   * Returns these settings with another update.
   *
   * @param other schedules, decay, clipping and averages
   * @return the settings
   */
  public TrainingSettings with(UpdateSettings other) {
    return new TrainingSettings(
        architecture, base, learningRate, momentum, sam, epochs, batchSize, seed, numerics, other);
  }

  /**
   * Returns whether a step depends on how many the run has.
   *
   * @return whether it does
   */
  public boolean stepsDependOnLength() {
    return update.dependsOnLength()
        || sam.map(settings -> settings.variant().dependsOnLength()).orElse(false);
  }
}
