package org.samtf.model;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samtf.internal.graph.Assignments;
import org.samtf.internal.graph.GraphCopy;
import org.samtf.internal.graph.OpKinds;
import org.tensorflow.Graph;

/** Which ops of a graph need which, read at once; and a copy of a part of them. */
final class ModelGraph {

  private final Graph graph;
  private final Map<String, String> types = new HashMap<>();

  /** For each op the ops that its inputs and control inputs come from. */
  private final Map<String, List<String>> sources = new HashMap<>();

  ModelGraph(Graph graph) {
    this.graph = graph;
    for (var node : graph.toGraphDef().getNodeList()) {
      List<String> names = new ArrayList<>(node.getInputCount());
      for (String input : node.getInputList()) {
        names.add(opName(input.startsWith("^") ? input.substring(1) : input));
      }
      types.put(node.getName(), node.getOp());
      sources.put(node.getName(), names);
    }
  }

  /** The op of a tensor that is named as signatures do. */
  static String opName(String tensor) {
    int colon = tensor.lastIndexOf(':');
    return colon < 0 ? tensor : tensor.substring(0, colon);
  }

  /**
   * The ops that are run to compute some, with these.
   *
   * @param fed ops whose outputs are given: they are among the ops, and what is behind them is not
   */
  Set<String> behind(Collection<String> ops, Set<String> fed) {
    Set<String> found = new HashSet<>();
    Deque<String> todo = new ArrayDeque<>(ops);
    while (!todo.isEmpty()) {
      String op = todo.remove();
      if (found.add(op) && !fed.contains(op)) {
        todo.addAll(sources.get(op));
      }
    }
    return found;
  }

  /** All ops. */
  Set<String> ops() {
    return types.keySet();
  }

  /** Some ops, and all that are computed from them or run after them. */
  Set<String> after(Collection<String> ops) {
    Map<String, List<String>> consumers = new HashMap<>();
    sources.forEach(
        (op, inputs) ->
            inputs.forEach(
                input -> consumers.computeIfAbsent(input, i -> new ArrayList<>()).add(op)));
    Set<String> found = new HashSet<>();
    Deque<String> todo = new ArrayDeque<>(ops);
    while (!todo.isEmpty()) {
      String op = todo.remove();
      if (found.add(op)) {
        todo.addAll(consumers.getOrDefault(op, List.of()));
      }
    }
    return found;
  }

  /** The ops among {@code ops} of a type. */
  List<String> ofType(String type, Set<String> ops) {
    List<String> found = new ArrayList<>();
    for (String op : ops) {
      if (types.get(op).equals(type)) {
        found.add(op);
      }
    }
    found.sort(null);
    return found;
  }

  /** The names of the variables that an op assigns to. */
  Set<String> assignedBy(String name) {
    Set<String> variables = new HashSet<>();
    if (OpKinds.isAssignment(types.get(name))) {
      Assignments.of(graph.operation(name)).forEach(variable -> variables.add(variable.name()));
    }
    return variables;
  }

  /**
   * Copies ops to an empty graph, with their names.
   *
   * @param kept the ops, with all that they need
   * @param withDevices whether the copies are on the devices of the originals
   */
  void copyTo(Graph target, Set<String> kept, boolean withDevices) {
    var whole = graph.toGraphDef();
    var part = whole.toBuilder().clearNode();
    for (int index :
        NodeOrder.of(
            whole.getNodeList(),
            node -> node.getName(),
            node -> node.getOp(),
            node -> node.getInputList())) {
      var node = whole.getNode(index);
      if (!kept.contains(node.getName())) {
        continue;
      }
      var copy = node.toBuilder();
      if (!withDevices) {
        copy.clearDevice();
      }
      if (!node.containsAttr(GraphCopy.COLOCATION)) {
        part.addNode(copy);
        continue;
      }
      // An op may stand beside one that is left out: then it may stand anywhere.
      var attribute = node.getAttrOrThrow(GraphCopy.COLOCATION).toBuilder();
      var places = attribute.getListBuilder().clearS();
      for (var place : node.getAttrOrThrow(GraphCopy.COLOCATION).getList().getSList()) {
        String text = place.toStringUtf8();
        if (!text.startsWith(GraphCopy.COLOCATED_WITH)
            || kept.contains(text.substring(GraphCopy.COLOCATED_WITH.length()))) {
          places.addS(place);
        }
      }
      if (places.getSCount() > 0) {
        part.addNode(copy.putAttr(GraphCopy.COLOCATION, attribute.build()));
      } else {
        part.addNode(copy.removeAttr(GraphCopy.COLOCATION));
      }
    }
    target.importGraphDef(part.build());
  }
}
