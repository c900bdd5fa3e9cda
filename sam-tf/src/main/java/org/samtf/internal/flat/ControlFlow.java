package org.samtf.internal.flat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samtf.internal.graph.OpKinds;
import org.samtf.internal.graph.Protos;

/**
 * Writes out the loops and choices of functions, which TensorFlow's C++ has no gradient for: a loop
 * as its steps, where it is known how many there are; a choice as what is chosen, where that is
 * known, else as both sides and the choice between their results.
 */
final class ControlFlow {

  private static final Set<String> LOOPS = Set.of("While", "StatelessWhile");
  private static final Set<String> CHOICES = Set.of("If", "StatelessIf", "Case", "StatelessCase");

  /** Read a resource variable. */
  private static final Set<String> READS =
      Set.of(
          "ReadVariableOp",
          "ResourceGather",
          "ResourceGatherNd",
          "VariableShape",
          "VarIsInitializedOp");

  /** So many ops are more than a step is made of in a reasonable time. */
  private static final int MOST_OPS = 1 << 18;

  /** Names grow with each choice that is in another one. */
  private static final int LONGEST_NAME = 1 << 13;

  private static final int BOOL = 10;
  private static final int RESOURCE = 20;
  private static final int VARIANT = 21;

  private final FunctionInliner inliner;
  private final FlatGraph graph;
  private final StaticShapes shapes;
  private final KnownValues values;
  private final TensorLists lists;

  /** The ops whose inputs are being followed, and those that were. */
  private final Set<String> open = new HashSet<>();

  private final Set<String> done = new HashSet<>();
  private final Deque<String> stack = new ArrayDeque<>();
  private final Map<String, Loop> loops = new HashMap<>();
  private final Map<String, String> left = new LinkedHashMap<>();

  /** A loop that is being written out. */
  private static final class Loop {
    List<String> variables;
    final List<String> ends = new ArrayList<>();
    final List<FlatNode> written = new ArrayList<>();
    int steps;
  }

  private ControlFlow(FunctionInliner inliner, StaticShapes shapes) {
    this.inliner = inliner;
    this.shapes = shapes;
    graph = inliner.unresolved();
    values = new KnownValues(inliner, shapes);
    lists = new TensorLists(inliner, values, shapes);
  }

  /**
   * Writes out what can be.
   *
   * @return why loops and choices were left as they are, by their names
   */
  static Map<String, String> writeOut(FunctionInliner inliner) {
    FlatGraph graph = inliner.unresolved();
    boolean isNeeded =
        graph.nodes().stream()
            .anyMatch(node -> LOOPS.contains(node.type) || CHOICES.contains(node.type));
    if (!isNeeded) {
      return Map.of();
    }
    try (StaticShapes shapes = new StaticShapes(inliner)) {
      ControlFlow writing = new ControlFlow(inliner, shapes);
      List<String> names = new ArrayList<>();
      graph.nodes().forEach(node -> names.add(node.name));
      names.forEach(writing::follow);
      return writing.left;
    }
  }

  /** Follows an op, after all that it is computed from: without recursion, as graphs are deep. */
  private void follow(String root) {
    stack.push(root);
    while (!stack.isEmpty()) {
      String name = stack.peek();
      FlatNode node = graph.get(name);
      if (node == null || done.contains(name)) {
        stack.pop();
      } else if (open.add(name)) {
        inliner.resolvedInputs(node).forEach(this::before);
      } else if (isFinished(node)) {
        done.add(name);
        stack.pop();
      }
    }
  }

  private void before(String input) {
    String op = FlatNode.op(input);
    if (!open.contains(op)) {
      stack.push(op);
    }
  }

  private boolean isFinished(FlatNode node) {
    if (LOOPS.contains(node.type)) {
      return isLoopFinished(node);
    }
    if (CHOICES.contains(node.type)) {
      choose(node);
    } else {
      lists.follow(node);
    }
    return true;
  }

  private boolean isLoopFinished(FlatNode node) {
    Loop loop = loops.get(node.name);
    if (loop == null) {
      loop = new Loop();
      loop.variables = new ArrayList<>();
      for (String input : node.data()) {
        loop.variables.add(inliner.resolved(input));
      }
      loops.put(node.name, loop);
    }
    Long goesOn = goesOn(node, loop);
    if (goesOn == null || goesOn != 0 && graph.nodes().size() > MOST_OPS) {
      loop.written.forEach(op -> graph.remove(op.name));
      left.put(
          node.name,
          goesOn != null
              ? "its steps are more than " + MOST_OPS + " ops; make what it goes over shorter"
              : "how often it runs is not known before it is run; fix the length of what it goes over, by"
                  + " ModelLoader.shape(signature, input, Shape.of(-1, 20, 8)) or in Python by"
                  + " Input((20, 8))");
      return true;
    }
    if (goesOn == 0) {
      inliner.replace(node, loop.variables, loop.ends);
      return true;
    }
    String step = inliner.freeName(node.name + "/step" + loop.steps++);
    List<String> inputs = new ArrayList<>(loop.variables);
    if (node.type.equals("While")) {
      inputs.addAll(loop.ends.isEmpty() ? node.controls() : loop.ends);
    }
    int first = inliner.added().size();
    inliner.call(step, node.function("body"), inputs);
    loop.written.addAll(inliner.added().subList(first, inliner.added().size()));
    for (int i = 0; i < loop.variables.size(); i++) {
      loop.variables.set(i, inliner.resolved(step + ":" + i));
      before(loop.variables.get(i));
    }
    loop.ends.clear();
    loop.ends.addAll(inliner.endsOf(step));
    loop.ends.forEach(this::before);
    return false;
  }

