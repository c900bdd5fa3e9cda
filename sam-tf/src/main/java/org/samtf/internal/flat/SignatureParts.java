package org.samtf.internal.flat;

import com.google.protobuf.Message;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samtf.internal.graph.Protos;

/**
 * What a signature of a flat model computes, and what it assigns besides.
 *
 * <p>In Python a call of a function runs all assignments in it, whatever is asked for. So do the
 * outputs here. What is computed is there without, for a loss: then a step makes the assignments.
 */
public final class SignatureParts {

  /** By the names of the outputs the tensors that wait for the assignments, as calls do. */
  final Map<String, String> outputs = new LinkedHashMap<>();

  /** By the names of the outputs the tensors that do not. */
  final Map<String, String> computed = new LinkedHashMap<>();

  /** All ops of the signature that no other has. */
  Set<String> ops = Set.of();

  /** The ops that assign to variables and that nothing of what is computed comes after. */
  final List<String> updates = new ArrayList<>();

  /**
   * The tensors of the outputs, without what is assigned besides, by the names of the outputs.
   *
   * @return the tensors
   */
  public Map<String, String> computed() {
    return computed;
  }

  /**
   * The ops that only this signature has.
   *
   * @return their names
   */
  public Set<String> ops() {
    return ops;
  }

  /**
   * The ops that a call of the signature runs besides, such as updates of moving averages.
   *
   * @return their names
   */
  public List<String> updates() {
    return updates;
  }

  /** Reads signatures of a graph. */
  static final class Reader {
    private final FunctionInliner inliner;
    private final FlatGraph graph;
    private final Set<String> assignments;
    private final Set<String> afterAssignments;
    private final List<String> shared;

    /**
     * Prepares to read.
     *
     * @param assignments the ops that assign
     * @param shared the ops that are in no function
     */
    Reader(FunctionInliner inliner, FlatGraph graph, Set<String> assignments, List<String> shared) {
      this.inliner = inliner;
      this.graph = graph;
      this.assignments = assignments;
      this.shared = shared;
      afterAssignments = graph.after(assignments);
    }

    /**
     * Reads a signature, and adds the outputs that wait.
     *
     * @param tensors each a {@code TensorInfo} of the graph with calls, by the names of the outputs
     */
    SignatureParts read(Map<String, ? extends Message> tensors) {
      SignatureParts parts = new SignatureParts();
      Set<String> ends = new LinkedHashSet<>();
      tensors.forEach(
          (name, info) -> {
            String tensor = Protos.tensorInfo(info).getName();
            parts.computed.put(name, inliner.resolved(tensor));
            String call = FlatNode.op(tensor);
            if (!graph.has(call)) {
              ends.addAll(inliner.endsOf(call));
            }
          });
      ends.removeIf(end -> !afterAssignments.contains(FlatNode.op(end)));
      parts.computed.forEach(
          (name, tensor) ->
              parts.outputs.put(
                  name, ends.isEmpty() ? tensor : waiting(tensors.get(name), name, tensor, ends)));
      Set<String> computed = graph.behind(parts.computed.values());
      parts.ops = new LinkedHashSet<>(graph.behind(parts.outputs.values()));
      for (String op : parts.ops) {
        if (!computed.contains(op) && assignments.contains(op)) {
          parts.updates.add(op);
        }
      }
      parts.ops.removeAll(shared);
      return parts;
    }

    private String waiting(Message info, String name, String tensor, Set<String> ends) {
      String wanted = FlatNode.op(Protos.tensorInfo(info).getName()) + "/" + name;
      FlatNode waiting =
          new FlatNode(
                  graph.freeName(wanted.replaceAll("[^A-Za-z0-9_./-]", "_")), "Identity", tensor)
              .with("T", Protos.tensorInfo(info).getDtypeValue());
      waiting.inputs.addAll(ends);
      graph.add(waiting);
      return waiting.name + ":0";
    }
  }
}
