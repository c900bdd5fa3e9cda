package org.samtf.internal.flat;

import com.google.protobuf.Message;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.samtf.internal.graph.Protos;

/** The functions of a model, by name. */
final class FunctionLibrary {

  private final Map<String, FunctionBody> functions = new HashMap<>();

  FunctionLibrary(Message metaGraph) {
    var library = Protos.metaGraph(metaGraph).getGraphDef().getLibrary();
    for (var function : library.getFunctionList()) {
      functions.put(function.getSignature().getName(), new FunctionBody(function));
    }
  }

  boolean has(String name) {
    return functions.containsKey(name);
  }

  /** A function; null if there is none. */
  FunctionBody get(String name) {
    return functions.get(name);
  }

  /** What nodes call, and what that calls: each a {@code FunctionDef}. */
  List<Message> calledBy(Collection<FlatNode> nodes) {
    Deque<String> todo = new ArrayDeque<>();
    nodes.forEach(node -> todo.addAll(FunctionBody.calledBy(node.attributes.values())));
    List<Message> called = new ArrayList<>();
    walk(todo, function -> called.add(function.definition));
    return called;
  }

  /** Whether all ops of a function, and of those that it calls, are of some types. */
  boolean isOnly(String name, Predicate<String> types) {
    boolean[] isOnly = {has(name)};
    walk(
        new ArrayDeque<>(List.of(name)),
        function ->
            function.nodes.values().stream()
                .map(node -> Protos.node(node).getOp())
                .filter(type -> !has(type) && !types.test(type))
                .forEach(type -> isOnly[0] = false));
    return isOnly[0];
  }

  private void walk(Deque<String> todo, Consumer<FunctionBody> visit) {
    Set<String> seen = new HashSet<>();
    while (!todo.isEmpty()) {
      String name = todo.remove();
      FunctionBody function = functions.get(name);
      if (function != null && seen.add(name)) {
        visit.accept(function);
        function.nodes.values().forEach(node -> todo.addAll(function.called(node)));
      }
    }
  }
}
