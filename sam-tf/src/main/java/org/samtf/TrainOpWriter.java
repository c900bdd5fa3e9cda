package org.samtf;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.samtf.internal.graph.Assignments;
import org.samtf.internal.graph.Edges;
import org.samtf.internal.graph.GraphCopy;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.NamePatterns;
import org.samtf.internal.graph.Node;
import org.samtf.internal.graph.OpKinds;
import org.samtf.internal.graph.Reals;
import org.samtf.internal.graph.Twin;
import org.samtf.internal.graph.TwinPlan;
import org.samtf.internal.graph.Upstream;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.family.TNumber;

/**
 * Writes SAM around a step that is in the graph.
 *
 * <pre>
 * g            what the step's updates apply
 * ascend       ε(g)
 * twin         all between w and g, forward and backward, once more from w+ε
 * update       the step's updates once more, with the gradients of the twin
 * </pre>
 */
final class TrainOpWriter {

  /** Reads rows of a resource variable. */
  private static final String GATHER = "ResourceGather";

  private final Graph graph;
  private final SamSettings settings;
  private final GraphScope scope;

  TrainOpWriter(Graph graph, SamSettings settings, GraphScope scope) {
    this.graph = graph;
    this.settings = settings;
    this.scope = scope;
  }

  SamTrainOp write(GraphOperation trainOp) {
    List<GraphOperation> step = Edges.inputsFirst(List.of(trainOp), op -> true);
    List<WrittenUpdate> updates = WrittenUpdate.in(step);
    if (updates.isEmpty()) {
      throw withoutUpdates(trainOp, step);
    }
    Map<GraphOperation, WrittenUpdate> byVariable = byVariable(updates);
    Upstream upstream = upstream(updates);
    requireNothingElseTrained(trainOp, step, upstream, byVariable.keySet());
    Optional<SkippableStep> skippable = skippable(upstream);

    List<WrittenUpdate> perturbed = perturbed(byVariable, upstream);
    List<Output<?>> weights = new ArrayList<>();
    List<Operand<TNumber>> gradients = new ArrayList<>();
    Ops ascent = scope.withSubScope("ascent").ops();
    for (WrittenUpdate update : perturbed) {
      weights.add(weight(update));
      gradients.add(dense(ascent, update));
    }
    Ascended ascended =
        Ascended.along(
            gradients,
            weights,
            names(perturbed),
            () -> weights,
            ascent,
            settings,
            new StepState(scope.withSubScope("state")),
            Gate.open());
    Map<Output<?>, Output<?>> readAs =
        new WeightsBeside(ascended, DeviceReads.none())
            .read(scope.withSubScope("ascent"), List.of());
    Map<GraphOperation, Output<?>> perturbedBy = new HashMap<>();
    for (int i = 0; i < perturbed.size(); i++) {
      perturbedBy.put(perturbed.get(i).variable, readAs.get(weights.get(i)));
    }
    Twin twin = twin(upstream, reads(upstream, perturbedBy));

    Op train = update(trainOp, step, updates, twin, ascended, upstream, skippable);
    Ops measures = scope.ops();
    return new SamTrainOp(
        train,
        skippable,
        measures.withName("gradientNorm").identity(ascended.dualNorm),
        measures
            .withName("perturbationNorm")
            .identity(
                Perturbation.norm(
                    scope.withSubScope("norm").ops(),
                    ascended.packedEpsilons,
                    ascended.bound,
                    settings.norm)));
  }

  private static Map<GraphOperation, WrittenUpdate> byVariable(List<WrittenUpdate> updates) {
    Map<GraphOperation, WrittenUpdate> byVariable = new LinkedHashMap<>();
    for (WrittenUpdate update : updates) {
      WrittenUpdate other = byVariable.put(update.variable, update);
      if (other != null) {
        throw new IllegalArgumentException(
            "variable \""
                + update.variable.name()
                + "\" is updated twice in a step, by ops \""
                + other.op.name()
                + "\" and \""
                + update.op.name()
                + "\"; give a train op that updates each variable once");
      }
    }
    return byVariable;
  }

  /** What all gradients are computed from. */
  private Upstream upstream(List<WrittenUpdate> updates) {
    List<Operand<?>> gradients = new ArrayList<>();
    updates.forEach(update -> gradients.add(update.gradient()));
    // One op that all of them lead to.
    Op all = scope.ops().withName("gradients").identityN(gradients);
    Upstream upstream = new Upstream(all.op().output(0));
    for (Node node : upstream.inputsFirst()) {
      if (OpKinds.isGradientUpdate(node.type)) {
        throw new IllegalArgumentException(
            "a gradient of the step comes after the update \""
                + node.name
                + "\" ("
                + node.type
                + "): the step is several in one, which SAM cannot be put around");
      }
    }
    return upstream;
  }

