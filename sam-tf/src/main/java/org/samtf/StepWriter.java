package org.samtf;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samtf.Trainables.Trainable;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Node;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.debugging.CheckNumerics;
import org.tensorflow.types.family.TNumber;

/**
 * Writes a SAM step into the graph.
 *
 * <pre>
 * losses (1..k replicas) → g = ∇L(w) → ε(w) → twin: ∇L(w+ε) → mean over replicas → + 2λw → barrier
 * </pre>
 */
final class StepWriter {

  private final Graph graph;
  private final SamSettings settings;
  private final GraphScope scope;
  private final DeviceReads reads;
  private final ReplicaSource replicas;

  /** The variables that are trained, in the order in which losses reach them. */
  private final Map<GraphOperation, Output<?>> variables = new LinkedHashMap<>();

  /** The SAM gradients in each variable, of the replicas written so far. */
  private final Map<GraphOperation, DeviceSums> samGradients = new HashMap<>();

  private final List<Perturbed> written = new ArrayList<>();

  /** What has to be over before the step assigns. */
  private final List<Op> after = new ArrayList<>();

  /** What the next replica on a device waits for; nothing unless one comes after the other. */
  private final Map<String, List<Op>> previousByDevice = new HashMap<>();

  /** A replica with its gradients at w. */
  private static final class FirstPass {
    final Replica replica;
    final GraphScope scope;
    final List<Trainable> trained;
    final List<Trainable> perturbed = new ArrayList<>();

    FirstPass(Replica replica, GraphScope scope, List<Trainable> trained) {
      this.replica = replica;
      this.scope = scope;
      this.trained = trained;
    }
  }

  /** A replica with both of its losses. */
  static final class Perturbed {
    final Output<?> loss;
    final Output<?> perturbedLoss;

    /** The loss at w+ε on the examples that {@code loss} is of. */
    final Output<?> perturbedLossForSharpness;

    Perturbed(Output<?> loss, Output<?> perturbedLoss, Output<?> perturbedLossForSharpness) {
      this.loss = loss;
      this.perturbedLoss = perturbedLoss;
      this.perturbedLossForSharpness = perturbedLossForSharpness;
    }

    boolean isOfSameExamples() {
      return perturbedLoss.equals(perturbedLossForSharpness);
    }
  }

  StepWriter(Graph graph, SamSettings settings, GraphScope scope, List<Output<?>> losses) {
    this.graph = graph;
    this.settings = settings;
    this.scope = scope;
    this.reads =
        settings.inPlace ? DeviceReads.none() : DeviceReads.below(scope.withSubScope("reads"));
    this.replicas = ReplicaSource.of(settings, scope, losses, reads);
  }

  SamStep write() {
    List<Perturbation> perturbations = new ArrayList<>();
    List<Operand<TNumber>> epsilons = new ArrayList<>();
    List<Trainable> perturbed = new ArrayList<>();
    Op restore = null;
    int groupSize = settings.groupSize == 0 ? replicas.count() : settings.groupSize;
    for (int start = 0; start < replicas.count(); start += groupSize) {
      List<FirstPass> firstPasses = new ArrayList<>();
      for (int i = start; i < Math.min(start + groupSize, replicas.count()); i++) {
        firstPasses.add(firstPass(i));
      }
      Perturbation perturbation = ascend(firstPasses);
      List<Trainable> targets = firstPasses.get(0).perturbed;
      List<Operand<TNumber>> groupEpsilons =
          perturbation.epsilons(firstPasses.get(0).scope.withSubScope("ascent").ops());
      Map<String, List<Operand<?>>> sumsByDevice = new HashMap<>();
      for (FirstPass firstPass : firstPasses) {
        WeightsAtPerturbation weights = weights(firstPass, targets, groupEpsilons, sumsByDevice);
        secondPass(firstPass, weights);
        restore = weights.restore();
      }
      perturbations.add(perturbation);
      epsilons.addAll(groupEpsilons);
      perturbed.addAll(targets);
    }
    Barrier barrier = descend();
    List<Output<?>> trained = new ArrayList<>(variables.values());
    return new SamStep(
        scope,
        settings.norm,
        written,
        perturbations,
        epsilons,
        perturbed,
        trained,
        barrier,
        restore);
  }

