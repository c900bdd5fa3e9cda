package org.samtf;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.samtf.direction.AscentDirection;
import org.samtf.direction.DescentDirection;
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

  /** In which steps the second pass is run; in all if not given. */
  final Optional<Condition> condition;

  /** What ε goes along, if that is not g. */
  final Optional<AscentDirection> ascentDirection;

  /** What is made of ∇L(w+ε) before it is applied. */
  final Optional<DescentDirection> descentDirection;

  /** σ, by which the loss is expected to rise at most. */
  final Optional<Double> expectedRise;

  /** How many steps ε is made of, each of ρ over their number. */
  final int ascentSteps;

  /** z, if ∂L/∂z is to be that at w. */
  final Optional<Operand<? extends TNumber>> logits;

  /** Whether L(w) is computed although no gradient at w is needed. */
  private final boolean lossAtWeights;

  /** What is done about gradients that are not finite. */
  final FiniteRule finiteRule;

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
    Optional<List<List<Operand<?>>>> partInputs = Optional.empty();
    int replicasPerPerturbation = 1;
    boolean inPlace;
    Optional<Function<Long, Condition>> condition = Optional.empty();
    long start;
    Optional<AscentDirection> ascentDirection = Optional.empty();
    Optional<DescentDirection> descentDirection = Optional.empty();
    Optional<Double> expectedRise = Optional.empty();
    int ascentSteps = 1;
    Optional<Operand<? extends TNumber>> logits = Optional.empty();
    boolean lossAtWeights;
    final FiniteRule.Draft finiteRule = new FiniteRule.Draft();
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
    finiteRule = new FiniteRule(draft.finiteRule);
    cpuOnly = draft.cpuOnly;
    condition = condition(draft);
    ascentDirection = draft.ascentDirection;
    descentDirection = draft.descentDirection;
    expectedRise = draft.expectedRise;
    ascentSteps = draft.ascentSteps;
    logits = draft.logits;
    lossAtWeights = draft.lossAtWeights;
    refuseWhatDoesNotGoTogether();
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
        draft.partInputs.isPresent() && !parts,
        "partInputs are given, but the batch is in one part; raise microBatches, or leave"
            + " partInputs out");
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
      BatchCut.MicroBatches placed = cut.on(draft.devices, draft.sequential);
      return draft.partInputs.map(placed::reading).orElse(placed);
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

  /** p, if it is that of a norm. */
  static double norm(double p) {
    if (!(p >= 1)) {
      throw new IllegalArgumentException(
          "norm is " + p + "; p must be at least 1, and may be Double.POSITIVE_INFINITY");
    }
    return p;
  }

  private static Optional<Condition> condition(Draft draft) {
    Optional<Condition> condition = draft.condition.map(from -> from.apply(draft.start));
    return draft.start > 0 ? Optional.of(new Condition.From(draft.start, condition)) : condition;
  }

  private void refuseWhatDoesNotGoTogether() {
    String given = condition.map(c -> "a condition (" + c + ")").orElse("a descent direction");
    boolean subset = cut instanceof BatchCut.AscentSubset;
    refuse(
        usesGradient() && subset,
        given
            + " needs the gradient at w of the whole batch, but ascentExamples computes that of a"
            + " part; leave one of them out");
    refuse(
        condition.isPresent() && inPlace,
        given
            + " and inPlace are given, but half a step cannot be undone in a part that is not"
            + " run; leave one of them out");
    refuse(
        condition.filter(Condition::readsGradient).isPresent() && cut.isSequential(),
        given
            + " is of the gradient of the whole batch, which sequential micro-batches have at the"
            + " end only; leave sequential out");
    refuse(
        !hasFirstPass() && usesGradient(),
        "the ascent direction saves the pass at w, but "
            + given
            + " needs the gradient from there; leave one of them out");
    refuse(
        !hasFirstPass() && inPlace,
        "the ascent direction saves the pass at w, which inPlace cannot do without; leave one of"
            + " them out");
    refuse(
        !hasFirstPass() && subset,
        "ascentExamples are given, but the ascent direction reads no gradient at w; leave one of"
            + " them out");
    refuse(
        !hasFirstPass() && expectedRise.isPresent(),
        "expectedRise is of the gradient at w, but the ascent direction does not read it; leave"
            + " one of them out");
    refuse(
        ascentSteps > 1 && (inPlace || subset),
        "ascentSteps is "
            + ascentSteps
            + ", but with "
            + (inPlace ? "inPlace" : "ascentExamples")
            + " there is one step; leave one of them out");
    refuse(
        ascentSteps > 1 && ascentDirection.isPresent(),
        "ascentSteps is "
            + ascentSteps
            + ", which go along the gradients where they are; leave the ascent direction out");
    refuse(
        logits.isPresent() && (inPlace || subset || !hasFirstPass()),
        "logits are given, whose gradient is computed at w; leave out "
            + (inPlace ? "inPlace" : subset ? "ascentExamples" : "the ascent direction"));
    refuse(
        hasFirstPass() && lossAtWeights,
        "lossAtWeights is given, but the loss at w is computed anyway; leave it out");
  }

  /** Whether a step has a pass at w. */
  boolean hasFirstPass() {
    return ascentDirection.map(AscentDirection::readsGradient).orElse(true);
  }

  /** Whether a step computes L(w). */
  boolean hasLossAtW() {
    return hasFirstPass() || lossAtWeights;
  }

  /** Whether what is applied may be made of g: of all replicas together. */
  boolean usesGradient() {
    return condition.isPresent() || descentDirection.isPresent();
  }

  /**
   * Whether g itself may be applied, which then is the wrapped optimizer's own, to the last bit.
   */
  boolean appliesGradient() {
    return usesGradient() && descentDirection.map(DescentDirection::appliesGradient).orElse(true);
  }

  /** Whether the perturbation is the same for all replicas, since it comes from no replica. */
  boolean sharesPerturbation() {
    return !hasFirstPass() && ascentDirection.orElseThrow().readsMomentum();
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
    NotFinite rule = finiteRule.notFinite;
    Ascent dual =
        norm == 2 && cpuOnly ? new EuclideanDual(rule) : new HolderDual(norm, isCheckedFirst, rule);
    Ascent scaled = eta.isPresent() ? new Adaptive(dual, eta.get(), notScaled.of(perturbed)) : dual;
    return expectedRise.isPresent() ? new ExpectedRise(scaled, expectedRise.get()) : scaled;
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
    expectedRise.ifPresent(rise -> text.append(", expectedRise=").append(rise));
    ascentDirection.ifPresent(ascent -> text.append(", ascent=").append(ascent));
    descentDirection.ifPresent(descent -> text.append(", descent=").append(descent));
    if (ascentSteps > 1) {
      text.append(", ascentSteps=").append(ascentSteps);
    }
    logits.ifPresent(z -> text.append(", logits=").append(z.op().name()));
    condition.ifPresent(where -> text.append(", second pass ").append(where));
    finiteRule.appendTo(text);
    return text.append(", inPlace=").append(inPlace).toString();
  }

  private static void appendChoice(StringBuilder text, String name, VariableChoice choice) {
    if (!choice.isNone()) {
      text.append(", ").append(name).append('=').append(choice);
    }
  }
}
