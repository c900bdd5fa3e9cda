package org.samtf.examples.cli;

import java.util.List;
import java.util.Optional;
import org.samtf.examples.failure.InputException;
import org.samtf.examples.train.BaseOptimizer;
import org.samtf.examples.train.BatchCut;
import org.samtf.examples.train.SamSettings;
import org.samtf.examples.train.Variant;
import org.tensorflow.proto.ConfigProto;
import picocli.CommandLine.Option;

/** Options of the base optimizer and of SAM around it. */
final class OptimizerOptions {

  @Option(
      names = {"--optimizer", "--base"},
      paramLabel = "NAME",
      defaultValue = "momentum",
      description = {
        "The optimizer that updates the weights: adadelta, adagrad, adagradda, adam, adamax,",
        "ftrl, gradientdescent, momentum, nadam or rmsprop of TensorFlow Java; or, with schedules",
        "and a weight decay, sgd, adamw, lion or lamb (default: ${DEFAULT-VALUE})."
      })
  private String base;

  @Option(
      names = "--learning-rate",
      paramLabel = "RATE",
      description = "Its learning rate (default: one that suits the optimizer).")
  private Float learningRate;

  @Option(
      names = "--momentum",
      paramLabel = "M",
      description = "In [0, 1), for momentum (default: 0.9), sgd and rmsprop (default: 0).")
  private Float momentum;

  @Option(
      names = "--no-sam",
      description = "Use the base optimizer alone. (--rho 0 takes the same steps, at SAM's cost.)")
  private boolean noSam;

  @Option(
      names = "--variant",
      paramLabel = "NAME",
      description = {
        "SAM or a relative: base (as --no-sam), sam, asam, sam-late, every-2, every-5, looksam,",
        "ae-sam, msam, friendly, vasso, saner, gsam, weighted, le-sam, random, functional or",
        "steps-2 (default: sam)."
      })
  private String variant;

  @Option(
      names = "--rho",
      paramLabel = "RHO",
      description = {
        "Radius of SAM's neighbourhood, at least 0 (default: 0.05; 0.5 for asam, 0.3 for msam,",
        "0.25 for le-sam, where it is the largest)."
      })
  private Float rho;

  @Option(
      names = "--norm",
      paramLabel = "P",
      converter = NormConverter.class,
      description = "The p of the neighbourhood's norm, at least 1, or inf (default: 2).")
  private Double norm;

  @Option(
      names = "--adaptive",
      arity = "0..1",
      paramLabel = "ETA",
      fallbackValue = "0.01",
      description = {
        "Let the neighbourhood scale with the weights (ASAM), with |w| + ETA; ETA is at least 0",
        "(default: off; ${FALLBACK-VALUE} without a number). RHO is larger then, such as 0.5 to 2."
      })
  private Float adaptive;

  @Option(
      names = "--freeze",
      paramLabel = "PATTERN",
      arity = "1..*",
      description = {
        "Do not train the variables with such names: globs such as 'conv*', or regular expressions",
        "such as 'regex:conv[12]_.*'. A pattern that matches none is answered with the names."
      })
  private List<String> freeze = List.of();

  @Option(
      names = "--do-not-perturb",
      paramLabel = "PATTERN",
      arity = "1..*",
      description = "Train the variables with such names, but do not perturb them.")
  private List<String> doNotPerturb = List.of();

  @Option(
      names = "--l2",
      paramLabel = "LAMBDA",
      description = "Adds LAMBDA times the squared weights to SAM's objective (default: 0).")
  private Float l2;

  BaseOptimizer base() {
    return BaseOptimizer.of(base);
  }

  float learningRate() {
    if (learningRate == null) {
      return base().defaultLearningRate();
    }
    Check.that(
        learningRate > 0 && Float.isFinite(learningRate),
        "--learning-rate",
        learningRate,
        "a finite number above 0");
    return learningRate;
  }

  float momentum() {
    if (momentum == null) {
      return base().defaultMomentum();
    }
    if (!base().takesMomentum()) {
      throw new InputException(
          "--momentum is given for " + base(), "it with momentum, sgd or rmsprop", "leave it out");
    }
    Check.that(momentum >= 0 && momentum < 1, "--momentum", momentum, "a number in [0, 1)");
    return momentum;
  }

  /** Patterns of the variables that are left as they are. */
  List<String> frozen() {
    return List.copyOf(freeze);
  }

  /**
   * SAM with batches that are cut so, on the devices of such sessions; empty if it is not wanted.
   */
  Optional<SamSettings> sam(BatchCutOptions cut, int batchSize, ConfigProto config) {
    if (noSam) {
      refuseWith("--no-sam", variant, "--variant");
    }
    Variant chosen = noSam ? Variant.BASE : variant == null ? Variant.SAM : Variant.of(variant);
    if (!chosen.hasSam()) {
      String without = noSam ? "--no-sam" : "--variant " + chosen;
      refuseWith(without, rho, "--rho");
      refuseWith(without, norm, "--norm");
      refuseWith(without, adaptive, "--adaptive");
      refuseWith(without, l2, "--l2");
      refuseWith(without, doNotPerturb.isEmpty() ? null : doNotPerturb, "--do-not-perturb");
      refuseWith(without, cut.given(), cut.given());
      return Optional.empty();
    }
    float radius = rho == null ? chosen.defaultRho() : rho;
    Check.that(radius >= 0 && Float.isFinite(radius), "--rho", radius, "a finite number from 0");
    double p = norm == null ? 2 : norm;
    Check.that(p >= 1, "--norm", p, "a number from 1, or inf");
    float lambda = l2 == null ? 0 : l2;
    Check.that(lambda >= 0 && Float.isFinite(lambda), "--l2", lambda, "a finite number from 0");
    if (adaptive != null) {
      Check.that(
          adaptive >= 0 && Float.isFinite(adaptive),
          "--adaptive",
          adaptive,
          "a finite number from 0");
    }
    BatchCut batchCut = cut.of(batchSize, config);
    chosen
        .refusal(batchCut)
        .ifPresent(
            why -> {
              throw new InputException(
                  "--variant " + chosen + " is given with " + why,
                  "one of the two",
                  "leave one of them out");
            });
    return Optional.of(
        new SamSettings(
            chosen,
            radius,
            p,
            Optional.ofNullable(adaptive).or(() -> SamSettings.of(chosen, radius).adaptive()),
            lambda,
            List.copyOf(freeze),
            List.copyOf(doNotPerturb),
            batchCut));
  }

  private static void refuseWith(String other, Object value, String option) {
    if (value != null) {
      throw new InputException(
          option + " is given with " + other, "one of the two", "leave one of them out");
    }
  }
}
