package org.samtf.internal.flat;

import com.google.protobuf.Message;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.samtf.internal.graph.Protos;

/** Puts the bodies of functions where they are called. */
final class FunctionInliner {

  private static final String CALL = "StatefulPartitionedCall";
  private static final Set<String> CALLS = Set.of("PartitionedCall", CALL);

  /** What TensorFlow calls a call; it says nothing in the name of an op. */
  private static final Pattern CALL_NAME = Pattern.compile("(Stateful)?PartitionedCall(_\\d+)?/");

  private static final int DEEPEST = 200;
  private static final int MOST_NODES = 1 << 20;

  private final FunctionLibrary functions;
  private final FlatGraph graph = new FlatGraph();

  /** What an output of a call is, and what a call has done when it ends. */
  private final Map<String, String> results = new HashMap<>();

  private final Map<String, List<String>> ends = new HashMap<>();
  private final Set<String> taken = new HashSet<>();

  private final List<FlatNode> added = new ArrayList<>();
  private int depth = 0;

  FunctionInliner(FunctionLibrary functions) {
    this.functions = functions;
  }

  /**
   * Adds nodes of a graph, and the bodies of what they call.
   *
   * @throws IllegalArgumentException if a function is missing, calls itself or has no end
   */
  void add(Iterable<? extends Message> nodeDefs) {
    for (Message nodeDef : nodeDefs) {
      taken.add(Protos.node(nodeDef).getName());
    }
    for (Message nodeDef : nodeDefs) {
      List<String> inputs = new ArrayList<>();
      for (String input : Protos.node(nodeDef).getInputList()) {
        inputs.add(FlatNode.canonical(input));
      }
      add(FlatNode.of(Protos.node(nodeDef).getName(), nodeDef, inputs));
    }
  }

  /**
   * Adds the body of a function.
   *
   * @param name of the call, which the names of the ops begin with
   * @param inputs tensors, and ops to wait for
   */
  void call(String name, String function, List<String> inputs) {
    FlatNode call = new FlatNode(name, CALL);
    call.inputs.addAll(inputs);
    inline(call, functions.get(function));
  }

  /** The ops that were added up to now: what is added later comes at the end. */
  List<FlatNode> added() {
    return added;
  }

  /** The functions of the model. */
  FunctionLibrary functions() {
    return functions;
  }

  /** The graph with calls: inputs may be outputs of those. */
  FlatGraph unresolved() {
    return graph;
  }

  /** A name that nothing has, equal to the wanted one if that is free. */
  String freeName(String wanted) {
    String candidate = wanted;
    for (int i = 1; !taken.add(candidate); i++) {
      candidate = wanted + "_" + i;
    }
    return candidate;
  }

  /** Puts tensors in the places of the outputs of an op, which is left out. */
  void replace(FlatNode node, List<String> outputs, List<String> end) {
    for (int i = 0; i < outputs.size(); i++) {
      results.put(node.name + ":" + i, FlatNode.canonical(outputs.get(i)));
    }
    ends.put(node.name, end);
    graph.remove(node.name);
  }

  /** Lets what takes a tensor take another one. */
  void replace(String tensor, String other) {
    results.put(tensor, other);
  }

  /** The ops that a call, or any op, is done with; as control inputs. */
  Set<String> endsOf(String op) {
    Set<String> controls = new LinkedHashSet<>();
    addControls("^" + op, controls);
    return controls;
  }

  /** The inputs of a node, each from an op of the graph. */
  List<String> resolvedInputs(FlatNode node) {
    Set<String> controls = new LinkedHashSet<>();
    List<String> inputs = new ArrayList<>();
    for (String input : node.inputs) {
      if (FlatNode.isControl(input)) {
        addControls(input, controls);
      } else {
        inputs.add(resolved(input));
      }
    }
    inputs.addAll(controls);
    return inputs;
  }

  /** The graph, after everything was added. */
  FlatGraph graph() {
    for (FlatNode node : graph.nodes()) {
      List<String> inputs = resolvedInputs(node);
      node.inputs.clear();
      node.inputs.addAll(inputs);
    }
    return graph;
  }

  /** What a tensor of the graph with calls is in the one without. */
  String resolved(String tensor) {
    String found = FlatNode.canonical(tensor);
    for (int i = 0; results.containsKey(found); i++) {
      found = results.get(found);
      if (i > MOST_NODES) {
        throw new IllegalArgumentException("tensor \"" + tensor + "\" is its own source");
      }
    }
    return found;
  }

