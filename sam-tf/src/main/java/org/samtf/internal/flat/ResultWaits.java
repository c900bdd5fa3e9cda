package org.samtf.internal.flat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samtf.internal.graph.OpKinds;

/**
 * Frees what functions compute from waiting for what they assign. In Python the results of a
 * function wait for all assignments in it, so that a call does them, and all of a call for all of
 * another that assigns; what is computed depends only on the order of reads and assignments of one
 * variable. A loss that waited so would assign, and not the step.
 */
final class ResultWaits {

  private static final Set<String> READS =
      Set.of(
          "Identity",
          "ReadVariableOp",
          "ResourceGather",
          "ResourceGatherNd",
          "VariableShape",
          "VarIsInitializedOp",
          "DisableCopyOnRead");

  private final FlatGraph graph;
  private final ResourceVariables resources;

  /** The ops that assign, with the variables that they assign to. */
  private final Map<String, Set<FlatNode>> assigned = new LinkedHashMap<>();

  /** What comes after the assignments of a variable. */
  private final Map<FlatNode, Set<String>> afterVariable = new HashMap<>();

  private ResultWaits(FlatGraph graph, ResourceVariables resources) {
    this.graph = graph;
    this.resources = resources;
    for (FlatNode node : graph.nodes()) {
      if (!READS.contains(node.type) && !OpKinds.isCall(node.type)) {
        Set<FlatNode> variables = variables(node);
        if (!variables.isEmpty()) {
          assigned.put(node.name, variables);
        }
      }
    }
  }

  private Set<FlatNode> variables(FlatNode node) {
    Set<FlatNode> variables = new LinkedHashSet<>();
    for (String input : node.data()) {
      FlatNode variable = resources.of(input);
      if (variable != null) {
        variables.add(variable);
      }
    }
    return variables;
  }

  /**
   * Rewrites a graph.
   *
   * @return the ops that assign to resource variables
   */
  static Set<String> free(FlatGraph graph, ResourceVariables resources) {
    ResultWaits waits = new ResultWaits(graph, resources);
    Set<String> assignments = waits.assigned.keySet();
    if (assignments.isEmpty()) {
      return assignments;
    }
    Set<String> after = graph.after(assignments);
    Map<FlatNode, Set<String>> kept = new LinkedHashMap<>();
    for (FlatNode node : graph.nodes()) {
      if (node.controls().stream().anyMatch(control -> after.contains(FlatNode.op(control)))) {
        Set<String> matters = waits.matters(node);
        if (matters != null) {
          Set<String> controls = new LinkedHashSet<>();
          waits.keep(node, after, matters, controls);
          kept.put(node, controls);
        }
      }
    }
    kept.forEach(
        (node, controls) -> {
          node.inputs.removeIf(FlatNode::isControl);
          node.inputs.addAll(controls);
        });
    return assignments;
  }

  /** Which of the ops that come after assignments a node may have to wait for; null for all. */
  private Set<String> matters(FlatNode node) {
    if (node.type.equals(OpKinds.NO_OP)) {
      return null;
    }
    Set<FlatNode> variables = variables(node);
    if (node.type.equals("Identity") || variables.isEmpty()) {
      boolean onlyComputes = !OpKinds.isStateful(node.type) || OpKinds.isRandom(node.type);
      return onlyComputes ? Set.of() : null;
    }
    Set<String> matters = new HashSet<>();
    for (FlatNode variable : variables) {
      matters.addAll(afterVariable.computeIfAbsent(variable, this::after));
    }
    return matters;
  }

  private Set<String> after(FlatNode variable) {
    List<String> assignments = new ArrayList<>();
    assigned.forEach(
        (op, variables) -> {
          if (variables.contains(variable)) {
            assignments.add(op);
          }
        });
    return graph.after(assignments);
  }

  /** What only collects ops to wait for is taken apart. */
  private void keep(FlatNode node, Set<String> after, Set<String> matters, Set<String> kept) {
    List<String> todo = new ArrayList<>(node.controls());
    Set<String> seen = new HashSet<>();
    while (!todo.isEmpty()) {
      String next = todo.remove(todo.size() - 1);
      if (!seen.add(next)) {
        continue;
      }
      FlatNode source = graph.source(next);
      if (!after.contains(source.name)) {
        kept.add(next);
      } else if (source.type.equals(OpKinds.NO_OP)) {
        todo.addAll(source.controls());
      } else if (matters.contains(source.name)) {
        kept.add(next);
      }
    }
  }
}
