package org.samtf;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.samtf.direction.StepVectors;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Node;
import org.samtf.internal.graph.Reals;
import org.samtf.internal.graph.Twin;
import org.samtf.internal.graph.TwinPlan;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.family.TNumber;

/**
 * Writes a SAM step into the graph, as it stands in the paper (Foret et al. 2021, algorithm 1).
 *
 * <pre>
 * first pass    g = ∇L(w)
 * ascend        ε = ρ · sign(d) · |d|^(q−1) / (‖d‖_q^q)^(1/p),  d = g
 * second pass   ∇L(w+ε)
 * descend       ∇L(w+ε) + 2λw, for the wrapped optimizer to apply
 * </pre>
 *
 * <p>With several replicas there are as many passes. Replicas may share an ε, which is of the mean
 * of their g; what is applied is the mean over all of them.
 *
 * <p>SAM's relatives change one part each. An ascent direction has another d, and may need no first
 * pass. A condition leaves ascent and second pass out of some steps, which then apply g. A descent
 * direction puts g and ∇L(w+ε) together.
 */
final class StepWriter {

  private final Graph graph;
  private final SamSettings settings;
  private final GraphScope scope;
  private final DeviceReads reads;
  private final Replicas replicas;
  private final TrainedVariables variables;
  private final Momenta momenta;
  private final StepState state;
  private final Optional<LossScale> lossScale;
  private final Descent descent;
  private Gate gate = Gate.open();
  private int groupsWritten;

  private StepWriter(
      Graph graph,
      SamSettings settings,
      GraphScope scope,
      List<Output<?>> losses,
      Momenta momenta,
      Optional<LossScale> lossScale) {
    this.graph = graph;
    this.settings = settings;
    this.scope = scope;
    this.momenta = momenta;
    this.lossScale = lossScale;
    this.state = new StepState(scope.withSubScope("state"));
    this.reads =
        settings.inPlace ? DeviceReads.none() : DeviceReads.below(scope.withSubScope("reads"));
    this.replicas = Replicas.of(settings, scope, losses, reads);
    this.variables =
        TrainedVariables.of(
            replicas.losses, settings.trainable, settings.frozen, settings.notPerturbed);
    this.descent = new Descent(scope, settings, replicas.count(), momenta, state);
  }

  /**
   * Writes a step.
   *
   * @param scope where its ops go
   * @param losses one or more; the step minimises their mean
   * @param momenta the momentum that the wrapped optimizer keeps
   * @param lossScale what the losses are multiplied by for their gradients
   * @throws IllegalArgumentException if that cannot be
   */
  static SamStep write(
      Graph graph,
      SamSettings settings,
      GraphScope scope,
      List<Output<?>> losses,
      Momenta momenta,
      Optional<LossScale> lossScale) {
    return new StepWriter(graph, settings, scope, losses, momenta, lossScale).write();
  }

  private SamStep write() {
    Sequence sequence = settings.cut.isSequential() ? Sequence.oneByOne() : Sequence.none();
    GradientSums sums = new GradientSums(settings.cut.isSequential());
    List<Ascended> ascents = new ArrayList<>();
    List<UnaryOperator<Output<?>>> firstPasses = new ArrayList<>();
    List<SecondPass> secondPasses = new ArrayList<>();
    Optional<Op> undo = Optional.empty();

    int groupSize = groupSize();
    List<List<FirstPass>> ahead = new ArrayList<>();
    if (settings.condition.filter(Condition::readsGradient).isPresent()) {
      // The condition is of the gradient of all replicas: their first passes come before it.
      for (int start = 0; start < replicas.count(); start += groupSize) {
        ahead.add(firstPasses(start, groupSize, sequence));
      }
    }
    gate = gate(ahead);
    for (int start = 0; start < replicas.count(); start += groupSize) {
      List<FirstPass> group =
          ahead.isEmpty() ? firstPasses(start, groupSize, sequence) : ahead.get(start / groupSize);
      Ascended ascended = ascend(group);
      for (int k = 1; k < settings.ascentSteps; k++) {
        ascended = ascendFurther(ascended, group, k, sequence);
      }
      WeightsAtPerturbation weights = weightsAt(ascended, group);
      secondPasses.addAll(secondPasses(group, at -> at, weights, sequence, sums));
      group.forEach(first -> firstPasses.add(first.replica::tensorFor));
      ascents.add(ascended);
      undo = weights.undo();
    }
    variables.requireGradients(replicas.losses, sums.variables());
    UpdateGradients update = descend(sums, ascents, secondPasses);
    Measures measures =
        Measures.write(scope, settings.norm, secondPasses, ascents, gate, settings.hasLossAtW());
    List<UnaryOperator<Output<?>>> tensors = new ArrayList<>();
    if (settings.hasLossAtW()) {
      tensors.addAll(firstPasses);
    } else {
      secondPasses.forEach(pass -> tensors.add(pass.tensors));
    }
    return new SamStep(scope, tensors, ascents, update, measures, undo, gate, state);
  }

