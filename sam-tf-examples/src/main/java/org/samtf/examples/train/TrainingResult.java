package org.samtf.examples.train;

import java.util.Comparator;
import java.util.List;

/**
 * What a run has come to.
 *
 * @param epochs the state after each epoch
 * @param train the final network on the training images and the labels it was trained on
 * @param stepMillis median time of a step, without the first few
 * @param secondPassShare share of the steps that had a second pass; 0 without SAM
 * @param skippedSteps how many steps changed nothing, as a gradient was not finite
 */
public record TrainingResult(
    List<EpochResult> epochs,
    Evaluation train,
    double stepMillis,
    double secondPassShare,
    long skippedSteps) {

  /**
   * Returns the state at the end.
   *
   * @return the last epoch
   */
  public EpochResult last() {
    return epochs.get(epochs.size() - 1);
  }

  /**
   * Returns the state that stopping early would have kept.
   *
   * @return the first epoch with the best validation accuracy
   */
  public EpochResult earlyStopped() {
    Comparator<EpochResult> byValidation =
        Comparator.<EpochResult>comparingDouble(epoch -> epoch.validation().accuracy())
            .thenComparing(Comparator.comparingInt(EpochResult::epoch).reversed());
    return epochs.stream().max(byValidation).orElseThrow();
  }
}