  private void addControls(String input, Set<String> controls) {
    Set<String> seen = new HashSet<>();
    List<String> todo = new ArrayList<>(List.of(input));
    while (!todo.isEmpty()) {
      String control = todo.remove(todo.size() - 1);
      if (!seen.add(control)) {
        continue;
      }
      List<String> of = ends.get(FlatNode.op(control));
      if (of == null) {
        controls.add(control);
      } else {
        todo.addAll(of);
      }
    }
  }

  private String functionOf(FlatNode node) {
    if (CALLS.contains(node.type)) {
      return node.function("f");
    }
    return !OutputNames.knows(node.type) && functions.has(node.type) ? node.type : null;
  }

  private void add(FlatNode node) {
    String function = functionOf(node);
    if (function == null) {
      graph.add(node);
      added.add(node);
      if (graph.nodes().size() > MOST_NODES) {
        throw new IllegalArgumentException("its functions make more than " + MOST_NODES + " ops");
      }
      return;
    }
    inline(node, functions.get(function));
  }

  private void inline(FlatNode call, FunctionBody body) {
    if (body == null) {
      throw new IllegalArgumentException("there is no function for call \"" + call.name + "\"");
    }
    if (++depth > DEEPEST) {
      throw new IllegalArgumentException("function " + body.name + " calls itself");
    }
    new Inlining(call, body).write();
    depth--;
  }

  /** One call. */
  private final class Inlining {
    private final FlatNode call;
    private final FunctionBody body;
    private final Map<String, String> arguments = new HashMap<>();

    /** The nodes of the body, and what they are called in the graph. */
    private final Map<String, FlatNode> nodes = new HashMap<>();

    Inlining(FlatNode call, FunctionBody body) {
      this.call = call;
      this.body = body;
    }

    void write() {
      for (int i = 0; i < body.arguments.size(); i++) {
        arguments.put(body.arguments.get(i), call.input(i));
      }
      body.nodes.forEach((name, node) -> nodes.put(name, named(name, node)));
      List<String> controls = call.controls();
      body.nodes.forEach(
          (name, node) -> {
            FlatNode copy = nodes.get(name);
            boolean isFirst = true;
            for (String input : Protos.node(node).getInputList()) {
              copy.inputs.add(inGraph(input));
              isFirst &= FlatNode.isControl(input) || arguments.containsKey(input);
            }
            // What nothing in the function comes before waits for what the call waits for.
            if (isFirst || functionOf(copy) != null) {
              copy.inputs.addAll(controls);
            }
          });
      // A call of a function is replaced at once, so all must have their inputs before.
      body.nodes.keySet().forEach(name -> add(nodes.get(name)));
      int index = 0;
      for (String result : body.results.values()) {
        results.put(call.name + ":" + index++, inGraph(String.valueOf(result)));
      }
      List<String> end = new ArrayList<>();
      body.controlResults.forEach(control -> end.add("^" + node(control).name));
      ends.put(call.name, end);
    }

    private FlatNode named(String name, Message nodeDef) {
      String path = call.name + "/" + name;
      FlatNode plain = FlatNode.of(path, nodeDef, List.of());
      String free = path;
      if (functionOf(plain) == null) {
        // Calls keep their paths, so that those are no two.
        free = CALL_NAME.matcher(path).replaceAll("");
      }
      FlatNode node = FlatNode.of(freeName(free), nodeDef, List.of());
      // A function may leave attributes to its caller.
      node.attributes.replaceAll(
          (attribute, value) -> {
            String given = Protos.attribute(value).getPlaceholder();
            return given.isEmpty() ? value : call.attribute(given);
          });
      return node;
    }

    private FlatNode node(String name) {
      FlatNode node = nodes.get(name);
      if (node == null) {
        throw new IllegalArgumentException("function " + body.name + " has no op \"" + name + "\"");
      }
      return node;
    }

    /** What {@code argument}, {@code op:output:0} or {@code ^op} is in the graph. */
    private String inGraph(String input) {
      if (FlatNode.isControl(input)) {
        String name = input.substring(1);
        return arguments.containsKey(name)
            ? "^" + FlatNode.op(arguments.get(name))
            : "^" + node(name).name;
      }
      if (arguments.containsKey(input)) {
        return arguments.get(input);
      }
      String[] parts = input.split(":");
      FlatNode node = node(parts[0]);
      int index = parts.length > 2 ? FlatNode.output(input) : 0;
      String output = parts.length > 1 ? parts[1] : "";
      String function = functionOf(node);
      if (function == null) {
        index += OutputNames.first(node, output);
      } else if (!CALLS.contains(node.type)) {
        index += new ArrayList<>(functions.get(function).results.keySet()).indexOf(output);
      }
      return node.name + ":" + index;
    }
  }
}
