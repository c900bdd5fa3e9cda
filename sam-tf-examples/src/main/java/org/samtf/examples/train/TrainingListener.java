package org.samtf.examples.train;

import java.util.function.Consumer;

/** Is told how training goes on, in the thread that trains. */
public interface TrainingListener {

  /** Listens to nothing. */
  TrainingListener NONE = new TrainingListener() {};

  /**
   * Listens to the ends of epochs.
   *
   * @param consumer told of each
   * @return the listener
   */
  static TrainingListener ofEpochs(Consumer<EpochResult> consumer) {
    return new TrainingListener() {
      @Override
      public void epoch(long step, EpochResult epoch) {
        consumer.accept(epoch);
      }
    };
  }

  /**
   * Returns whether steps are to fetch what SAM measures. All of a run does or none: what a run
   * fetches may change the last bits of what it computes.
   *
   * @return whether to measure
   */
  default boolean measures() {
    return false;
  }

  /**
   * A step has been taken.
   *
   * @param step what it has measured
   */
  default void step(StepResult step) {}

  /**
   * An epoch has ended.
   *
   * @param step how many steps have been taken
   * @param epoch the state after it
   */
  default void epoch(long step, EpochResult epoch) {}

  /**
   * The state is whole and can be saved, and training can end by an exception. Comes after every
   * step and every epoch, and between the batches of an evaluation.
   *
   * @param step how many steps have been taken
   */
  default void safePoint(long step) {}
}
