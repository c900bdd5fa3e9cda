package org.samtf.internal.graph;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.tensorflow.ConcreteFunction;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;

/** Looks into the functions that ops of a graph call. */
public final class Functions {

  private final Graph graph;
  private Map<String, ConcreteFunction> byName;

  public Functions(Graph graph) {
    this.graph = graph;
  }

  /**
   * The type of an op with state or a side effect that {@code call} runs, or null if there is none.
   */
  public String opWithSideEffect(GraphOperation call) {
    Deque<String> todo = new ArrayDeque<>();
    for (String attribute : OpDefs.of(call.type()).ownAttributes) {
      var value = call.attributes().getAttrValueProto(attribute);
      if (value.hasFunc()) {
        todo.add(value.getFunc().getName());
      }
      value.getList().getFuncList().forEach(function -> todo.add(function.getName()));
    }
    Set<String> seen = new HashSet<>();
    while (!todo.isEmpty()) {
      String name = todo.remove();
      ConcreteFunction function = function(name);
      if (!seen.add(name) || function == null) {
        continue;
      }
      for (var node : function.getFunctionDef().getNodeDefList()) {
        String type = node.getOp();
        if (!OpKinds.isCall(type) && OpKinds.isStateful(type)) {
          return type;
        }
        for (var value : node.getAttrMap().values()) {
          if (value.hasFunc()) {
            todo.add(value.getFunc().getName());
          }
          value.getList().getFuncList().forEach(inner -> todo.add(inner.getName()));
        }
      }
    }
    return null;
  }

  private ConcreteFunction function(String name) {
    if (byName == null) {
      byName = new HashMap<>();
      graph.getFunctions().forEach(function -> byName.put(function.getDefinedName(), function));
    }
    return byName.get(name);
  }
}
