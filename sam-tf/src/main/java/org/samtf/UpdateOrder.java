package org.samtf;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samtf.internal.graph.Assignments;
import org.samtf.internal.graph.Edges;
import org.samtf.internal.graph.GraphCopy;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.OpKinds;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;

/**
 * Makes the graph run an optimizer's update in the order in which its code wrote it.
 *
 * <p>TF-Java's Adam, Adamax and AdaGradDA read and advance their step state (powers of β, a step
 * count) without an edge that says which comes first; Nadam and AdaGradDA advance some without
 * waiting for the gradients. Here every op that assigns comes after the gradients, and two ops that
 * use the same variable, at least one of them to assign to it, run in the order they were added to
 * the graph. Edges cannot be added to an op, so the ops that lack one are written again with it.
 */
final class UpdateOrder {

  private final GraphCopy copy;

  /** The ops that gradients come from; all that assigns is to run after them. */
  private final Set<GraphOperation> barrier;

  private final Set<GraphOperation> afterBarrier = new HashSet<>();

  /** The variables whose value, at the time of the step, an op's outputs are computed from. */
  private final Map<GraphOperation, Set<GraphOperation>> readBy = new HashMap<>();

  private final Map<GraphOperation, GraphOperation> lastWriter = new HashMap<>();
  private final Map<GraphOperation, Set<GraphOperation>> readersSince = new HashMap<>();

  private UpdateOrder(GraphScope scope, Set<GraphOperation> barrier) {
    this.copy = GraphCopy.below(scope);
    this.barrier = barrier;
  }

  /**
   * Orders the ops that {@code update} runs.
   *
   * @param scope where ops that have to be written again go
   * @param barrier the ops that the gradients come from
   * @param written the ops that the optimizer added, in that order
   * @param update the op that runs the update
   * @return what to run in place of {@code update}
   */
  static List<GraphOperation> order(
      GraphScope scope,
      Set<GraphOperation> barrier,
      List<GraphOperation> written,
      GraphOperation update) {
    return new UpdateOrder(scope, barrier).order(written, update);
  }

  private List<GraphOperation> order(List<GraphOperation> written, GraphOperation update) {
    Set<GraphOperation> run = behind(update, new HashSet<>(written));
    for (GraphOperation op : written) {
      if (run.contains(op) && !op.equals(update) && !OpKinds.isVariable(op.type())) {
        order(op);
      }
    }
    if (!update.type().equals(OpKinds.NO_OP)) {
      return List.of(run.contains(update) ? order(update) : update);
    }
    List<GraphOperation> targets = new ArrayList<>();
    for (GraphOperation control : update.controlInputs()) {
      targets.add(copy.of(control));
    }
    return targets;
  }

  /** The ops of {@code within} that {@code update} runs. */
  private static Set<GraphOperation> behind(GraphOperation update, Set<GraphOperation> within) {
    return within.contains(update)
        ? new HashSet<>(Edges.inputsFirst(List.of(update), within::contains))
        : Set.of();
  }

  private GraphOperation order(GraphOperation op) {
    Set<GraphOperation> before = new LinkedHashSet<>(Edges.into(op));
    Set<GraphOperation> targets = Assignments.of(op);
    Set<GraphOperation> missing = new LinkedHashSet<>();
    boolean waits = before.stream().anyMatch(b -> barrier.contains(b) || afterBarrier.contains(b));
    if (!targets.isEmpty() && !waits) {
      missing.addAll(barrier);
      waits = true;
    }

    Set<GraphOperation> read = new LinkedHashSet<>();
    for (Operand<?> input : op.inputs()) {
      GraphOperation source = (GraphOperation) input.op();
      read.addAll(Assignments.variablesBehind(source));
      read.addAll(readBy.getOrDefault(source, Set.of()));
    }
    for (GraphOperation variable : read) {
      if (lastWriter.containsKey(variable)) {
        missing.add(lastWriter.get(variable));
      }
    }
    for (GraphOperation variable : targets) {
      missing.addAll(readersSince.getOrDefault(variable, Set.of()));
    }
    missing.removeAll(before);
    missing.removeIf(earlier -> isBehind(earlier, before));

    if (waits || !missing.isEmpty()) {
      afterBarrier.add(op);
    }
    noteUse(op, before, read, targets);
    return copy.addIfChanged(op, missing);
  }

  private void noteUse(
      GraphOperation op,
      Set<GraphOperation> before,
      Set<GraphOperation> read,
      Set<GraphOperation> targets) {
    readBy.put(op, read);
    for (GraphOperation variable : read) {
      Set<GraphOperation> readers =
          readersSince.computeIfAbsent(variable, v -> new LinkedHashSet<>());
      // What comes before this op is waited for with it.
      readers.removeAll(before);
      readers.add(op);
    }
    for (GraphOperation variable : targets) {
      lastWriter.put(variable, op);
      readersSince.remove(variable);
    }
  }

  /** Whether {@code earlier} is run before one of {@code later} because of an edge there is. */
  private boolean isBehind(GraphOperation earlier, Set<GraphOperation> later) {
    Set<GraphOperation> seen = new HashSet<>();
    Deque<GraphOperation> todo = new ArrayDeque<>(later);
    while (!todo.isEmpty()) {
      GraphOperation op = todo.remove();
      if (op.equals(earlier)) {
        return true;
      }
      if (readBy.containsKey(op) && seen.add(op)) {
        todo.addAll(Edges.into(op));
      }
    }
    return false;
  }
}
