package org.samtf.examples.cli;

import java.util.List;
import java.util.Optional;
import org.samtf.examples.failure.InputException;
import org.samtf.examples.train.Averaging;
import org.samtf.examples.train.BaseOptimizer;
import org.samtf.examples.train.RateSchedule;
import org.samtf.examples.train.UpdateSettings;
import picocli.CommandLine.Option;

/** Options of how an update is made of a gradient: schedules, decay, clipping, averages. */
final class UpdateOptions {

  private static final String SCHEDULED = "sgd, adamw, lion or lamb";

  @Option(
      names = "--schedule",
      paramLabel = "NAME",
      description = {
        "How the learning rate changes, for sgd, adamw, lion and lamb: constant, linear, cosine,",
        "polynomial:POWER (each to 0 at the end of the last epoch), one-cycle, exponential:FACTOR",
        "(an epoch), piecewise:EPOCH,... (to a tenth after each) or cosine-restarts:EPOCHS[,FACTOR]",
        "(default: constant)."
      })
  private String schedule;

  @Option(
      names = "--warm-up",
      paramLabel = "STEPS",
      description = "Let the learning rate rise from 0 in so many steps first (default: 0).")
  private Long warmUp;

  @Option(
      names = "--rho-schedule",
      paramLabel = "NAME",
      description = "How SAM's rho changes, as for --schedule (default: constant).")
  private String rhoSchedule;

  @Option(
      names = "--weight-decay",
      paramLabel = "LAMBDA",
      description = {
        "How much weights decay, for sgd (as L2, default: 0), adamw and lamb (default: 0.01) and",
        "lion (default: 0). Biases and what normalization has, which are vectors, do not."
      })
  private Double weightDecay;

  @Option(names = "--nesterov", description = "Nesterov's momentum, for sgd with --momentum.")
  private boolean nesterov;

  @Option(
      names = "--clip-norm",
      paramLabel = "NORM",
      description = "Scale the gradients down to this norm of all of them together.")
  private Double clipNorm;

  @Option(
      names = "--clip-value",
      paramLabel = "VALUE",
      description = "Cut the entries of the gradients to at most this magnitude.")
  private Double clipValue;

  @Option(
      names = "--average",
      paramLabel = "KIND",
      description = {
        "Evaluate and export averages of the weights: ema:DECAY of each step's (ema:DECAY,warm-up",
        "lets the decay grow at first, ema:DECAY,corrected corrects for the beginning), or",
        "swa:EPOCH[,EVERY], the mean after an epoch and all, or every so many, that follow."
      })
  private String average;

  /**
   * What was given.
   *
   * @param base the optimizer
   * @param momentum its momentum
   * @param hasSam whether there is a rho
   * @param frozen patterns of the variables that are left as they are; with SAM it leaves them
   */
  UpdateSettings settings(BaseOptimizer base, float momentum, boolean hasSam, List<String> frozen) {
    if (!base.takesSchedules()) {
      String option =
          schedule != null
              ? "--schedule"
              : warmUp != null
                  ? "--warm-up"
                  : weightDecay != null ? "--weight-decay" : nesterov ? "--nesterov" : null;
      if (option != null) {
        throw new InputException(
            option + " is given for " + base,
            "it with " + SCHEDULED,
            "add --optimizer with one of them"
                + (option.equals("--nesterov")
                    ? ""
                    : "; sgd with" + " --momentum 0.9 is momentum"));
      }
    }
    if (nesterov && (base != BaseOptimizer.SGD || momentum == 0)) {
      throw new InputException(
          "--nesterov is given for "
              + base
              + (base == BaseOptimizer.SGD ? " without momentum" : ""),
          "it with --optimizer sgd and --momentum",
          "add these, or leave it out");
    }
    RateSchedule ofRate = scheduleOf("--schedule", schedule);
    long steps = warmUp == null ? 0 : warmUp;
    Check.that(steps >= 0, "--warm-up", steps, "a whole number from 0");
    if (steps > 0 && ofRate.kind() == RateSchedule.Kind.ONE_CYCLE) {
      throw new InputException(
          "--warm-up is given with --schedule one-cycle, which has its own",
          "one of the two",
          "leave one of them out");
    }
    if (rhoSchedule != null && !hasSam) {
      throw new InputException(
          "--rho-schedule is given without SAM", "one of the two", "leave one of them out");
    }
    if (weightDecay != null) {
      Check.that(
          weightDecay >= 0 && Double.isFinite(weightDecay),
          "--weight-decay",
          weightDecay,
          "a finite number from 0");
    }
    checkPositive("--clip-norm", clipNorm);
    checkPositive("--clip-value", clipValue);
    if (clipNorm != null && clipValue != null) {
      throw new InputException(
          "--clip-norm is given with --clip-value", "one of the two", "leave one of them out");
    }
    return new UpdateSettings(
        ofRate,
        steps,
        scheduleOf("--rho-schedule", rhoSchedule),
        Optional.ofNullable(weightDecay),
        nesterov,
        Optional.ofNullable(clipNorm),
        Optional.ofNullable(clipValue),
        Optional.ofNullable(average).map(text -> Averaging.of("--average", text)),
        hasSam ? List.of() : frozen);
  }

  private static RateSchedule scheduleOf(String option, String text) {
    return text == null ? RateSchedule.CONSTANT : RateSchedule.of(option, text);
  }

  private static void checkPositive(String option, Double value) {
    if (value != null) {
      Check.that(value > 0 && Double.isFinite(value), option, value, "a finite number above 0");
    }
  }
}