  /** g = ∇L(w). */
  private FirstPass firstPass(int number) {
    GraphScope at = replicas.scope(number);
    Replica replica = replicas.forAscent(number, previous(at));
    List<Trainable> trained =
        Trainables.of(
            replica,
            settings.trainable,
            settings.freeze,
            at.withSubScope("ascent"),
            settings.cpuOnly,
            reads);
    FirstPass firstPass = new FirstPass(replica, at, trained);
    for (Trainable trainable : trained) {
      variables.putIfAbsent(trainable.node.op, trainable.variable);
      if (!settings.exclude.test(trainable.node.name)) {
        firstPass.perturbed.add(trainable);
      }
    }
    if (firstPass.perturbed.isEmpty()) {
      throw new IllegalArgumentException(
          "exclude takes all of the variables "
              + names(trained)
              + ", so that none is perturbed; exclude fewer, or train without SAM");
    }
    after.add(replica.loss);
    if (settings.sequential && settings.groupSize != 1) {
      previousByDevice.put(at.getDeviceString(), gradients(trained));
    }
    return firstPass;
  }

  /** ε(w), from the mean of the gradients of the replicas that share it. */
  private Perturbation ascend(List<FirstPass> group) {
    FirstPass first = group.get(0);
    Ops tf = first.scope.withSubScope("ascent").ops();
    Reals reals = new Reals(tf);
    List<Operand<TNumber>> gradients = new ArrayList<>();
    List<Operand<?>> weights = new ArrayList<>();
    for (int i = 0; i < first.perturbed.size(); i++) {
      DeviceSums ofVariable = new DeviceSums();
      for (FirstPass member : group) {
        requireSameVariables(first, member);
        ofVariable.add(member.scope.withSubScope("ascent"), member.perturbed.get(i).gradient);
      }
      Output<?> variable = first.perturbed.get(i).variable;
      Operand<TNumber> mean = ofVariable.times(reals, 1.0 / group.size());
      gradients.add(reals.cast(mean, Reals.computeType(variable)));
      weights.add(reads.read(variable, first.scope.getDeviceString()));
    }
    Operand<TNumber> rho = rho(tf, reals, Reals.commonType(gradients));
    return settings.ascent().perturb(tf, gradients, weights, names(first.perturbed), rho);
  }

