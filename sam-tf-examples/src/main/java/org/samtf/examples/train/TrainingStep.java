package org.samtf.examples.train;

import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.samtf.OrderedOptimizer;
import org.samtf.SamOptimizer;
import org.samtf.SamOptimizerBuilder;
import org.samtf.examples.failure.InputException;
import org.samtf.examples.model.Network;
import org.samtf.train.MixedPrecision;
import org.samtf.train.WeightAverage;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TNumber;

/**
 * A step of training in a graph.
 *
 * @param op what to run
 * @param loss what the step minimizes, at the weights before it: of the examples that the
 *     perturbation is computed from, if they are not all. Where the step has no pass there, it is
 *     at w+eps. To fetch the loss of the network in its place would compute the whole batch once
 *     more where the step has it in parts
 * @param measures the loss at w+eps, the sharpness and the norm of the gradient, each NaN in a step
 *     that has none; empty without SAM
 * @param active whether the step has a second pass; empty if all have it, or none
 * @param skipped whether it changes nothing, as a gradient is not finite; empty if it fails then
 * @param average of the weights, if there is one
 */
public record TrainingStep(
    Op op,
    Operand<? extends TNumber> loss,
    List<Operand<? extends TNumber>> measures,
    Optional<Operand<TBool>> active,
    Optional<Operand<TBool>> skipped,
    Optional<WeightAverage> average) {

  /**
   * A step that measures nothing besides.
   *
   * @param op what to run
   * @param loss what the step minimizes, at the weights before it
   */
  public TrainingStep(Op op, Operand<? extends TNumber> loss) {
    this(op, loss, List.of(), Optional.empty(), Optional.empty(), Optional.empty());
  }

  /**
   * Writes the step that the settings ask for.
   *
   * @param graph the graph of the network
   * @param network what to train
   * @param settings how to train
   * @param steps how many steps the run has
   * @return the step
   * @throws InputException if a pattern of variables is none, or matches none
   */
  public static TrainingStep write(
      Graph graph, Network network, TrainingSettings settings, long steps) {
    return write(graph, network, settings, steps, List.of(), UnaryOperator.identity());
  }

  /**
   * Writes the step that the settings ask for.
   *
   * @param partInputs images and labels that each part of the batch reads; none for slices of it
   * @param around what goes around the optimizer that updates
   */
  static TrainingStep write(
      Graph graph,
      Network network,
      TrainingSettings settings,
      long steps,
      List<List<Operand<?>>> partInputs,
      UnaryOperator<Optimizer> around) {
    UpdateSettings update = settings.update();
    var run = new UpdateSettings.Run(steps, steps / settings.epochs());
    Optimizer clipped =
        update.clipping(
            graph,
            settings
                .base()
                .create(graph, settings.learningRate(), settings.momentum(), update, run));
    Optional<WeightAverage> average =
        update.averaging().map(averaging -> averaging.in(graph, run.stepsPerEpoch()));
    Optimizer base = around.apply(average.map(a -> a.around(clipped)).orElse(clipped));
    Numerics numerics = settings.numerics();
    Computed computed = new Computed(graph, network, numerics.precision());
    if (settings.sam().isEmpty()) {
      OrderedOptimizer.Builder builder = OrderedOptimizer.builder(graph, base);
      numerics.applyTo(builder);
      final OrderedOptimizer optimizer;
      final Op train;
      try {
        if (!update.frozen().isEmpty()) {
          builder.freeze(update.frozen().toArray(new String[0]));
        }
        optimizer = builder.build();
        train = network.minimize(optimizer, computed.loss());
      } catch (IllegalArgumentException e) {
        throw update.frozen().isEmpty() ? e : inPatterns(e);
      }
      Optional<Operand<TBool>> skipped =
          numerics.skips() ? Optional.of(optimizer.skipped()) : Optional.empty();
      return new TrainingStep(
          network.step(train, x -> List.of(computed.of(x)), skipped),
          computed.loss(),
          List.of(),
          Optional.empty(),
          skipped,
          average);
    }
    return withSam(graph, base, network, computed, settings, run, average, partInputs);
  }

  private static TrainingStep withSam(
      Graph graph,
      Optimizer base,
      Network network,
      Computed computed,
      TrainingSettings training,
      UpdateSettings.Run run,
      Optional<WeightAverage> average,
      List<List<Operand<?>>> partInputs) {
    SamSettings settings = training.sam().orElseThrow();
    Numerics numerics = training.numerics();
    RateSchedule ofRho = training.update().rhoSchedule();
    final SamOptimizer sam;
    final Op train;
    try {
      SamOptimizerBuilder builder =
          SamOptimizer.builder(graph, base).norm(settings.norm()).l2(settings.l2());
      if (ofRho.equals(RateSchedule.CONSTANT)) {
        builder.rho(settings.rho());
      } else {
        builder.rho(ofRho.from(settings.rho(), run.steps(), run.stepsPerEpoch()));
      }
      numerics.applyTo(builder);
      settings
          .variant()
          .applyTo(
              builder,
              computed.of(network.logits()),
              settings.rho(),
              new Variant.Run(run.steps(), training.seed()));
      settings.adaptive().ifPresent(builder::adaptive);
      if (!settings.freeze().isEmpty()) {
        builder.freeze(settings.freeze().toArray(new String[0]));
      }
      if (!settings.doNotPerturb().isEmpty()) {
        builder.doNotPerturb(settings.doNotPerturb().toArray(new String[0]));
      }
      settings.cut().applyTo(builder, network);
      sam = (partInputs.isEmpty() ? builder : builder.partInputs(partInputs)).build();
      train = network.minimize(sam, computed.loss());
    } catch (IllegalArgumentException e) {
      throw settings.freeze().isEmpty() && settings.doNotPerturb().isEmpty() ? e : inPatterns(e);
    }
    Variant variant = settings.variant();
    boolean hasLoss = variant.hasPassAtWeights();
    Optional<Operand<TBool>> skipped =
        numerics.skips() ? Optional.of(sam.skipped()) : Optional.empty();
    return new TrainingStep(
        network.step(train, x -> sam.replicas(computed.of(x)), skipped),
        // Not the same tensor as below: an exported function or a run has each but once.
        hasLoss ? sam.loss() : Ops.create(graph).identity(sam.perturbedLoss()),
        List.of(
            sam.perturbedLoss(),
            hasLoss ? sam.sharpness() : Ops.create(graph).constant(Float.NaN),
            sam.gradientNorm()),
        variant.skipsSteps() ? Optional.of(sam.active()) : Optional.empty(),
        skipped,
        average);
  }

  private static InputException inPatterns(IllegalArgumentException e) {
    return new InputException(
        String.valueOf(e.getMessage()),
        "names of variables, globs such as bn*, or regular expressions such as regex:bn[12]_.*",
        "give such patterns to --freeze and --do-not-perturb");
  }

  /** The training pass of a network in a precision. */
  private static final class Computed {
    private final Network network;
    private final Optional<MixedPrecision> mixed;

    Computed(Graph graph, Network network, Precision precision) {
      this.network = network;
      this.mixed = precision.of(graph, network.loss());
    }

    Operand<TFloat32> loss() {
      return mixed.map(MixedPrecision::loss).orElse(network.loss());
    }

    Operand<TFloat32> of(Operand<TFloat32> tensor) {
      return mixed.map(copy -> copy.of(tensor)).orElse(tensor);
    }
  }
}