  /** How many replicas have one perturbation in common. */
  private int groupSize() {
    int ofSettings =
        settings.sharesPerturbation() ? replicas.count() : settings.replicasPerPerturbation;
    return Math.min(ofSettings, replicas.count());
  }

  /** Whether the second pass is run. */
  private Gate gate(List<List<FirstPass>> ahead) {
    if (settings.condition.isEmpty()) {
      return Gate.open();
    }
    GraphScope at = scope.withSubScope("condition");
    Optional<StepVectors> vectors = Optional.empty();
    if (!ahead.isEmpty()) {
      List<Output<?>> trained = List.copyOf(descent.firstSums.variables());
      vectors = Optional.of(descent.step(trained, at, gate, x -> x, false));
    }
    return Gate.where(at, settings.condition.get().holds(at.ops(), state, vectors));
  }

  private List<FirstPass> firstPasses(int start, int groupSize, Sequence sequence) {
    List<FirstPass> group = new ArrayList<>();
    int end = Math.min(start + groupSize, replicas.count());
    for (int i = start; i < end; i++) {
      FirstPass first = firstPass(i, sequence.before(replicas.scope(i)));
      List<? extends Op> pass = List.copyOf(first.gradients.values());
      if (settings.usesGradient()) {
        pass = descent.firstSums.add(first.scope.withSubScope("ascent"), first.gradients);
      }
      sequence.ends(first.scope, settings.hasFirstPass() ? pass : List.of());
      group.add(first);
    }
    return group;
  }

  /** g = ∇L(w). */
  private FirstPass firstPass(int number, List<Op> after) {
    GraphScope at = replicas.scope(number);
    Replica replica = replicas.forAscent(number, after);
    boolean narrowMatMuls =
        settings.cpuOnly && !settings.appliesGradient() && NarrowMatMuls.areIn(replica.forward);
    List<Output<?>> xs = variables.in(replica.forward);
    Map<Output<?>, Output<?>> gradients =
        gradients(
            replica.loss,
            replica,
            scaled(replica.loss, at),
            xs,
            xs,
            at.withSubScope("ascent"),
            narrowMatMuls);
    if (gradients.isEmpty()) {
      variables.requireGradients(replicas.losses, Set.of());
      throw TrainedVariables.withoutVariables(replicas.losses);
    }
    List<Output<?>> perturbed = variables.perturbed(gradients.keySet());
    if (perturbed.isEmpty()) {
      throw new IllegalArgumentException(
          "doNotPerturb takes all of the variables "
              + TrainedVariables.names(List.copyOf(gradients.keySet()))
              + " that loss \""
              + replica.loss.op().name()
              + "\" trains, so that none is perturbed; name fewer, or train without SAM");
    }
    return new FirstPass(replica, at, gradients, perturbed);
  }

  /** ε(w), of the mean of the gradients of the replicas that share it. */
  private Ascended ascend(List<FirstPass> group) {
    FirstPass first = group.get(0);
    GraphScope at = first.scope.withSubScope("ascent");
    Ops tf = at.ops();
    GroupGradients gradients = new GroupGradients(settings, reads, momenta, state, gate);
    return ascend(group, gradients.directions(group, at, groupsWritten++), tf);
  }

  private Ascended ascend(List<FirstPass> group, List<Operand<TNumber>> directions, Ops tf) {
    FirstPass first = group.get(0);
    AscentPlaces places = AscentPlaces.of(group);
    return Ascended.along(
        directions,
        first.perturbed,
        TrainedVariables.names(first.perturbed),
        () -> places.enter(gate, first.perturbed, v -> reads.read(v, places.device(v))),
        tf,
        settings,
        state,
        gate);
  }

