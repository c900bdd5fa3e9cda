package org.samtf.internal.gradient;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samtf.internal.graph.Edges;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Node;
import org.samtf.internal.graph.OpKinds;
import org.samtf.internal.graph.Reals;
import org.samtf.internal.graph.Upstream;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.types.family.TNumber;

/**
 * The gradients of a loss through ops that TensorFlow's C++ has no gradient for.
 *
 * <p>The way back from the loss is cut at these ops. C++ goes from the loss to their outputs,
 * {@link OpGradients} through them, C++ on from their inputs, and so forth; where several ways lead
 * to one tensor the gradients are added up. An op comes when all that is computed from its outputs
 * has had its turn, so nothing counts twice. The forward ops stay as they are.
 *
 * <p>C++ knows no cuts. So it sees an {@link UncutStretch}: a copy, in a graph of its own, in which
 * what an op computes that is not C++'s to differentiate is a placeholder. In that copy variables
 * are placeholders too, and so are read by value: some gradients of C++ fail on a variable itself.
 */
public final class Backpropagation {

  private final Output<?> loss;
  private final Set<Output<?>> xs;
  private final GraphScope scope;

  /** What each op on the way reads, from the inputs of the model to the loss. */
  private final Map<GraphOperation, List<Output<?>>> inputs = new LinkedHashMap<>();

  /** The ops that are computed from one of {@link #xs}, in the same order. */
  private final Set<GraphOperation> live = new LinkedHashSet<>();

  private final Map<GraphOperation, OpGradient> own = new LinkedHashMap<>();
  private final Map<Output<?>, List<Output<?>>> contributions = new HashMap<>();

  private Backpropagation(Output<?> loss, Output<?>[] xs, GraphScope scope) {
    this.loss = loss;
    this.xs = new LinkedHashSet<>(Arrays.asList(xs));
    this.scope = scope;
    List<GraphOperation> inputsFirst =
        Edges.sourcesFirst(
            this.xs.contains(loss) ? List.of() : List.of((GraphOperation) loss.op()),
            this::sources);
    for (GraphOperation op : inputsFirst) {
      if (inputs.get(op).stream().anyMatch(this::isLive)) {
        live.add(op);
        OpGradients.of(op).ifPresent(gradient -> own.put(op, gradient));
      }
    }
  }

  /**
   * Whether a loss is computed by ops that C++ may fail on; if not, there is no need for this
   * class.
   */
  public static boolean mayBeNeeded(Upstream forward) {
    for (Node node : forward.feeding()) {
      if (OpGradients.mayHave(node.type) || readsVariableAtRisk(node)) {
        return true;
      }
    }
    return false;
  }

  private static boolean readsVariableAtRisk(Node node) {
    return OpKinds.gradientRefusesReferences(node.type)
        && Arrays.stream(node.inputs).anyMatch(Node::isVariable);
  }

  /**
   * Adds the ops that compute the gradients of {@code loss}.
   *
   * @param outer what the loss is multiplied with before its entries are added up; null for ones
   * @param xs what to differentiate in: each counts as independent of the others
   * @param scope where the ops go
   * @return a gradient for each of {@code xs}, null where none flows
   * @throws IllegalArgumentException if an op on the way has no gradient
   * @throws org.tensorflow.exceptions.TensorFlowException if C++ finds so
   */
  public static Output<?>[] gradients(
      Output<?> loss, Output<?> outer, Output<?>[] xs, GraphScope scope) {
    return new Backpropagation(loss, xs, scope).write(outer, xs);
  }

  private List<GraphOperation> sources(GraphOperation op) {
    List<Output<?>> read = new ArrayList<>();
    List<GraphOperation> sources = new ArrayList<>();
    for (Operand<?> input : op.inputs()) {
      read.add(input.asOutput());
      if (!xs.contains(input.asOutput())) {
        sources.add((GraphOperation) input.op());
      }
    }
    inputs.put(op, read);
    return sources;
  }

  /** Whether a tensor is differentiated in, or computed from one that is. */
  private boolean isLive(Output<?> tensor) {
    return xs.contains(tensor) || live.contains((GraphOperation) tensor.op());
  }

  /** Whether C++ is to see a tensor as given. */
  private boolean isCut(Output<?> tensor) {
    return xs.contains(tensor) || own.containsKey((GraphOperation) tensor.op());
  }

  private Output<?>[] write(Output<?> outer, Output<?>[] wanted) {
    try (UncutStretch cpp = new UncutStretch(scope, this::isCut)) {
      for (GraphOperation op : live) {
        if (!own.containsKey(op)) {
          cpp.add(op, inputs.get(op));
        }
      }
      Map<Output<?>, Output<?>> ofLoss = new LinkedHashMap<>();
      ofLoss.put(loss, outer == null ? ones() : outer);
      backTo(cpp, ofLoss);
      for (List<GraphOperation> ready : lossFirst()) {
        Map<Output<?>, List<Output<?>>> gradients = new LinkedHashMap<>();
        ready.forEach(op -> through(op, gradients));
        Map<Output<?>, Output<?>> sums = new LinkedHashMap<>();
        gradients.forEach((tensor, parts) -> sums.put(tensor, sum(parts)));
        backTo(cpp, sums);
      }
    }
    Output<?>[] results = new Output<?>[wanted.length];
    for (int i = 0; i < wanted.length; i++) {
      results[i] = sum(contributions.get(wanted[i]));
    }
    return results;
  }

