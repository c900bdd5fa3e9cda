package org.samtf;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Node;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.family.TNumber;

/**
 * Writes a SAM step into the graph, as it stands in the paper (Foret et al. 2021, algorithm 1).
 *
 * <pre>
 * first pass    g = ∇L(w)
 * ascend        ε = ρ · sign(g) · |g|^(q−1) / (‖g‖_q^q)^(1/p)
 * second pass   ∇L(w+ε)
 * descend       ∇L(w+ε) + 2λw, for the wrapped optimizer to apply
 * </pre>
 *
 * <p>With several replicas there are as many passes. Replicas may share an ε, which is of the mean
 * of their g; what is applied is the mean over all of them.
 */
final class StepWriter {

  private final Graph graph;
  private final SamSettings settings;
  private final GraphScope scope;
  private final DeviceReads reads;
  private final Replicas replicas;
  private final TrainedVariables variables;

  private StepWriter(Graph graph, SamSettings settings, GraphScope scope, List<Output<?>> losses) {
    this.graph = graph;
    this.settings = settings;
    this.scope = scope;
    this.reads =
        settings.inPlace ? DeviceReads.none() : DeviceReads.below(scope.withSubScope("reads"));
    this.replicas = Replicas.of(settings, scope, losses, reads);
    this.variables =
        TrainedVariables.of(
            replicas.losses, settings.trainable, settings.frozen, settings.notPerturbed);
  }

  /**
   * Writes a step.
   *
   * @param scope where its ops go
   * @param losses one or more; the step minimises their mean
   * @throws IllegalArgumentException if that cannot be
   */
  static SamStep write(
      Graph graph, SamSettings settings, GraphScope scope, List<Output<?>> losses) {
    return new StepWriter(graph, settings, scope, losses).write();
  }

  private SamStep write() {
    Sequence sequence = settings.cut.isSequential() ? Sequence.oneByOne() : Sequence.none();
    GradientSums sums = new GradientSums(settings.cut.isSequential());
    List<Replica> ofAscent = new ArrayList<>();
    List<Ascended> ascents = new ArrayList<>();
    List<SecondPass> secondPasses = new ArrayList<>();
    Optional<Op> undo = Optional.empty();

    int groupSize = Math.min(settings.replicasPerPerturbation, replicas.count());
    for (int start = 0; start < replicas.count(); start += groupSize) {
      int end = Math.min(start + groupSize, replicas.count());
      List<FirstPass> group = firstPasses(start, end, sequence);
      Ascended ascended = ascend(group);
      WeightsAtPerturbation weights = weightsAt(ascended, group);
      secondPasses.addAll(secondPasses(group, weights, sequence, sums));
      group.forEach(first -> ofAscent.add(first.replica));
      ascents.add(ascended);
      undo = weights.undo();
    }
    variables.requireGradients(replicas.losses, sums.variables());
    UpdateGradients update = descend(sums, ascents, secondPasses);
    Measures measures = Measures.write(scope, settings.norm, secondPasses, ascents);
    return new SamStep(scope, ofAscent, ascents, update, measures, undo);
  }

  private List<FirstPass> firstPasses(int start, int end, Sequence sequence) {
    List<FirstPass> group = new ArrayList<>();
    for (int i = start; i < end; i++) {
      FirstPass first = firstPass(i, sequence.before(replicas.scope(i)));
      sequence.ends(first.scope, List.copyOf(first.gradients.values()));
      group.add(first);
    }
    return group;
  }

  /** g = ∇L(w). */
  private FirstPass firstPass(int number, List<Op> after) {
    GraphScope at = replicas.scope(number);
    Replica replica = replicas.forAscent(number, after);
    boolean narrowMatMuls = settings.cpuOnly && NarrowMatMuls.areIn(replica.forward);
    List<Output<?>> xs = variables.in(replica.forward);
    Map<Output<?>, Output<?>> gradients =
        gradients(replica.loss, xs, xs, at.withSubScope("ascent"), narrowMatMuls);
    if (gradients.isEmpty()) {
      variables.requireGradients(replicas.losses, Set.of());
      throw TrainedVariables.withoutVariables(replicas.losses);
    }
    List<Output<?>> perturbed = variables.perturbed(gradients.keySet());
    if (perturbed.isEmpty()) {
      throw new IllegalArgumentException(
          "doNotPerturb takes all of the variables "
              + names(List.copyOf(gradients.keySet()))
              + " that loss \""
              + replica.loss.op().name()
              + "\" trains, so that none is perturbed; name fewer, or train without SAM");
    }
    return new FirstPass(replica, at, gradients, perturbed);
  }

  /** ε(w), of the mean of the gradients of the replicas that share it. */
  private Ascended ascend(List<FirstPass> group) {
    FirstPass first = group.get(0);
    group.forEach(other -> requireSameVariables(first, other));
    Ops tf = first.scope.withSubScope("ascent").ops();
    Reals reals = new Reals(tf);
    List<Operand<TNumber>> gradients = new ArrayList<>();
    for (Output<?> variable : first.perturbed) {
      DeviceSums sum = new DeviceSums();
      group.forEach(
          pass -> sum.add(pass.scope.withSubScope("ascent"), pass.gradients.get(variable)));
      gradients.add(sum.times(reals, 1.0 / group.size()));
    }
    List<String> names = names(first.perturbed);
    Packing packing = settings.packing(gradients, names);
    List<Operand<TNumber>> packed = new ArrayList<>();
    packing.pack(tf, gradients).forEach(g -> packed.add(reals.cast(g, Reals.computeType(g))));
    Operand<TNumber> rho = settings.rho.in(tf, Reals.commonType(packed));
    Perturbation perturbation =
        settings
            .ascent(names)
            .perturb(tf, packed, () -> weights(tf, first, packing), packing.groups, rho);
    return new Ascended(tf, first.perturbed, perturbation, packing);
  }