  /** One more step up, with the gradient from where the steps before have come to. */
  private Ascended ascendFurther(
      Ascended reached, List<FirstPass> group, int number, Sequence sequence) {
    WeightsAtPerturbation weights = weightsAt(reached, group);
    GradientSums sums = new GradientSums(settings.cut.isSequential());
    secondPasses(group, at -> at.withSubScope("step" + number), weights, sequence, sums);
    FirstPass first = group.get(0);
    GraphScope at = first.scope.withSubScope("step" + number).withSubScope("ascent");
    List<Ops> places = AscentPlaces.of(group).ops(at, first.perturbed);
    List<Operand<TNumber>> gradients = new ArrayList<>();
    for (int i = 0; i < first.perturbed.size(); i++) {
      Reals reals = new Reals(places.get(i));
      gradients.add(sums.times(first.perturbed.get(i), reals, 1.0 / group.size()));
    }
    return reached.and(ascend(group, gradients, at.ops()));
  }

  /** How the second passes of a group read w+ε. */
  private WeightsAtPerturbation weightsAt(Ascended ascended, List<FirstPass> group) {
    if (!settings.inPlace) {
      return new WeightsBeside(ascended, reads);
    }
    FirstPass only = group.get(0);
    List<Op> before = new ArrayList<>(only.gradients.values());
    before.add(only.replica.loss);
    return new WeightsInPlace(scope.withSubScope("inPlace"), ascended, before);
  }

  private List<SecondPass> secondPasses(
      List<FirstPass> group,
      UnaryOperator<GraphScope> place,
      WeightsAtPerturbation weights,
      Sequence sequence,
      GradientSums sums) {
    List<SecondPass> secondPasses = new ArrayList<>();
    for (FirstPass first : group) {
      GraphScope at = place.apply(first.scope);
      SecondPass second = secondPass(first, at, weights, sequence.before(first.scope));
      GraphScope descent = at.withSubScope("descent");
      sequence.ends(first.scope, gate.over(sums.add(descent, second.gradients)));
      secondPasses.add(second);
    }
    return secondPasses;
  }

  /** ∇L(w+ε), on the twin. */
  private SecondPass secondPass(
      FirstPass first, GraphScope at, WeightsAtPerturbation weights, List<Op> after) {
    Replica replica = replicas.forDescent(first.replica);
    Map<Output<?>, Output<?>> readAs = weights.read(at.withSubScope("ascent"), after);
    Twin twin = twin(at.withSubScope("twin"), replica, readAs, weights);
    Output<?> loss = twin.loss();

    List<Output<?>> trained = List.copyOf(first.gradients.keySet());
    List<Output<?>> xs = new ArrayList<>();
    for (Output<?> variable : trained) {
      // In place, an op may take the variable itself: not all paths lead through what is read.
      xs.add(settings.inPlace ? variable : readAs.getOrDefault(variable, variable));
    }
    // The gradient of one replica is the wrapped optimizer's own if rho is 0, to the last bit.
    boolean narrowMatMuls =
        settings.cpuOnly && replicas.count() > 1 && NarrowMatMuls.areIn(replica.forward);
    Map<Output<?>, Output<?>> gradients =
        settings.logits.isPresent()
            ? throughLogits(replica, twin, trained, xs, at)
            : gradients(
                loss,
                replica,
                entered(scaled(loss, at), at),
                trained,
                xs,
                at.withSubScope("descent"),
                narrowMatMuls);

    List<Op> before = new ArrayList<>();
    before.add(loss);
    Output<?> ofAscent = loss;
    if (replica != first.replica) {
      ofAscent = twin(at.withSubScope("twinOfAscent"), first.replica, readAs, weights).loss();
      if (settings.inPlace || first.hasUnperturbed()) {
        // Only a reader of the sharpness needs it, but it reads variables that are assigned.
        before.add(ofAscent);
      }
    }
    List<Op> all = new ArrayList<>(gradients.values());
    all.addAll(before);
    before.addAll(weights.undoneAfter(all));
    return new SecondPass(
        first.replica.loss,
        loss,
        ofAscent,
        gradients,
        before,
        tensor -> twin.of(replica.tensorFor(tensor)));
  }

  /** Functional SAM: the transposed Jacobian of the logits z at w+ε, times ∂L/∂z at w. */
  private Map<Output<?>, Output<?>> throughLogits(
      Replica replica, Twin twin, List<Output<?>> trained, List<Output<?>> xs, GraphScope at) {
    Output<?> logits = replica.tensorFor(settings.logits.orElseThrow().asOutput());
    Logits.requireOnlyPath(replica.loss, logits, trained);
    GraphScope descent = at.withSubScope("descent");
    Output<?> outer =
        Differentiation.gradients(
            replica.loss,
            replica,
            scaled(replica.loss, at),
            new Output<?>[] {logits},
            descent.withSubScope("outer"),
            false,
            reads)[0];
    return gradients(twin.of(logits), replica, entered(outer, at), trained, xs, descent, false);
  }