  private List<WrittenUpdate> perturbed(
      Map<GraphOperation, WrittenUpdate> byVariable, Upstream upstream) {
    Set<GraphOperation> reached = new HashSet<>();
    upstream.feeding().forEach(node -> reached.add(node.op));
    Map<String, WrittenUpdate> byName = new LinkedHashMap<>();
    byVariable.forEach(
        (variable, update) -> {
          if (reached.contains(variable)) {
            byName.put(variable.name(), update);
          }
        });
    if (byName.isEmpty()) {
      throw new IllegalArgumentException(
          "the gradients of the step are computed from none of the variables that it updates, "
              + NamePatterns.list(names(List.copyOf(byVariable.values())))
              + ", so that a perturbation changes nothing");
    }
    byName.keySet().removeAll(settings.notPerturbed.of(byName.keySet()));
    if (byName.isEmpty()) {
      throw new IllegalArgumentException(
          "doNotPerturb takes all of the variables that the step updates; name fewer, or run the"
              + " step as it is");
    }
    return List.copyOf(byName.values());
  }

  /** w, as a tensor: the variable itself, or a read of it. */
  private Output<?> weight(WrittenUpdate update) {
    if (!update.isOfResource()) {
      return update.variable.output(0);
    }
    return graph
        .opBuilder("ReadVariableOp", scope.uniqueName("read"), scope)
        .addInput(update.variable.output(0))
        .setAttr("dtype", update.variable.attributes().getAttrValueProto("dtype"))
        .build()
        .output(0);
  }

  /** g of all rows of a variable. */
  private static Operand<TNumber> dense(Ops tf, WrittenUpdate update) {
    Operand<TNumber> gradient = Reals.unchecked(update.gradient());
    if (update.rows.isEmpty()) {
      return gradient;
    }
    Operand<TInt32> rows = tf.constant((int) shape(update).get(0));
    return tf.math.unsortedSegmentSum(gradient, Reals.unchecked(update.rows.get()), rows);
  }

  private static org.tensorflow.ndarray.Shape shape(WrittenUpdate update) {
    return update.variable.attributes().getAttrShape("shape");
  }

  /** What the twin has in place of each op that reads a perturbed variable. */
  private Map<Node, Output<?>> reads(
      Upstream upstream, Map<GraphOperation, Output<?>> perturbedBy) {
    Ops tf = scope.withSubScope("ascent").ops();
    Map<Node, Output<?>> reads = new LinkedHashMap<>();
    for (Node node : upstream.feeding()) {
      Output<?> itself = perturbedBy.get(node.op);
      if (itself != null && !OpKinds.isResourceVariable(node.type)) {
        reads.put(node, itself);
        continue;
      }
      for (Node input : node.inputs) {
        Output<?> perturbed = perturbedBy.get(input.op);
        if (perturbed == null || !OpKinds.isResourceVariable(input.type)) {
          continue;
        }
        if (node.type.equals("Enter")) {
          // A loop gets w+epsilon in place of the handle.
          reads.put(input, perturbed);
        } else if (node.type.equals("ReadVariableOp")) {
          reads.put(node, perturbed);
        } else if (node.type.equals(GATHER)) {
          Operand<TNumber> rows = Reals.unchecked(node.input(1));
          reads.put(
              node,
              tf.gather(Reals.<Operand<TNumber>>unchecked(perturbed), rows, tf.constant(0))
                  .asOutput());
        } else if (!node.type.equals("VariableShape")) {
          throw TwinPlan.refuse(
              node,
              "takes variable \"" + input.name + "\" itself and not its value",
              "it cannot be given w+epsilon; SAM cannot be put around this step");
        }
      }
    }
    for (Node node : upstream.feeding()) {
      if (node.type.equals("VariableShape") && reads.containsKey(node.inputs[0])) {
        throw TwinPlan.refuse(
            node,
            "takes variable \"" + node.inputs[0].name + "\" itself, which a loop reads as well",
            "SAM cannot be put around this step");
      }
    }
    return reads;
  }

  private Twin twin(Upstream upstream, Map<Node, Output<?>> reads) {
    TwinPlan plan = TwinPlan.withLoops(graph, upstream, reads.keySet());
    for (Node read : reads.keySet()) {
      if (read.type.equals(GATHER) && plan.differs(read.inputs[1])) {
        throw TwinPlan.refuse(
            read,
            "gathers rows whose numbers are computed from the weights",
            "SAM cannot be put around this step");
      }
    }
    return new Twin(
        scope.withSubScope("twin"), upstream, plan, upstream.last().op.output(0), reads, null);
  }