  private static void requireSameVariables(FirstPass first, FirstPass other) {
    if (!names(first.perturbed).equals(names(other.perturbed))) {
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

  /**
   * How a second pass reads w+ε.
   *
   * @param sumsByDevice what replicas with a perturbation in common have in common on a device
   */
  private WeightsAtPerturbation weights(
      FirstPass pass,
      List<Trainable> targets,
      List<Operand<TNumber>> epsilons,
      Map<String, List<Operand<?>>> sumsByDevice) {
    if (settings.inPlace) {
      List<Op> before = gradients(pass.trained);
      before.add(pass.replica.loss);
      return WeightsAtPerturbation.inPlace(scope, targets, epsilons, before);
    }
    String device = pass.scope.getDeviceString();
    Ops tf = pass.scope.withSubScope("ascent").ops();
    List<Operand<?>> sums =
        sumsByDevice.computeIfAbsent(
            device, d -> WeightsAtPerturbation.sums(tf, reads, d, targets, epsilons));
    return WeightsAtPerturbation.beside(
        tf, targets, sums, settings.groupSize == 1 ? List.of() : previous(pass.scope));
  }

  private List<Op> previous(GraphScope at) {
    return previousByDevice.getOrDefault(at.getDeviceString(), List.of());
  }

  /** ∇L(w+ε), on the twin. */
  private void secondPass(FirstPass pass, WeightsAtPerturbation weights) {
    Replica replica = replicas.forDescent(pass.replica);
    Twin twin = twin(pass.scope.withSubScope("twin"), replica, weights);
    Output<?>[] xs = new Output<?>[pass.trained.size()];
    for (int i = 0; i < xs.length; i++) {
      xs[i] = weights.differentiateIn(pass.trained.get(i));
    }
    // The gradient of one replica is the wrapped optimizer's own if rho is 0, to the last bit.
    boolean narrowMatMuls =
        settings.cpuOnly && replicas.count() > 1 && NarrowMatMuls.areIn(replica.forward);
    Output<?>[] gradients =
        Trainables.gradients(
            twin.loss(), xs, pass.scope.withSubScope("descent"), narrowMatMuls, reads);

    Output<?> forSharpness = twin.loss();
    if (replica != pass.replica) {
      forSharpness = twin(pass.scope.withSubScope("twinOfAscent"), pass.replica, weights).loss();
    }
    written.add(new Perturbed(pass.replica.loss, twin.loss(), forSharpness));
    after.add(twin.loss());
    List<Op> secondPass = new ArrayList<>(List.of(gradients));
    secondPass.add(twin.loss());
    after.addAll(weights.restored(secondPass));
    accumulate(pass, gradients);
  }

  private Twin twin(GraphScope at, Replica replica, WeightsAtPerturbation weights) {
    Set<Node> perturbed = new HashSet<>();
    Map<Node, Output<?>> readAs = new HashMap<>();
    for (Node node : replica.forward.feeding()) {
      Output<?> read = weights.readAs().get(node.op);
      if (read != null) {
        perturbed.add(node);
        readAs.put(node, read);
      }
    }
    TwinPlan plan = new TwinPlan(graph, replica.forward, perturbed, settings.inPlace);
    return new Twin(at, replica.forward, plan, replica.loss, readAs, weights.readAfter());
  }

  /** Collects the gradients; one after the other, they are added up at once to free memory. */
  private void accumulate(FirstPass pass, Output<?>[] gradients) {
    GraphScope descent = pass.scope.withSubScope("descent");
    List<Op> sums = new ArrayList<>();
    for (int i = 0; i < gradients.length; i++) {
      DeviceSums ofVariable =
          samGradients.computeIfAbsent(pass.trained.get(i).node.op, op -> new DeviceSums());
      if (settings.sequential) {
        sums.add(ofVariable.addUp(descent, gradients[i]));
      } else {
        ofVariable.add(descent, gradients[i]);
      }
    }
    if (settings.sequential) {
      previousByDevice.put(pass.scope.getDeviceString(), sums);
    }
  }

  /** The update gradient: the mean over the replicas, + 2λw, once all are finite. */
  private Barrier descend() {
    GraphScope descent = scope.withSubScope("descent");
    Map<String, Ops> opsByDevice = new HashMap<>();
    List<Output<?>> gradients = new ArrayList<>();
    List<String> names = new ArrayList<>();
    Map<List<?>, Operand<TNumber>> factors = new HashMap<>();
    variables.forEach(
        (op, variable) -> {
          String device = op.device();
          Ops tf = opsByDevice.computeIfAbsent(device, d -> descent.withDeviceString(d).ops());
          Operand<TNumber> mean = samGradients.get(op).times(new Reals(tf), 1.0 / replicas.count());
          names.add(op.name());
          gradients.add(
              settings.l2 == 0
                  ? mean.asOutput()
                  : withL2(tf, mean, Reals.unchecked(variable), device, factors));
        });
    return new Barrier(descent, gradients, names, "gradient at w+epsilon", after);
  }

  private Output<?> withL2(
      Ops tf,
      Operand<TNumber> gradient,
      Operand<TNumber> weight,
      String device,
      Map<List<?>, Operand<TNumber>> factors) {
    // In place, the variables hold w again only once they are restored.
    Ops read = settings.inPlace ? tf.withControlDependencies(after) : tf;
    Operand<TNumber> factor =
        factors.computeIfAbsent(
            List.of(device, weight.type()),
            key -> tf.dtypes.cast(tf.constant(2 * settings.l2), weight.type()));
    return tf.withName("gradient").math.add(gradient, read.math.mul(factor, weight)).asOutput();
  }

  private Operand<TNumber> rho(Ops tf, Reals reals, Class<TNumber> type) {
    if (settings.rhoOperand == null) {
      return reals.constant(settings.rho, type);
    }
    Operand<TNumber> rho = reals.cast(settings.rhoOperand, type);
    // The square root of a negative number is a NaN.
    Op allowed =
        CheckNumerics.create(
            tf.scope(),
            tf.math.sqrt(rho),
            "Sam: rho is negative or not finite; it must be at least 0");
    return tf.withName("rho").withControlDependencies(List.of(allowed)).identity(rho);
  }

  private static List<Op> gradients(List<Trainable> trainables) {
    List<Op> gradients = new ArrayList<>();
    trainables.forEach(trainable -> gradients.add(trainable.gradient));
    return gradients;
  }

  private static List<String> names(List<Trainable> trainables) {
    List<String> names = new ArrayList<>();
    trainables.forEach(trainable -> names.add(trainable.node.name));
    return names;
  }
}
