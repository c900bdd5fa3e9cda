package org.samtf.model;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.samtf.internal.graph.GraphCopy;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.NamePatterns;
import org.samtf.internal.graph.Node;
import org.samtf.internal.graph.NotTrainable;
import org.samtf.internal.graph.OpKinds;
import org.samtf.internal.graph.Reals;
import org.samtf.internal.graph.Upstream;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.Signature;
import org.tensorflow.op.Op;
import org.tensorflow.op.core.SwitchCond;
import org.tensorflow.types.TBool;

/**
 * What a new step takes over from a step that a model was loaded with: moving averages and counts.
 *
 * <p>A moving average is a variable that one signature assigns to and another reads, and that the
 * loss is not computed from. A count is an integer variable that a signature assigns to and the
 * loss is computed from, such as one that random numbers are drawn from. The old step's weights and
 * slots are neither. What the model itself wants to be run with each step is taken over as well.
 * The assignments wait for the old step, so the new one gets copies of them that wait for it.
 */
final class CarriedUpdates {

  private static final String SCOPE = "Carried";
  private static final String PLACEHOLDER = "Placeholder";

  private final Graph graph;
  private final ModelGraph model;

  /** What the ops that assign do it to; nothing for all others. */
  private final Map<String, Set<String>> assigned = new HashMap<>();

  /** The variables to train that the loss is computed from. */
  private final Set<String> weights = new HashSet<>();

  /** The other variables that the loss is computed from. */
  private final Set<String> counts = new HashSet<>();

  /** What assigns to the weights, and all that comes after. */
  private final Set<String> afterUpdate;

  /** What has to be written again, each after its inputs, and what that is computed from. */
  private final Set<GraphOperation> copied = new LinkedHashSet<>();

  private final Set<GraphOperation> computedFrom = new LinkedHashSet<>();
  private final Set<GraphOperation> planned = new HashSet<>();
  private GraphScope scope;

  private CarriedUpdates(Graph graph, List<Node> variables) {
    this.graph = graph;
    this.model = new ModelGraph(graph);
    for (Node variable : variables) {
      boolean isTrained = Reals.isFloating(variable.op.output(0)) && !NotTrainable.is(variable.op);
      (isTrained ? weights : counts).add(variable.name);
    }
    Set<String> updates = new HashSet<>();
    for (String op : model.ops()) {
      Set<String> to = model.assignedBy(op);
      assigned.put(op, to);
      if (to.stream().anyMatch(weights::contains)) {
        updates.add(op);
      }
    }
    afterUpdate = model.after(updates);
  }

  /**
   * Finds what to take over.
   *
   * @param variables those that the loss is computed from
   * @param updateOps what the model says is to be run with each step
   * @throws IllegalArgumentException if the old step computes it from what an update hands out
   */
  static CarriedUpdates find(
      Graph graph,
      Collection<Signature> signatures,
      Upstream loss,
      List<Node> variables,
      Collection<String> updateOps) {
    CarriedUpdates carried = new CarriedUpdates(graph, variables);
    Set<GraphOperation> updates = new LinkedHashSet<>(carried.updates(signatures, loss));
    for (String name : UpdateOps.of(carried.model, updateOps, loss)) {
      updates.add(graph.operation(name));
    }
    for (GraphOperation update : updates) {
      carried.planCopy(update, updates);
    }
    return carried;
  }

  private List<GraphOperation> updates(Collection<Signature> signatures, Upstream loss) {
    Set<String> fed = new HashSet<>();
    loss.inputsFirst().forEach(node -> fed.add(node.name));
    Set<String> carriedOver = new HashSet<>();
    Set<String> updating = new LinkedHashSet<>();
    for (Signature signature : signatures) {
      Set<String> ops = model.behind(Signatures.ops(signature.getOutputs()), Set.of());
      Set<String> written = new HashSet<>();
      for (String op : Signatures.sorted(ops)) {
        if (!assigned.get(op).isEmpty()) {
          written.addAll(assigned.get(op));
          updating.add(op);
        }
      }
      Set<String> read = new HashSet<>(model.ofType(OpKinds.VARIABLE, ops));
      read.removeAll(written);
      carriedOver.addAll(read);
    }
    carriedOver.removeAll(weights);
    carriedOver.addAll(counts);
    List<GraphOperation> updates = new ArrayList<>();
    for (String op : updating) {
      // What is computed from other inputs than the loss cannot be run with it, and what the loss
      // itself comes after runs with it anyway.
      if (carriedOver.containsAll(assigned.get(op))
          && !fed.contains(op)
          && fed.containsAll(model.ofType(PLACEHOLDER, model.behind(Set.of(op), Set.of())))) {
        updates.add(graph.operation(op));
      }
    }
    return updates;
  }

