package org.samtf;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.samtf.internal.graph.Kernels;
import org.tensorflow.Operand;
import org.tensorflow.types.family.TNumber;

/** How a step is to be written; see the builder of {@link SamOptimizer} for what each means. */
final class SamSettings {

  final Rho rho;
  final double norm;

  /** η of an adaptive neighbourhood. */
  final Optional<Float> eta;

  /** The variables that an adaptive neighbourhood does not scale with. */
  final VariableChoice notScaled;

  final float l2;

  /** The variables to train; all that the loss reaches if not given. */
  final Optional<List<Operand<?>>> trainable;

  final VariableChoice frozen;
  final VariableChoice notPerturbed;
  final BatchCut cut;

  /** How many replicas have one perturbation in common, the last group excepted. */
  final int replicasPerPerturbation;

  /** Whether replicas are to share perturbations of which only several losses can make several. */
  final boolean needsSeveralLosses;

  final boolean inPlace;

  /**
   * Whether the step is for CPUs only: it may then have conditions, which are read on the host, and
   * products in the form that the CPU's kernels are fast for.
   */
  final boolean cpuOnly;

  /** What a builder has been told so far. */
  static final class Draft {
    Rho rho;
    double norm;
    Optional<Float> eta = Optional.empty();
    VariableChoice notScaled = VariableChoice.none();
    float l2;
    Optional<List<Operand<?>>> trainable = Optional.empty();
    VariableChoice frozen = VariableChoice.none();
    VariableChoice notPerturbed = VariableChoice.none();
    Optional<BatchCut.MicroBatches> microBatches = Optional.empty();
    Optional<BatchCut.AscentSubset> ascentExamples = Optional.empty();
    Optional<Operand<? extends TNumber>> ascentSeed = Optional.empty();
    boolean drawsAscentExamples;
    boolean sequential;
    List<String> devices = List.of();
    int replicasPerPerturbation = 1;
    boolean inPlace;
    boolean cpuOnly = !Kernels.hasGpu();
  }

  /**
   * Takes the settings as they are now.
   *
   * @throws IllegalArgumentException if some do not go together, or one has no effect
   */
  SamSettings(Draft draft) {
    rho = draft.rho;
    norm = draft.norm;
    eta = draft.eta;
    notScaled = draft.notScaled;
    l2 = draft.l2;
    trainable = draft.trainable;
    frozen = draft.frozen;
    notPerturbed = draft.notPerturbed;
    cut = cut(draft);
    replicasPerPerturbation = draft.replicasPerPerturbation;
    needsSeveralLosses = replicasPerPerturbation > 1 && draft.microBatches.isEmpty();
    inPlace = draft.inPlace;
    cpuOnly = draft.cpuOnly;
    if (!notScaled.isNone() && eta.isEmpty()) {
      throw new IllegalArgumentException(
          "doNotScale is given, but the neighbourhood does not scale with any weight; add"
              + " adaptive() or leave doNotScale out");
    }
  }

  private static BatchCut cut(Draft draft) {
    boolean parts = draft.microBatches.filter(cut -> cut.count > 1).isPresent();
    refuse(
        draft.sequential && draft.microBatches.isEmpty(),
        "sequential is given, but the batch is in one part; add microBatches or leave sequential"
            + " out");
    refuse(
        !draft.devices.isEmpty() && !parts,
        "devices are "
            + draft.devices
            + ", but the batch is in one part; raise microBatches, or leave devices out and put"
            + " the losses on devices");
    refuse(
        draft.drawsAscentExamples && draft.ascentExamples.isEmpty(),
        "randomAscentExamples is given without ascentExamples or ascentFraction; add one of them"
            + " or leave it out");
    refuse(
        draft.inPlace && parts,
        "inPlace has one set of weights, but each replica needs its own w+epsilon; leave inPlace"
            + " off");
    refuse(
        draft.ascentExamples.isPresent() && parts,
        "ascentExamples and microBatches both cut the batch; use one of them");
    refuse(
        draft.ascentExamples.isPresent() && draft.replicasPerPerturbation > 1,
        "sharePerturbation is given, but with ascentExamples there is one perturbation; leave one"
            + " of them out");
    if (parts) {
      BatchCut.MicroBatches cut = draft.microBatches.get();
      return new BatchCut.MicroBatches(cut.count, cut.batchInputs, draft.devices, draft.sequential);
    }
    if (draft.ascentExamples.isEmpty()) {
      return new BatchCut.None();
    }
    BatchCut.AscentSubset cut = draft.ascentExamples.get();
    if (!draft.drawsAscentExamples) {
      return cut;
    }
    ExampleSubset drawn =
        draft.ascentSeed.map(cut.examples::drawnFrom).orElseGet(cut.examples::drawn);
    return new BatchCut.AscentSubset(cut.batchInputs, drawn);
  }

  private static void refuse(boolean wrong, String message) {
    if (wrong) {
      throw new IllegalArgumentException(message);
    }
  }

  /** What is computed for all variables alike: small ones together, for a GPU. */
  Packing packing(List<? extends Operand<?>> gradients, List<String> names) {
    Set<String> alone = notScaled.of(names);
    return Packing.of(cpuOnly, gradients, names, i -> alone.contains(names.get(i)));
  }

  /** From the gradient to the perturbation. */
  Ascent ascent(Collection<String> perturbed) {
    // A GPU would have to wait for the host to read what the check says. In place, weights change.
    boolean isCheckedFirst = cpuOnly || inPlace;
    Ascent dual = norm == 2 && cpuOnly ? new EuclideanDual() : new HolderDual(norm, isCheckedFirst);
    return eta.isPresent() ? new Adaptive(dual, eta.get(), notScaled.of(perturbed)) : dual;
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("rho=").append(rho);
    text.append(", norm=").append(norm);
    eta.ifPresent(value -> text.append(", eta=").append(value));
    appendChoice(text, "doNotScale", notScaled);
    text.append(", l2=").append(l2);
    appendChoice(text, "freeze", frozen);
    appendChoice(text, "doNotPerturb", notPerturbed);
    text.append(cut);
    if (replicasPerPerturbation > 1) {
      text.append(", sharePerturbation=").append(replicasPerPerturbation);
    }
    return text.append(", inPlace=").append(inPlace).toString();
  }

  private static void appendChoice(StringBuilder text, String name, VariableChoice choice) {
    if (!choice.isNone()) {
      text.append(", ").append(name).append('=').append(choice);
    }
  }
}
