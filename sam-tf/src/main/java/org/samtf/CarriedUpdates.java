package org.samtf;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samtf.LossGraph.Node;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Signature;
import org.tensorflow.op.Op;

/**
 * What a new step takes over from a step that a model was loaded with: the moving averages of batch
 * normalization and the like.
 *
 * <p>They are the variables that one signature assigns to and another reads, and that the loss is
 * not computed from; the old step's weights and slots are not among them. Their assignments wait
 * for the old step, so the new one gets copies of them that wait for it.
 */
final class CarriedUpdates {

  private static final String SCOPE = "MovingAverages";

  private final Graph graph;
  private final ModelGraph model;

  /** The variables that the loss is computed from. */
  private final Set<String> weights = new HashSet<>();

  /** The ops that assign, with what they assign to. */
  private final Map<String, Set<String>> assigned = new HashMap<>();

  private final List<GraphOperation> updates = new ArrayList<>();
  private GraphScope scope;

  private CarriedUpdates(Graph graph) {
    this.graph = graph;
    this.model = new ModelGraph(graph);
  }

  /**
   * Finds what to take over.
   *
   * @param weights the variables that the loss is computed from
   * @throws IllegalArgumentException if the old step computes it from weights that it has updated
   */
  static CarriedUpdates find(Graph graph, Collection<Signature> signatures, List<Node> weights) {
    CarriedUpdates carried = new CarriedUpdates(graph);
    weights.forEach(weight -> carried.weights.add(weight.name));
    carried.findUpdates(signatures);
    return carried;
  }

  private void findUpdates(Collection<Signature> signatures) {
    Set<String> readOnly = new HashSet<>();
    Set<String> updating = new LinkedHashSet<>();
    for (Signature signature : signatures) {
      Set<String> ops = model.behind(Signatures.ops(signature.getOutputs()), Set.of());
      Set<String> written = new HashSet<>();
      for (String op : Signatures.sorted(ops)) {
        Set<String> variables = assigned.computeIfAbsent(op, model::assignedBy);
        if (!variables.isEmpty()) {
          written.addAll(variables);
          updating.add(op);
        }
      }
      Set<String> read = new HashSet<>(model.ofType("VariableV2", ops));
      read.removeAll(written);
      readOnly.addAll(read);
    }
    readOnly.removeAll(weights);
    for (String op : updating) {
      if (readOnly.containsAll(assigned.get(op))) {
        updates.add(graph.operation(op));
      }
    }
    for (GraphOperation update : updates) {
      if (isAfterWeights(values(update))) {
        throw new IllegalArgumentException(
            "op \""
                + update.name()
                + "\" assigns to "
                + NamePatterns.list(assigned.get(update.name()))
                + " what it computes from weights that its step has updated, which a new step cannot"
                + " take over; minimize with the optimizer itself, and assign to it beside");
      }
    }
  }

  /** The ops that give what is assigned, and not the variable. */
  private static List<String> values(GraphOperation update) {
    OpDefs.Definition definition = OpDefs.of(update.type());
    List<String> values = new ArrayList<>();
    List<Operand<?>> inputs = update.inputs();
    for (int i = 0; i < inputs.size(); i++) {
      if (!definition.isRefInput(update, i)) {
        values.add(inputs.get(i).op().name());
      }
    }
    return values;
  }

  private boolean isAfterWeights(Collection<String> ops) {
    for (String op : model.behind(ops, Set.of())) {
      for (String variable : assigned.computeIfAbsent(op, model::assignedBy)) {
        if (weights.contains(variable)) {
          return true;
        }
      }
    }
    return false;
  }

  /** The loss, which comes after what is to be assigned: so that this is computed from w. */
  Operand<?> before(Operand<?> loss) {
    if (updates.isEmpty()) {
      return loss;
    }
    scope = GraphScope.unique(graph, SCOPE);
    Set<GraphOperation> values = new LinkedHashSet<>();
    for (GraphOperation update : updates) {
      values(update).forEach(name -> values.add(graph.operation(name)));
    }
    return scope
        .withName("loss")
        .withControlDependencyOps(new ArrayList<>(values))
        .ops()
        .identity(loss);
  }

  /** The whole step: the train op, and then the assignments. */
  Op after(Op train) {
    if (updates.isEmpty()) {
      return train;
    }
    OpCopier copier = new OpCopier(scope);
    Map<GraphOperation, Op> all = new LinkedHashMap<>();
    all.put((GraphOperation) train.op(), train);
    for (GraphOperation update : updates) {
      List<Output<?>> inputs = new ArrayList<>();
      update.inputs().forEach(input -> inputs.add(input.asOutput()));
      List<GraphOperation> controls = new ArrayList<>();
      controls.add((GraphOperation) train.op());
      for (GraphOperation control : update.controlInputs()) {
        if (!isAfterWeights(List.of(control.name()))) {
          controls.add(control);
        }
      }
      GraphOperation copy = copier.copy(update, inputs, controls);
      all.put(copy, () -> copy);
    }
    return scope
        .withName("step")
        .withControlDependencyOps(new ArrayList<>(all.keySet()))
        .ops()
        .noOp();
  }
}