  /**
   * Copied are the update, and what it is computed from, as far as that waits for the old step, or
   * for another update: of a layer that is in two places, say.
   */
  private void planCopy(GraphOperation update, Set<GraphOperation> updates) {
    if (!planned.add(update)) {
      return;
    }
    List<Node> feeding = new Upstream(update.output(0)).feeding();
    for (Node node : feeding) {
      for (Node control : node.controls) {
        if (updates.contains(control.op)) {
          planCopy(control.op, updates);
        }
      }
    }
    for (Node node : feeding) {
      boolean waits = false;
      for (Node control : node.controls) {
        waits |= afterUpdate.contains(control.name) || updates.contains(control.op);
      }
      for (Node input : node.inputs) {
        waits |= copied.contains(input.op);
      }
      if (assigned.get(node.name).stream().anyMatch(weights::contains)) {
        throw new IllegalArgumentException(
            "op \""
                + update.name()
                + "\" assigns to "
                + NamePatterns.list(assigned.get(update.name()))
                + " what it makes of the output of an update of weights (\""
                + node.name
                + "\"), which a new step cannot take over; minimize with the optimizer itself, and"
                + " assign beside it");
      }
      if (waits || node.op.equals(update)) {
        copied.add(node.op);
        for (Node input : node.inputs) {
          computedFrom.add(input.op);
        }
      }
    }
  }

  /** The loss, which comes after what the assignments are computed from: they are of w before. */
  Operand<?> before(Operand<?> loss) {
    if (copied.isEmpty()) {
      return loss;
    }
    scope = GraphScope.unique(graph, SCOPE);
    computedFrom.removeIf(op -> copied.contains(op) || OpKinds.isVariable(op.type()));
    return scope
        .withName("loss")
        .withControlDependencyOps(new ArrayList<>(computedFrom))
        .ops()
        .identity(loss);
  }

  /**
   * The whole step: the train op, and then the assignments.
   *
   * @param skipped whether the train op changes nothing, a scalar; then nothing is assigned either.
   *     Empty if it never does so
   */
  Op after(Op train, Optional<Operand<TBool>> skipped) {
    if (copied.isEmpty()) {
      return train;
    }
    Optional<SwitchCond<TBool>> isSkipped = skipped.map(s -> scope.ops().switchCond(s, s));
    List<GraphOperation> before = new ArrayList<>();
    before.add((GraphOperation) train.op());
    // What waits for an op that is not run is not run either.
    isSkipped.ifPresent(
        s ->
            before.add(
                (GraphOperation) scope.withName("taken").ops().identity(s.outputFalse()).op()));
    GraphOperation trainOp = (GraphOperation) train.op();
    GraphCopy copy =
        GraphCopy.below(scope)
            .waitingFor(control -> afterUpdate.contains(control.name()) ? trainOp : control);
    List<Operation> assignments = new ArrayList<>();
    for (GraphOperation op : copied) {
      boolean assigns = !assigned.get(op.name()).isEmpty();
      assignments.add(copy.add(op, assigns ? before : List.of()));
    }
    List<Operation> step = new ArrayList<>(List.of(trainOp));
    if (isSkipped.isEmpty()) {
      step.addAll(assignments);
    } else {
      SwitchCond<TBool> either = isSkipped.get();
      Operand<TBool> taken =
          scope.withControlDependencyOps(assignments).ops().identity(either.outputFalse());
      step.add(scope.ops().merge(List.of(taken, either.outputTrue())).output().op());
    }
    return scope.withName("step").withControlDependencyOps(step).ops().noOp();
  }
}