  /** The updates, and what comes after them, with the gradients of the twin. */
  private Op update(
      GraphOperation trainOp,
      List<GraphOperation> step,
      List<WrittenUpdate> updates,
      Twin twin,
      Ascended ascended,
      Upstream upstream,
      Optional<SkippableStep> skippable) {
    List<Output<?>> gradients = new ArrayList<>();
    updates.forEach(update -> gradients.add(twin.of(update.gradient())));
    Barrier barrier =
        new Barrier(
            scope.withSubScope("update"),
            gradients,
            Packing.of(settings.cpuOnly, gradients, names(updates)),
            "gradient at w+epsilon",
            settings.finiteRule.notFinite,
            ascended.finite,
            List.of());
    Map<GraphOperation, Output<?>> released = new HashMap<>();
    Map<GraphOperation, Integer> inputs = new HashMap<>();
    skippable.ifPresent(s -> s.computed(barrier.finite()));
    List<Output<?>> applied =
        skippable.map(s -> s.gradientsIfTaken(barrier.gradients())).orElseGet(barrier::gradients);
    for (int i = 0; i < updates.size(); i++) {
      released.put(updates.get(i).op, applied.get(i));
      inputs.put(updates.get(i).op, updates.get(i).gradientInput);
    }
    GraphCopy copy =
        GraphCopy.below(scope.withSubScope("update"))
            .reading(
                (reader, index, input) ->
                    inputs.getOrDefault(reader, -1) == index ? released.get(reader) : input);
    Set<GraphOperation> again = new HashSet<>(released.keySet());
    Set<GraphOperation> ofGradients = new HashSet<>();
    if (skippable.isPresent()) {
      upstream.inputsFirst().forEach(node -> ofGradients.add(node.op));
    }
    for (GraphOperation op : step) {
      if (again.contains(op) || Edges.into(op).stream().anyMatch(again::contains)) {
        again.add(op);
        copy.add(op);
      } else if (skippable.isPresent() && !ofGradients.contains(op) && assigns(op)) {
        again.add(op);
        copy.add(op, List.of(skippable.get().taken()));
      }
    }
    GraphOperation train = copy.of(trainOp);
    if (skippable.isEmpty()) {
      return () -> train;
    }
    return scope
        .withName("step")
        .withControlDependencyOps(new ArrayList<>(skippable.get().end(List.of(train))))
        .ops()
        .noOp();
  }

  /** What a step that may be skipped keeps; refused if it could not leave all as it is. */
  private Optional<SkippableStep> skippable(Upstream upstream) {
    if (!settings.finiteRule.skips()) {
      return Optional.empty();
    }
    for (Node node : upstream.inputsFirst()) {
      if (assigns(node.op)) {
        throw new IllegalArgumentException(
            "notFinite is SKIP, but a gradient of the step waits for \""
                + node.name
                + "\" ("
                + node.type
                + "), which assigns before it is known whether the gradient is finite; leave"
                + " notFinite out, or let the step make the assignment beside its updates");
      }
    }
    return Optional.of(new SkippableStep(scope, settings.finiteRule));
  }

  private static boolean assigns(GraphOperation op) {
    return OpKinds.isAssignment(op.type()) || op.type().startsWith("Assign");
  }

  private static IllegalArgumentException withoutUpdates(
      GraphOperation trainOp, List<GraphOperation> step) {
    Set<String> assignments = new LinkedHashSet<>();
    for (GraphOperation op : step) {
      if (assigns(op)) {
        assignments.add(op.type());
      }
    }
    return new IllegalArgumentException(
        "train op \""
            + trainOp.name()
            + "\" runs no op that updates a variable with a gradient (Apply…, SparseApply…,"
            + " ResourceApply…); it assigns by "
            + (assignments.isEmpty() ? "nothing" : NamePatterns.list(assignments))
            + ", from which the gradients cannot be told; use SamOptimizer on the loss");
  }

  /**
   * A weight that is trained by a plain assignment would be neither perturbed nor updated right.
   */
  private static void requireNothingElseTrained(
      GraphOperation trainOp,
      List<GraphOperation> step,
      Upstream upstream,
      Set<GraphOperation> updated) {
    Set<GraphOperation> feeding = new HashSet<>();
    upstream.feeding().forEach(node -> feeding.add(node.op));
    Set<GraphOperation> before = new HashSet<>();
    upstream.inputsFirst().forEach(node -> before.add(node.op));
    for (GraphOperation op : step) {
      if (OpKinds.isGradientUpdate(op.type()) || before.contains(op)) {
        continue;
      }
      for (GraphOperation variable : assignedBy(op)) {
        if (feeding.contains(variable) && !updated.contains(variable)) {
          throw new IllegalArgumentException(
              "train op \""
                  + trainOp.name()
                  + "\" updates variable \""
                  + variable.name()
                  + "\", which its gradients are computed from, by op \""
                  + op.name()
                  + "\" ("
                  + op.type()
                  + "), from which the gradient cannot be told; use SamOptimizer on the loss");
        }
      }
    }
  }

  private static Set<GraphOperation> assignedBy(GraphOperation op) {
    if (!op.type().startsWith("Assign")) {
      return Assignments.of(op);
    }
    GraphOperation first = (GraphOperation) op.inputs().get(0).op();
    return OpKinds.isResourceVariable(first.type()) ? Set.of(first) : Assignments.of(op);
  }

  private static List<String> names(List<WrittenUpdate> updates) {
    List<String> names = new ArrayList<>();
    updates.forEach(update -> names.add(update.variable.name()));
    return names;
  }
}