  /** What the condition of a loop is, as far as it is known. It may have choices in itself. */
  private Long goesOn(FlatNode node, Loop loop) {
    List<FlatNode> added = inliner.added();
    int first = added.size();
    String name = node.name + "/condition";
    inliner.call(name, node.function("cond"), loop.variables);
    for (int i = first; i < added.size(); i++) {
      FlatNode op = added.get(i);
      if (CHOICES.contains(op.type) && values.number(op.input(0)) != null) {
        choose(op);
      }
    }
    Long value = values.number(name + ":0");
    removeSince(first);
    return value;
  }

  private void removeSince(int first) {
    List<FlatNode> added = inliner.added();
    added.subList(first, added.size()).forEach(op -> graph.remove(op.name));
    added.subList(first, added.size()).clear();
  }

  private void choose(FlatNode node) {
    boolean isCase = node.type.endsWith("Case");
    List<String> branches = new ArrayList<>();
    if (isCase) {
      Protos.attribute(node.attribute("branches"))
          .getList()
          .getFuncList()
          .forEach(function -> branches.add(function.getName()));
    } else {
      branches.add(node.function("else_branch"));
      branches.add(node.function("then_branch"));
    }
    Long value = values.number(node.input(0));
    if (node.name.length() > LONGEST_NAME) {
      left.put(node.name, "it is in too many others");
    } else if (value != null && !branches.isEmpty()) {
      long last = branches.size() - 1;
      long chosen = isCase ? (value < 0 || value > last ? last : value) : (value == 0 ? 0 : 1);
      String name = inliner.freeName(node.name + "/chosen");
      write(node, name, branches.get((int) chosen));
      List<String> results = new ArrayList<>();
      for (int i = 0; i < outputs(node).size(); i++) {
        results.add(inliner.resolved(name + ":" + i));
      }
      inliner.replace(node, results, new ArrayList<>(inliner.endsOf(name)));
      results.forEach(this::before);
    } else if (canBeSelected(node, isCase, branches)) {
      select(node, isCase, branches);
    } else {
      left.put(node.name, "its branches do more than compute, and which is taken is not known");
    }
  }

  private void write(FlatNode node, String name, String branch) {
    List<String> inputs = new ArrayList<>(node.inputs.subList(1, node.inputs.size()));
    inliner.call(name, branch, inputs);
    inliner.endsOf(name).forEach(this::before);
  }

  private static List<Integer> outputs(FlatNode node) {
    return Protos.attribute(node.attribute("Tout")).getList().getTypeValueList();
  }

  private boolean canBeSelected(FlatNode node, boolean isCase, List<String> branches) {
    long[] shape = shapes.of(node.input(0));
    return (isCase || node.type("Tcond") == BOOL)
        && shape != null
        && shape.length == 0
        && !branches.isEmpty()
        && outputs(node).stream().noneMatch(type -> type == RESOURCE || type == VARIANT)
        && branches.stream()
            .allMatch(b -> inliner.functions().isOnly(b, ControlFlow::onlyComputes));
  }

  private static boolean onlyComputes(String type) {
    return READS.contains(type)
        || OpKinds.isCall(type)
        || OutputNames.knows(type) && (!OpKinds.isStateful(type) || OpKinds.isRandom(type));
  }

  /** All branches are computed; the last one is taken if none before is. */
  private void select(FlatNode node, boolean isCase, List<String> branches) {
    List<List<String>> results = new ArrayList<>();
    for (int b = 0; b < branches.size(); b++) {
      String name = inliner.freeName(node.name + "/branch" + b);
      write(node, name, branches.get(b));
      List<String> of = new ArrayList<>();
      for (int i = 0; i < outputs(node).size(); i++) {
        of.add(inliner.resolved(name + ":" + i));
        before(of.get(i));
      }
      results.add(of);
    }
    List<String> selected = new ArrayList<>(results.get(branches.size() - 1));
    for (int b = branches.size() - 2; b >= 0; b--) {
      String isTaken = isCase ? equal(node, b) : node.input(0);
      for (int i = 0; i < selected.size(); i++) {
        String taken = results.get(b).get(i);
        String other = selected.get(i);
        FlatNode select =
            new FlatNode(
                    inliner.freeName(node.name + "/select"),
                    "Select",
                    isTaken,
                    isCase ? taken : other,
                    isCase ? other : taken)
                .with("T", outputs(node).get(i));
        graph.add(select);
        selected.set(i, select.name + ":0");
      }
    }
    List<String> end = new ArrayList<>();
    node.controls().forEach(end::add);
    inliner.replace(node, selected, end);
    selected.forEach(this::before);
  }

  private String equal(FlatNode node, int index) {
    FlatNode constant = FlatNode.constant(inliner.freeName(node.name + "/index"), index);
    graph.add(constant);
    FlatNode equal =
        new FlatNode(
                inliner.freeName(node.name + "/is"), "Equal", node.input(0), constant.name + ":0")
            .with("T", FlatNode.INT32);
    graph.add(equal);
    return equal.name + ":0";
  }
}
