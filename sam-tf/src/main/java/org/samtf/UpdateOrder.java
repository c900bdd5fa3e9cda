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
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.OpCopier;
import org.samtf.internal.graph.OpKinds;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;

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

  private final OpCopier copier;

  /** The ops that gradients come from; all that assigns is to run after them. */
  private final Set<GraphOperation> barrier;

  private final Map<GraphOperation, GraphOperation> copies = new HashMap<>();
  private final Set<GraphOperation> afterBarrier = new HashSet<>();

  /** The variables whose value, at the time of the step, an op's outputs are computed from. */
  private final Map<GraphOperation, Set<GraphOperation>> readBy = new HashMap<>();

  private final Map<GraphOperation, GraphOperation> lastWriter = new HashMap<>();
  private final Map<GraphOperation, Set<GraphOperation>> readersSince = new HashMap<>();

  private UpdateOrder(GraphScope scope, Set<GraphOperation> barrier) {
    this.copier = new OpCopier(scope);
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
      targets.add(now(control));
    }
    return targets;
  }

  /** The ops of {@code within} that {@code update} runs. */
  private static Set<GraphOperation> behind(GraphOperation update, Set<GraphOperation> within) {
    Set<GraphOperation> found = new HashSet<>();
    Deque<GraphOperation> todo = new ArrayDeque<>();
    todo.add(update);
    while (!todo.isEmpty()) {
      GraphOperation op = todo.remove();
      if (!within.contains(op) || !found.add(op)) {
        continue;
      }
      op.inputs().forEach(input -> todo.add((GraphOperation) input.op()));
      todo.addAll(op.controlInputs());
    }
    return found;
  }

  private GraphOperation order(GraphOperation op) {
    List<Operand<?>> inputs = op.inputs();
    Set<GraphOperation> before = new LinkedHashSet<>();
    inputs.forEach(input -> before.add((GraphOperation) input.op()));
    Set<GraphOperation> controls = new LinkedHashSet<>();
    if (op.numControlInputs() > 0) {
      controls.addAll(op.controlInputs());
    }
    before.addAll(controls);

    Set<GraphOperation> targets = Assignments.of(op);
    Set<GraphOperation> missing = new LinkedHashSet<>();
    boolean waits = before.stream().anyMatch(b -> barrier.contains(b) || afterBarrier.contains(b));
    if (!targets.isEmpty() && !waits) {
      missing.addAll(barrier);
      waits = true;
    }

    Set<GraphOperation> read = new LinkedHashSet<>();
    for (Operand<?> input : inputs) {
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
    return writeAgainIfNeeded(op, inputs, controls, missing);
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

  private GraphOperation writeAgainIfNeeded(
      GraphOperation op,
      List<Operand<?>> inputs,
      Set<GraphOperation> controls,
      Set<GraphOperation> missing) {
    List<Output<?>> inputsNow = new ArrayList<>();
    boolean changed = !missing.isEmpty();
    for (Operand<?> input : inputs) {
      GraphOperation source = (GraphOperation) input.op();
      changed |= copies.containsKey(source);
      inputsNow.add(now(source).output(input.asOutput().index()));
    }
    Set<GraphOperation> controlsNow = new LinkedHashSet<>();
    for (GraphOperation control : controls) {
      changed |= copies.containsKey(control);
      controlsNow.add(now(control));
    }
    if (!changed) {
      return op;
    }
    missing.forEach(earlier -> controlsNow.add(now(earlier)));
    GraphOperation copy = copier.copy(op, inputsNow, controlsNow);
    copies.put(op, copy);
    return copy;
  }

  private GraphOperation now(GraphOperation op) {
    return copies.getOrDefault(op, op);
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
        op.inputs().forEach(input -> todo.add((GraphOperation) input.op()));
        todo.addAll(op.controlInputs());
      }
    }
    return false;
  }
}
