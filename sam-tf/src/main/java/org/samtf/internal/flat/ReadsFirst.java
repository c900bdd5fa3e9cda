package org.samtf.internal.flat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samtf.internal.graph.OpKinds;

/**
 * Lets assignments wait for those that use what was read before.
 *
 * <p>What is read from a resource variable stays what it was. What is read from a reference
 * variable is the variable's own memory, so an assignment would change it under those that have not
 * used it yet.
 */
final class ReadsFirst {

  /** Hand on the memory of their first input. */
  private static final Set<String> SAME_MEMORY =
      Set.of(
          "Identity",
          "Reshape",
          "ExpandDims",
          "Squeeze",
          "StopGradient",
          "PreventGradient",
          "Snapshot",
          "Bitcast");

  private final FlatGraph graph;
  private final Map<String, List<FlatNode>> consumers = new HashMap<>();

  private ReadsFirst(FlatGraph graph, List<FlatNode> nodes) {
    this.graph = graph;
    for (FlatNode node : nodes) {
      for (String input : node.data()) {
        consumers.computeIfAbsent(FlatNode.op(input), i -> new ArrayList<>()).add(node);
      }
    }
  }

  /**
   * Orders what is run together.
   *
   * @param ops all ops of a signature
   */
  static void order(FlatGraph graph, Set<String> ops) {
    List<FlatNode> nodes = new ArrayList<>();
    for (FlatNode node : graph.nodes()) {
      if (ops.contains(node.name)) {
        nodes.add(node);
      }
    }
    ReadsFirst ordering = new ReadsFirst(graph, nodes);
    for (FlatNode node : nodes) {
      if (OpKinds.isAssignment(node.type)) {
        ordering.order(node);
      }
    }
  }

  private void order(FlatNode assignment) {
    Set<String> after = graph.after(List.of(assignment.name));
    Set<String> waitsFor = new HashSet<>(assignment.inputs);
    Deque<FlatNode> todo = new ArrayDeque<>(readers(assignment.input(0)));
    for (String input : assignment.data()) {
      // An optimizer's update assigns to slots as well.
      if (OpKinds.isVariable(graph.source(input).type)) {
        todo.addAll(readers(input));
      }
    }
    Set<FlatNode> seen = new HashSet<>();
    while (!todo.isEmpty()) {
      FlatNode node = todo.remove();
      if (!seen.add(node) || after.contains(node.name) || OpKinds.isAssignment(node.type)) {
        continue;
      }
      if (waitsFor.add("^" + node.name)) {
        assignment.inputs.add("^" + node.name);
      }
      if (SAME_MEMORY.contains(node.type)) {
        todo.addAll(consumers.getOrDefault(node.name, List.of()));
      }
    }
  }

  private List<FlatNode> readers(String variable) {
    return consumers.getOrDefault(FlatNode.op(variable), List.of());
  }
}
