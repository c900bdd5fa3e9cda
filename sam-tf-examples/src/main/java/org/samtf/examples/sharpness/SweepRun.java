package org.samtf.examples.sharpness;

import org.samtf.examples.train.Evaluation;

/**
 * A network of the sweep at the end of its training.
 *
 * @param method how it was trained
 * @param seed of the split, initial weights, order of the images and wrong labels
 * @param train the network on the training images and the labels it was trained on; null if
 *     training diverged
 * @param validation the network on the validation images; null if training diverged
 * @param test the network on the test images; null if training diverged
 */
record SweepRun(
    Method method, long seed, Evaluation train, Evaluation validation, Evaluation test) {

  /** A network that gets more wrong than right has collapsed; so has one without a finite loss. */
  private static final double COLLAPSED = 0.5;

  boolean hasLearned() {
    return validation != null && validation.accuracy() >= COLLAPSED;
  }

  double trainingLoss() {
    return train.loss();
  }

  double validationError() {
    return 1 - validation.accuracy();
  }

  double validationLoss() {
    return validation.loss();
  }

  double testError() {
    return 1 - test.accuracy();
  }
}
