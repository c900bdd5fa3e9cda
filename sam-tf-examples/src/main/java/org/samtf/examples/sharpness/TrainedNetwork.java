package org.samtf.examples.sharpness;

import java.util.Map;
import org.samtf.examples.train.Evaluation;

/**
 * A network of the population.
 *
 * @param setting how it was trained
 * @param seed of initial weights and order of the images
 * @param epochs how many it was trained for
 * @param train the network on the training images; null if training diverged
 * @param test the network on the test images; null if it is left out
 * @param sharpness m-sharpness for each m; empty if it is left out
 */
record TrainedNetwork(
    Setting setting,
    long seed,
    int epochs,
    Evaluation train,
    Evaluation test,
    Map<Integer, Double> sharpness) {

  /** Whether it has reached the training loss at which networks are compared. */
  boolean compared() {
    return test != null;
  }

  /** Test error minus training error. */
  double errorGap() {
    return train.accuracy() - test.accuracy();
  }

  /** Test loss minus training loss. */
  double lossGap() {
    return test.loss() - train.loss();
  }
}
