package org.samtf.internal.flat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.samtf.internal.graph.Protos;

/** Which layer of a model a result of a function comes from, as the names of its ops say. */
final class FunctionPaths {

  private static final String CALL = "(Stateful)?PartitionedCall(_\\d+)?";
  private static final int DEEPEST = 1000;

  private final FunctionLibrary library;

  FunctionPaths(FunctionLibrary library) {
    this.library = library;
  }

  /** The path of the op that a result comes from, such as {@code model/score/BiasAdd}. */
  String of(String function, int result) {
    StringBuilder path = new StringBuilder();
    FunctionBody body = library.get(function);
    int index = result;
    for (int i = 0; i < DEEPEST && body != null; i++) {
      List<String> results = new ArrayList<>(body.results.values());
      String tensor = index < results.size() ? results.get(index) : null;
      FlatNode node = node(body, tensor);
      while (node != null && node.type.equals("Identity") && i++ < DEEPEST) {
        tensor = node.input(0);
        node = node(body, tensor);
      }
      if (node == null) {
        break;
      }
      path.append(path.length() == 0 ? "" : "/").append(node.name);
      body = library.get(node.function("f"));
      index = FlatNode.output(tensor);
    }
    return path.toString();
  }

  private static FlatNode node(FunctionBody body, String tensor) {
    String name = tensor == null ? "" : tensor.split(":")[0];
    var nodeDef = body.nodes.get(name);
    return nodeDef == null
        ? null
        : FlatNode.of(name, nodeDef, List.copyOf(Protos.node(nodeDef).getInputList()));
  }

  /** The key of the path that has most of its end in common; null if two have, or none has. */
  static String mostLike(String path, Map<String, String> paths) {
    String found = null;
    int most = 0;
    for (Map.Entry<String, String> entry : paths.entrySet()) {
      int common = common(parts(path), parts(entry.getValue()));
      if (common > most) {
        most = common;
        found = entry.getKey();
      } else if (common == most) {
        found = null;
      }
    }
    return found;
  }

  private static List<String> parts(String path) {
    List<String> parts = new ArrayList<>(Arrays.asList(path.split("/")));
    parts.removeIf(part -> part.matches(CALL));
    Collections.reverse(parts);
    return parts;
  }

  private static int common(List<String> a, List<String> b) {
    int common = 0;
    while (common < Math.min(a.size(), b.size()) && a.get(common).equals(b.get(common))) {
      common++;
    }
    return common;
  }
}