  private Output<?> ones() {
    return scope.ops().onesLike(Reals.<Operand<TNumber>>unchecked(loss)).asOutput();
  }

  /** The ops with gradients of ours: each group after all that is computed from its outputs. */
  private List<List<GraphOperation>> lossFirst() {
    List<GraphOperation> reversed = new ArrayList<>(live);
    java.util.Collections.reverse(reversed);
    Map<GraphOperation, Integer> ownBehind = new HashMap<>();
    List<List<GraphOperation>> groups = new ArrayList<>();
    for (GraphOperation op : reversed) {
      int behind = ownBehind.getOrDefault(op, 0);
      if (own.containsKey(op)) {
        while (groups.size() <= behind) {
          groups.add(new ArrayList<>());
        }
        groups.get(behind++).add(op);
      }
      for (Output<?> input : inputs.get(op)) {
        if (!xs.contains(input)) {
          ownBehind.merge((GraphOperation) input.op(), behind, Math::max);
        }
      }
    }
    return groups;
  }

  /** Goes back through one op by a gradient of ours. */
  private void through(GraphOperation op, Map<Output<?>, List<Output<?>>> gradients) {
    Output<?>[] ofOutputs = new Output<?>[op.numOutputs()];
    boolean flows = false;
    for (int i = 0; i < ofOutputs.length; i++) {
      ofOutputs[i] = sum(contributions.get(op.output(i)));
      flows |= ofOutputs[i] != null;
    }
    if (!flows) {
      return;
    }
    List<Output<?>> read = inputs.get(op);
    AtOp at =
        new AtOp(
            op,
            scope.withSubScope(op.type()).ops(),
            read,
            ofOutputs,
            i -> isLive(read.get(i)) && Reals.isFloating(read.get(i)));
    try {
      own.get(op).backprop(at);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "op \"" + op.name() + "\" (" + op.type() + ") " + e.getMessage(), e);
    }
    Output<?>[] ofInputs = at.given();
    for (int i = 0; i < ofInputs.length; i++) {
      if (ofInputs[i] != null) {
        gradients.computeIfAbsent(read.get(i), tensor -> new ArrayList<>()).add(ofInputs[i]);
      }
    }
  }

  /** Goes back from tensors, whose gradients are known, to where C++ has to stop. */
  private void backTo(UncutStretch cpp, Map<Output<?>, Output<?>> gradients) {
    Map<Output<?>, Output<?>> onward = new LinkedHashMap<>();
    gradients.forEach(
        (tensor, gradient) -> {
          if (isCut(tensor)) {
            contribute(tensor, gradient);
          } else if (isLive(tensor)) {
            onward.put(tensor, gradient);
          }
        });
    List<Output<?>> frontier = cutsBehind(onward.keySet());
    if (!frontier.isEmpty()) {
      Output<?>[] reached = cpp.gradients(onward, frontier);
      for (int i = 0; i < reached.length; i++) {
        if (reached[i] != null) {
          contribute(frontier.get(i), reached[i]);
        }
      }
    }
  }

  private void contribute(Output<?> tensor, Output<?> gradient) {
    contributions.computeIfAbsent(tensor, t -> new ArrayList<>()).add(gradient);
  }

  /** The first tensors on the way back that C++ is to see as given. */
  private List<Output<?>> cutsBehind(Set<Output<?>> tensors) {
    Set<Output<?>> cuts = new LinkedHashSet<>();
    Set<GraphOperation> seen = new HashSet<>();
    List<GraphOperation> todo = new ArrayList<>();
    tensors.forEach(tensor -> todo.add((GraphOperation) tensor.op()));
    while (!todo.isEmpty()) {
      GraphOperation op = todo.remove(todo.size() - 1);
      if (!seen.add(op)) {
        continue;
      }
      for (Output<?> input : inputs.get(op)) {
        if (isLive(input) && isCut(input)) {
          if (Reals.isFloating(input)) {
            cuts.add(input);
          }
        } else if (isLive(input)) {
          todo.add((GraphOperation) input.op());
        }
      }
    }
    return List.copyOf(cuts);
  }

  private Output<?> sum(List<Output<?>> parts) {
    if (parts == null || parts.isEmpty()) {
      return null;
    }
    List<Operand<TNumber>> operands = new ArrayList<>();
    parts.forEach(part -> operands.add(Reals.unchecked(part)));
    return new Reals(scope.ops()).inOrder(operands).asOutput();
  }
}