  /** w, as the gradients are packed. */
  private List<Operand<TNumber>> weights(Ops tf, FirstPass first, Packing packing) {
    return packing.pack(tf, reads.read(first.perturbed, first.scope.getDeviceString()));
  }

  private static void requireSameVariables(FirstPass first, FirstPass other) {
    if (!new HashSet<>(first.perturbed).equals(new HashSet<>(other.perturbed))) {
      throw new IllegalArgumentException(
          "losses \""
              + first.replica.loss.op().name()
              + "\" and \""
              + other.replica.loss.op().name()
              + "\" share a perturbation but reach different variables, "
              + names(first.perturbed)
              + " and "
              + names(other.perturbed)
              + "; give each its own perturbation");
    }
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
      List<FirstPass> group, WeightsAtPerturbation weights, Sequence sequence, GradientSums sums) {
    List<SecondPass> secondPasses = new ArrayList<>();
    for (FirstPass first : group) {
      SecondPass second = secondPass(first, weights, sequence.before(first.scope));
      GraphScope descent = first.scope.withSubScope("descent");
      sequence.ends(first.scope, sums.add(descent, second.gradients));
      secondPasses.add(second);
    }
    return secondPasses;
  }

  /** ∇L(w+ε), on the twin. */
  private SecondPass secondPass(FirstPass first, WeightsAtPerturbation weights, List<Op> after) {
    GraphScope at = first.scope;
    Replica replica = replicas.forDescent(first.replica);
    Map<Output<?>, Output<?>> readAs = weights.read(at.withSubScope("ascent"), after);
    Output<?> loss = twin(at.withSubScope("twin"), replica, readAs, weights);

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
        gradients(loss, trained, xs, at.withSubScope("descent"), narrowMatMuls);

    List<Op> before = new ArrayList<>();
    before.add(loss);
    Output<?> ofAscent = loss;
    if (replica != first.replica) {
      ofAscent = twin(at.withSubScope("twinOfAscent"), first.replica, readAs, weights);
      if (settings.inPlace || first.hasUnperturbed()) {
        // Only a reader of the sharpness needs it, but it reads variables that are assigned.
        before.add(ofAscent);
      }
    }
    List<Op> all = new ArrayList<>(gradients.values());
    all.addAll(before);
    before.addAll(weights.undoneAfter(all));
    return new SecondPass(first.replica.loss, loss, ofAscent, gradients, before);
  }

  /** The loss of a replica, computed from w+ε. */
  private Output<?> twin(
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
    return new Twin(at, replica.forward, plan, replica.loss, readAsByNode, heldAfter).loss();
  }

  /** The mean over the replicas, + 2λw, once all of it is finite. */
  private UpdateGradients descend(
      GradientSums sums, List<Ascended> ascents, List<SecondPass> secondPasses) {
    List<Op> before = new ArrayList<>();
    secondPasses.forEach(
        pass -> {
          before.add(pass.loss);
          before.addAll(pass.before);
        });
    GraphScope descent = scope.withSubScope("descent");
    Map<String, Ops> opsByDevice = new HashMap<>();
    L2Term l2 = new L2Term(settings.l2, settings.inPlace ? before : List.of());
    List<Output<?>> gradients = new ArrayList<>();
    List<Output<?>> trained = List.copyOf(sums.variables());
    for (Output<?> variable : trained) {
      String device = ((GraphOperation) variable.op()).device();
      Ops tf = opsByDevice.computeIfAbsent(device, d -> descent.withDeviceString(d).ops());
      Operand<TNumber> mean = sums.times(variable, new Reals(tf), 1.0 / replicas.count());
      gradients.add(l2.addTo(mean, tf, variable, device).asOutput());
    }
    List<Op> checked = new ArrayList<>();
    ascents.forEach(ascended -> checked.add(ascended.perturbation.finite));
    Packing packing = Packing.of(settings.cpuOnly, gradients, names(trained));
    return new UpdateGradients(
        trained,
        new Barrier(descent, gradients, packing, "gradient at w+epsilon", checked, before));
  }

  /**
   * The gradients of a loss that flow.
   *
   * @param variables what they are of
   * @param xs what stands for each of the variables
   */
  private Map<Output<?>, Output<?>> gradients(
      Output<?> loss,
      List<Output<?>> variables,
      List<Output<?>> xs,
      GraphScope at,
      boolean narrowMatMuls) {
    Output<?>[] all =
        Differentiation.gradients(loss, xs.toArray(new Output<?>[0]), at, narrowMatMuls, reads);
    Map<Output<?>, Output<?>> gradients = new LinkedHashMap<>();
    for (int i = 0; i < all.length; i++) {
      if (!all[i].isClosed()) {
        gradients.put(variables.get(i), all[i]);
      }
    }
    return gradients;
  }

  private static List<String> names(List<Output<?>> variables) {
    List<String> names = new ArrayList<>();
    variables.forEach(variable -> names.add(variable.op().name()));
    return names;
  }
}