  /** What the gradient of a loss begins with; null for ones. */
  private Output<?> scaled(Output<?> loss, GraphScope at) {
    return lossScale.<Output<?>>map(s -> s.scaled(at.ops(), loss)).orElse(null);
  }

  /** What the gradient of a second pass begins with, as that reads it. */
  private Output<?> entered(Output<?> outer, GraphScope at) {
    return outer == null ? null : gate.enter(outer, at.getDeviceString()).asOutput();
  }

  /** The loss of a replica, computed from w+ε. */
  private Twin twin(
      GraphScope at,
      Replica replica,
      Map<Output<?>, Output<?>> readAs,
      WeightsAtPerturbation weights) {
    Map<Node, Output<?>> readAsByNode = new HashMap<>();
    for (Node node : replica.forward.feeding()) {
      if (node.isVariable() && readAs.containsKey(node.op.output(0))) {
        readAsByNode.put(node, readAs.get(node.op.output(0)));
      }
    }
    TwinPlan plan = new TwinPlan(graph, replica.forward, readAsByNode.keySet(), settings.inPlace);
    GraphOperation heldAfter = weights.heldAfter().orElse(null);
    return new Twin(at, replica.forward, plan, replica.loss, readAsByNode, heldAfter);
  }

  /** The mean over the replicas, + 2λw, once all of it is finite. */
  private UpdateGradients descend(
      GradientSums sums, List<Ascended> ascents, List<SecondPass> secondPasses) {
    List<Op> inSecondPass = new ArrayList<>();
    secondPasses.forEach(pass -> inSecondPass.addAll(pass.before));
    List<Op> before = new ArrayList<>(gate.over(inSecondPass));
    if (settings.hasLossAtW()) {
      secondPasses.forEach(pass -> before.add(pass.loss));
    }
    GraphScope at = scope.withSubScope("descent");
    L2Term l2 = new L2Term(settings.l2, settings.inPlace ? before : List.of());
    List<Output<?>> gradients = new ArrayList<>();
    List<Output<?>> trained = List.copyOf(sums.variables());
    List<Operand<TNumber>> applied = descent.applied(trained, sums, at, gate);
    for (int i = 0; i < trained.size(); i++) {
      Output<?> variable = trained.get(i);
      Ops tf = descent.opsFor(variable, at);
      String device = GraphStep.device(variable);
      // A loss scale was divided by in float32 at least.
      Operand<TNumber> gradient =
          new Reals(tf).cast(applied.get(i), Reals.unchecked(variable.type()));
      gradients.add(l2.addTo(gradient, tf, variable, device).asOutput());
    }
    momenta.keepAverage(trained, gradients, at, state);
    state.finishMeans(groupsWritten);
    before.addAll(state.values(gate));
    List<Operand<TBool>> checked = new ArrayList<>();
    ascents.forEach(ascended -> checked.addAll(ascended.finite));
    Operand<TBool> finite = gate.allHold(at.ops(), checked);
    Packing packing = Packing.of(settings.cpuOnly, gradients, TrainedVariables.names(trained));
    String what = gate.isOpen() ? "gradient at w+epsilon" : "gradient to apply";
    return new UpdateGradients(
        trained,
        new Barrier(
            at, gradients, packing, what, settings.finiteRule.notFinite, List.of(finite), before));
  }

  /**
   * The gradients of a loss that flow.
   *
   * @param of the replica that the loss, or its twin, is of
   * @param outer what they begin with; null for ones
   * @param variables what they are of
   * @param xs what stands for each of the variables
   */
  private Map<Output<?>, Output<?>> gradients(
      Output<?> loss,
      Replica of,
      Output<?> outer,
      List<Output<?>> variables,
      List<Output<?>> xs,
      GraphScope at,
      boolean narrowMatMuls) {
    Output<?>[] all =
        Differentiation.gradients(
            loss, of, outer, xs.toArray(new Output<?>[0]), at, narrowMatMuls, reads);
    Map<Output<?>, Output<?>> gradients = new LinkedHashMap<>();
    Ops tf = at.ops();
    for (int i = 0; i < all.length; i++) {
      Output<?> gradient = all[i];
      if (gradient != null) {
        gradients.put(
            variables.get(i),
            lossScale.<Output<?>>map(s -> s.unscaled(tf, gradient)).orElse(gradient));
      }
    }
    return gradients;
  }
}
