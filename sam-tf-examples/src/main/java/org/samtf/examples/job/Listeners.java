package org.samtf.examples.job;

import java.util.List;
import org.samtf.examples.train.EpochResult;
import org.samtf.examples.train.StepResult;
import org.samtf.examples.train.TrainingListener;

/**
 * Several listeners as one, told in their order.
 *
 * @param all the listeners
 */
public record Listeners(List<? extends TrainingListener> all) implements TrainingListener {

  @Override
  public boolean measures() {
    return all.stream().anyMatch(TrainingListener::measures);
  }

  @Override
  public void step(StepResult step) {
    all.forEach(listener -> listener.step(step));
  }

  @Override
  public void epoch(long step, EpochResult epoch) {
    all.forEach(listener -> listener.epoch(step, epoch));
  }

  @Override
  public void safePoint(long step) {
    all.forEach(listener -> listener.safePoint(step));
  }
}
