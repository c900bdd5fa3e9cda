package org.samtf.internal.flat;

import com.google.protobuf.Message;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.samtf.internal.graph.Protos;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.ndarray.Shape;

/**
 * The shapes that TensorFlow finds for tensors of a graph that is being made.
 *
 * <p>TensorFlow does not look far into how the sizes of a {@code Reshape} are computed: a dense
 * layer of Keras 2 over sequences loses their length. What is known of such sizes is told it.
 */
final class StaticShapes implements AutoCloseable {

  private static final String UNSIZED = "/unsized";

  private final FunctionInliner inliner;
  private final Map<String, long[]> found = new HashMap<>();

  /** What is known of a tensor of integers. */
  private Function<String, KnownValues.Value> values = tensor -> null;

  /** The names of the reshapes whose sizes are being looked for. */
  private final Set<String> open = new HashSet<>();

  /** What was looked at last: its ops are those of now. */
  private Graph graph;

  StaticShapes(FunctionInliner inliner) {
    this.inliner = inliner;
  }

  /** Lets the sizes of reshapes be known that are computed. */
  void valuesOf(Function<String, KnownValues.Value> known) {
    values = known;
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
      Graph made = behind(tensor);
      close();
      graph = made;
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
      Message sizes = node.type.equals("Reshape") ? sizes(node) : null;
      FlatNode copy = new FlatNode(node.name + (sizes == null ? "" : UNSIZED), node.type);
      copy.inputs.addAll(data);
      copy.attributes.putAll(node.attributes);
      graphDef.addNode(Protos.node(copy.toNodeDef()));
      if (sizes != null) {
        FlatNode sized = new FlatNode(node.name, "EnsureShape").with("shape", sizes);
        sized.inputs.add(copy.name);
        sized.with("T", node.attribute("T"));
        graphDef.addNode(Protos.node(sized.toNodeDef()));
      }
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

  /** What is known of the sizes of a reshape, as the attribute that says so; null for nothing. */
  private Message sizes(FlatNode reshape) {
    if (!open.add(reshape.name)) {
      return null;
    }
    KnownValues.Value value = values.apply(reshape.input(1));
    open.remove(reshape.name);
    if (value == null || value.isScalar || value.entries.stream().allMatch(Objects::isNull)) {
      return null;
    }
    var attribute = Protos.attribute();
    for (Long size : value.entries) {
      attribute.getShapeBuilder().addDimBuilder().setSize(size == null || size < 0 ? -1 : size);
    }
    return attribute.build();
  }

  @Override
  public void close() {
    if (graph != null) {
      graph.close();
    }
  }
}
