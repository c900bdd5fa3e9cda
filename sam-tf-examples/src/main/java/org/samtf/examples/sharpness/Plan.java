package org.samtf.examples.sharpness;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.samtf.examples.model.Mlp;

/**
 * What the experiments try.
 *
 * @param hidden units of each hidden layer of the perceptron
 * @param momentum of the optimizer momentum
 * @param partSizes the values of m, ascending; each divides the largest
 * @param sweep of rho
 * @param population of networks
 */
public record Plan(
    List<Integer> hidden,
    float momentum,
    List<Integer> partSizes,
    Sweep sweep,
    Population population) {

  /** Networks whose gaps are compared are all tested on the same images. */
  static final long SPLIT_OF_POPULATION = 1;

  /**
   * Training with SAM for each m and each rho; a step has as many images as the largest m.
   *
   * @param rhos the radii, ascending
   * @param epochs how often to go through the training images
   * @param learningRate of momentum
   * @param seeds of the split of the digits, initial weights, order of the images and wrong labels
   */
  public record Sweep(List<Float> rhos, int epochs, float learningRate, List<Long> seeds) {}

  /**
   * Networks that are trained with momentum, without SAM.
   *
   * @param learningRates of momentum
   * @param batchSizes images a step
   * @param seeds of initial weights and order of the images
   * @param maxLoss a network is trained until its training loss is this or less
   * @param maxEpochs a network that is not there by then is left out
   * @param rho radius at which m-sharpness is measured
   * @param images on how many training images m-sharpness is measured, at most
   */
  public record Population(
      List<Float> learningRates,
      List<Integer> batchSizes,
      List<Long> seeds,
      double maxLoss,
      int maxEpochs,
      float rho,
      int images) {}

  /**
   * Returns the plan that gives results.
   *
   * @return the plan
   */
  public static Plan standard() {
    return new Plan(
        List.of(64, 64),
        0.9f,
        List.of(1, 4, 16, 64, 256),
        new Sweep(
            List.of(0.02f, 0.05f, 0.07f, 0.1f, 0.14f, 0.2f, 0.28f, 0.4f, 0.56f, 0.8f),
            60,
            0.1f,
            seeds(10)),
        new Population(
            List.of(0.02f, 0.04f, 0.08f, 0.16f),
            List.of(16, 32, 64, 128, 256),
            seeds(6),
            0.01,
            250,
            0.05f,
            2048));
  }

  /**
   * Returns a plan that shows in seconds what the command does, and nothing else.
   *
   * @return the plan
   */
  public static Plan quick() {
    return new Plan(
        List.of(16),
        0.9f,
        List.of(1, 16, 256),
        new Sweep(List.of(0.05f, 0.2f), 10, 0.1f, seeds(2)),
        new Population(List.of(0.1f, 0.2f), List.of(16, 64, 256), seeds(2), 0.3, 40, 0.05f, 256));
  }

  private static List<Long> seeds(int count) {
    return LongStream.rangeClosed(1, count).boxed().toList();
  }

  /**
   * Returns this plan with another number of seeds in both experiments.
   *
   * @param count how many, from 1
   * @return the plan
   */
  public Plan withSeeds(int count) {
    Sweep s = sweep;
    Population p = population;
    return new Plan(
        hidden,
        momentum,
        partSizes,
        new Sweep(s.rhos, s.epochs, s.learningRate, seeds(count)),
        new Population(
            p.learningRates, p.batchSizes, seeds(count), p.maxLoss, p.maxEpochs, p.rho, p.images));
  }

  /**
   * Returns this plan with another learning rate of the sweep.
   *
   * @param learningRate of momentum
   * @return the plan
   */
  public Plan withLearningRate(float learningRate) {
    Sweep s = sweep;
    return new Plan(
        hidden,
        momentum,
        partSizes,
        new Sweep(s.rhos, s.epochs, learningRate, s.seeds),
        population);
  }

  /**
   * Returns this plan with another end of training of the population.
   *
   * @param maxLoss the training loss to reach
   * @param maxEpochs until when
   * @return the plan
   */
  public Plan withTrainingUntil(double maxLoss, int maxEpochs) {
    Population p = population;
    return with(
        new Population(
            p.learningRates, p.batchSizes, p.seeds, maxLoss, maxEpochs, p.rho, p.images));
  }

  /**
   * Returns this plan with m-sharpness measured at another radius.
   *
   * @param rho the radius
   * @return the plan
   */
  public Plan withSharpnessRho(float rho) {
    Population p = population;
    return with(
        new Population(
            p.learningRates, p.batchSizes, p.seeds, p.maxLoss, p.maxEpochs, rho, p.images));
  }

  private Plan with(Population other) {
    return new Plan(hidden, momentum, partSizes, sweep, other);
  }

  /**
   * Returns how many training images the plan takes at least: a part and a batch of every size.
   *
   * @return the number of images
   */
  public int minimumTrainingImages() {
    List<Integer> sizes = new ArrayList<>(partSizes);
    sizes.addAll(population.batchSizes());
    return sizes.stream().mapToInt(Integer::intValue).max().orElseThrow();
  }

  Mlp architecture() {
    return new Mlp(hidden);
  }

  int largestPart() {
    return partSizes.get(partSizes.size() - 1);
  }
}
