package org.samtf.internal.flat;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.samtf.internal.graph.OpKinds;

/** The lookup tables of a graph, and what fills them when the model is loaded. */
final class Tables {

  private static final Set<String> FILLS =
      Set.of(
          "InitializeTable",
          "InitializeTableV2",
          "InitializeTableFromTextFile",
          "InitializeTableFromTextFileV2",
          "LookupTableImport",
          "LookupTableImportV2");

  private final FlatGraph graph;
  private final Set<String> assets;

  /** By the names of the tables. */
  private final Map<String, Set<String>> filledBy = new LinkedHashMap<>();

  /**
   * Finds them.
   *
   * @param first the ops that are run when the model is loaded
   * @param assets the ops that are given paths of files of the model
   */
  Tables(FlatGraph graph, Collection<String> first, Set<String> assets) {
    this.graph = graph;
    this.assets = assets;
    for (String op : graph.behind(first)) {
      FlatNode node = graph.source(op);
      if (FILLS.contains(node.type)) {
        String table = FlatNode.op(graph.origin(node.input(0)));
        filledBy.computeIfAbsent(table, t -> new LinkedHashSet<>()).add(op);
        if (node.type.contains("TextFile")) {
          node.inputs.set(1, path(node.input(1)));
        }
      }
    }
  }

  /** Keras has the path of a file in a variable: what is assigned to it is as good. */
  private String path(String input) {
    String path = graph.origin(input);
    if (OpKinds.isVariable(graph.source(path).type)) {
      for (FlatNode node : graph.nodes()) {
        if (node.type.equals("Assign")
            && FlatNode.op(node.input(0)).equals(FlatNode.op(path))
            && assets.contains(FlatNode.op(graph.origin(node.input(1))))) {
          return graph.origin(node.input(1));
        }
      }
    }
    return path;
  }

  static boolean isTable(String type) {
    return type.contains("HashTable");
  }

  /** Whether something fills a table that needs nothing from outside of the graph. */
  boolean isFilled(String table) {
    return filledBy.containsKey(table)
        && graph.behind(filledBy.get(table)).stream()
            .noneMatch(
                op -> graph.source(op).type.startsWith("Placeholder") && !assets.contains(op));
  }

  /** What fills those tables that are among some ops. */
  Set<String> fillsOf(Collection<String> ops) {
    Set<String> fills = new LinkedHashSet<>();
    for (String op : ops) {
      fills.addAll(filledBy.getOrDefault(op, Set.of()));
    }
    return fills;
  }
}
