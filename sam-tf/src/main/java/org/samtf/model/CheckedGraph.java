package org.samtf.model;

import com.google.protobuf.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.samtf.internal.graph.Messages;
import org.samtf.internal.graph.Protos;

/**
 * A graph from a file, without what reaches out of it.
 *
 * <p>Savers that nothing needs are left out: what is not in the graph cannot be run, by whatever
 * name somebody asks for it. A model with anything else that reaches out is refused.
 */
final class CheckedGraph {

  final Message metaGraph;

  /** The ops that were left out, with their types. */
  final List<String> leftOut;

  private CheckedGraph(Message metaGraph, List<String> leftOut) {
    this.metaGraph = metaGraph;
    this.leftOut = leftOut;
  }

  /**
   * Checks a graph.
   *
   * @param model what it is, for the message
   * @param allowsSideEffects whether it is taken as it is
   * @throws IllegalArgumentException with one line that names the ops that reach out
   */
  static CheckedGraph of(String model, Message metaGraph, boolean allowsSideEffects) {
    if (allowsSideEffects) {
      return new CheckedGraph(metaGraph, List.of());
    }
    Map<String, String> idle = SideEffects.idleSavers(metaGraph);
    CheckedGraph checked = new CheckedGraph(without(idle, metaGraph), lines(idle));
    SideEffects.refuse(model, checked.metaGraph);
    return checked;
  }

  private static List<String> lines(Map<String, String> ops) {
    List<String> lines = new ArrayList<>();
    ops.forEach(
        (name, type) -> {
          if (SideEffects.isOfAnySaver(type)) {
            lines.add("\"" + Messages.oneLine(name) + "\" (" + type + ")");
          }
        });
    return lines;
  }

  /** The same graph without some ops; itself if there are none. */
  static Message without(Map<String, String> ops, Message metaGraph) {
    if (ops.isEmpty()) {
      return metaGraph;
    }
    var made = Protos.metaGraph(metaGraph).toBuilder();
    var graph = made.getGraphDefBuilder();
    var kept = new ArrayList<>(graph.getNodeList());
    kept.removeIf(node -> ops.containsKey(node.getName()));
    graph.clearNode().addAllNode(kept);
    return made.build();
  }
}
