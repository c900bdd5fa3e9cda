package org.samtf.examples.train;

import java.util.List;
import java.util.Optional;
import org.samtf.OrderedOptimizer;
import org.samtf.SamOptimizer;
import org.samtf.SamOptimizerBuilder;
import org.samtf.examples.failure.InputException;
import org.samtf.examples.model.Network;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
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
 */
public record TrainingStep(
    Op op,
    Operand<? extends TNumber> loss,
    List<Operand<? extends TNumber>> measures,
    Optional<Operand<TBool>> active) {

  /**
   * A step that measures nothing besides.
   *
   * @param op what to run
   * @param loss what the step minimizes, at the weights before it
   */
  public TrainingStep(Op op, Operand<? extends TNumber> loss) {
    this(op, loss, List.of(), Optional.empty());
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
    return write(graph, network, settings, steps, List.of());
  }

  /**
   * Writes the step that the settings ask for.
   *
   * @param partInputs images and labels that each part of the batch reads; none for slices of it
   */
  static TrainingStep write(
      Graph graph,
      Network network,
      TrainingSettings settings,
      long steps,
      List<List<Operand<?>>> partInputs) {
    Optimizer base = settings.base().create(graph, settings.learningRate(), settings.momentum());
    if (settings.sam().isEmpty()) {
      Op train = new OrderedOptimizer(graph, base).minimize(network.loss());
      return new TrainingStep(network.step(train), network.loss());
    }
    return withSam(
        graph,
        base,
        network,
        settings.sam().get(),
        new Variant.Run(steps, settings.seed()),
        partInputs);
  }

  private static TrainingStep withSam(
      Graph graph,
      Optimizer base,
      Network network,
      SamSettings settings,
      Variant.Run run,
      List<List<Operand<?>>> partInputs) {
    SamOptimizer sam;
    Op train;
    try {
      SamOptimizerBuilder builder =
          SamOptimizer.builder(graph, base)
              .rho(settings.rho())
              .norm(settings.norm())
              .l2(settings.l2());
      settings.variant().applyTo(builder, network, settings.rho(), run);
      settings.adaptive().ifPresent(builder::adaptive);
      if (!settings.freeze().isEmpty()) {
        builder.freeze(settings.freeze().toArray(new String[0]));
      }
      if (!settings.doNotPerturb().isEmpty()) {
        builder.doNotPerturb(settings.doNotPerturb().toArray(new String[0]));
      }
      settings.cut().applyTo(builder, network);
      sam = (partInputs.isEmpty() ? builder : builder.partInputs(partInputs)).build();
      train = sam.minimize(network.loss());
    } catch (IllegalArgumentException e) {
      if (settings.freeze().isEmpty() && settings.doNotPerturb().isEmpty()) {
        throw e;
      }
      throw new InputException(
          String.valueOf(e.getMessage()),
          "names of variables, globs such as bn*, or regular expressions such as regex:bn[12]_.*",
          "give such patterns to --freeze and --do-not-perturb");
    }
    Variant variant = settings.variant();
    boolean hasLoss = variant.hasPassAtWeights();
    return new TrainingStep(
        network.step(train, sam),
        // Not the same tensor as below: an exported function or a run has each but once.
        hasLoss ? sam.loss() : Ops.create(graph).identity(sam.perturbedLoss()),
        List.of(
            sam.perturbedLoss(),
            hasLoss ? sam.sharpness() : Ops.create(graph).constant(Float.NaN),
            sam.gradientNorm()),
        variant.skipsSteps() ? Optional.of(sam.active()) : Optional.empty());
  }
}
