package org.samtf.internal.flat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.samtf.internal.graph.Protos;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.ndarray.Shape;

/** The shapes that TensorFlow finds for tensors of a graph that is being made. */
final class StaticShapes implements AutoCloseable {

  private final FunctionInliner inliner;
  private final Map<String, long[]> found = new HashMap<>();

  /** What was looked at last: its ops are those of now. */
  private Graph graph;

  StaticShapes(FunctionInliner inliner) {
    this.inliner = inliner;
  }

  /** The sizes of a tensor, −1 for one that is not known; null if not even the rank is. */
  long[] of(String input) {
    String tensor = inliner.resolved(input);
    if (!found.containsKey(tensor)) {
      found.put(tensor, find(tensor));
    }
    return found.get(tensor);
  }

  private long[] find(String tensor) {
    if (graph == null || graph.operation(FlatNode.op(tensor)) == null) {
      close();
      graph = behind(tensor);
    }
    GraphOperation op = graph.operation(FlatNode.op(tensor));
    if (op == null || FlatNode.output(tensor) >= op.numOutputs()) {
      return null;
    }
    Shape shape = op.output(FlatNode.output(tensor)).shape();
    return shape.isUnknown() ? null : shape.asArray();
  }

  private Graph behind(String tensor) {
    Map<String, FlatNode> needed = new LinkedHashMap<>();
    Deque<String> todo = new ArrayDeque<>(List.of(FlatNode.op(tensor)));
    var graphDef = Protos.metaGraph().getGraphDefBuilder();
    while (!todo.isEmpty()) {
      FlatNode node = inliner.unresolved().get(todo.remove());
      if (node == null || needed.putIfAbsent(node.name, node) != null) {
        continue;
      }
      List<String> data = new ArrayList<>(inliner.resolvedInputs(node));
      data.removeIf(FlatNode::isControl);
      FlatNode copy = new FlatNode(node.name, node.type);
      copy.inputs.addAll(data);
      copy.attributes.putAll(node.attributes);
      graphDef.addNode(Protos.node(copy.toNodeDef()));
      data.forEach(input -> todo.add(FlatNode.op(input)));
    }
    inliner
        .functions()
        .calledBy(needed.values())
        .forEach(function -> graphDef.getLibraryBuilder().addFunction(Protos.function(function)));
    Graph made = new Graph();
    try {
      made.importGraphDef(graphDef.build());
      return made;
    } catch (TensorFlowException | IllegalArgumentException e) {
      made.close();
      return new Graph(); // of a damaged model nothing is known
    }
  }

  @Override
  public void close() {
    if (graph != null) {
      graph.close();
    }
  }
}
