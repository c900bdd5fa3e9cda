package org.samtf.examples.train;

import java.util.List;
import java.util.Optional;
import org.samtf.examples.failure.InputException;
import org.samtf.train.Clipped;
import org.samtf.train.Schedule;
import org.samtf.train.Schedules;
import org.tensorflow.Graph;
import org.tensorflow.framework.optimizers.Optimizer;

/**
 * How an update is made of a gradient, beside the optimizer's name, learning rate and momentum.
 *
 * @param schedule of the learning rate
 * @param warmUp in how many steps the learning rate rises from 0, before the schedule
 * @param rhoSchedule of SAM's rho
 * @param weightDecay how much the weights decay; empty for the optimizer's own default. Vectors
 *     (biases, and the scales and offsets of normalization) do not
 * @param nesterov whether the momentum is Nesterov's
 * @param clipNorm the largest norm of all gradients together; empty for any
 * @param clipValue the largest magnitude in a gradient; empty for any
 * @param averaging which average of the weights is evaluated and exported; empty for the weights
 * @param frozen patterns of the variables that a step without SAM leaves as they are; SAM has its
 *     own
 */
public record UpdateSettings(
    RateSchedule schedule,
    long warmUp,
    RateSchedule rhoSchedule,
    Optional<Double> weightDecay,
    boolean nesterov,
    Optional<Double> clipNorm,
    Optional<Double> clipValue,
    Optional<Averaging> averaging,
    List<String> frozen) {

  /** A constant learning rate, and nothing besides. */
  public static final UpdateSettings PLAIN =
      new UpdateSettings(
          RateSchedule.CONSTANT,
          0,
          RateSchedule.CONSTANT,
          Optional.empty(),
          false,
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          List.of());

  /**
   * The run that a step is of.
   *
   * @param steps how many it has
   * @param stepsPerEpoch how many an epoch has
   */
  record Run(long steps, long stepsPerEpoch) {}

  /**
   * Returns whether a step depends on how many the run has.
   *
   * @return whether it does
   */
  public boolean dependsOnLength() {
    return schedule.dependsOnLength() || rhoSchedule.dependsOnLength();
  }

  /** Returns whether the optimizer has to have schedules. */
  boolean needsSchedules() {
    return !schedule.equals(RateSchedule.CONSTANT)
        || warmUp > 0
        || weightDecay.isPresent()
        || nesterov;
  }

  /** The learning rate in a run. */
  Schedule learningRate(double rate, Run run) {
    if (warmUp == 0) {
      return schedule.from(rate, run.steps(), run.stepsPerEpoch());
    }
    if (warmUp >= run.steps()) {
      throw new InputException(
          "--warm-up is " + warmUp,
          "fewer than the " + run.steps() + " steps of the run",
          "give fewer, or more --epochs");
    }
    return Schedules.linear(0, rate, warmUp)
        .then(warmUp, schedule.from(rate, run.steps() - warmUp, run.stepsPerEpoch()));
  }

  /** An optimizer whose gradients are clipped, if that is asked for. */
  Optimizer clipping(Graph graph, Optimizer base) {
    if (clipNorm.isPresent()) {
      return Clipped.byGlobalNorm(graph, base, clipNorm.get());
    }
    return clipValue.isPresent() ? Clipped.byValue(graph, base, clipValue.get()) : base;
  }

  /**
   * Describes the settings in a line.
   *
   * @return what is to be said after the learning rate; empty if all is plain
   */
  public String inWords() {
    return (schedule.equals(RateSchedule.CONSTANT) ? "" : ", " + schedule)
        + (warmUp == 0 ? "" : ", warm-up " + warmUp + " steps")
        + weightDecay.map(decay -> ", weight decay " + decay).orElse("")
        + (nesterov ? ", nesterov" : "")
        + clipNorm.map(most -> ", clipped to norm " + most).orElse("")
        + clipValue.map(most -> ", clipped to value " + most).orElse("")
        + (frozen.isEmpty() ? "" : ", frozen " + frozen);
  }
}
