package org.samtf;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.OpKinds;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Output;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.framework.optimizers.Optimizer.GradAndVar;
import org.tensorflow.op.Op;
import org.tensorflow.types.family.TType;

/** The last part of a step: the wrapped optimizer applies gradients, in a defined order. */
final class Update {

  private Update() {}

  /**
   * Adds the update.
   *
   * @param scope where ops of ours go
   * @param released the outputs of a {@link Barrier} that gradients may come from
   * @param slotNames what the optimizer is given for each variable
   * @param name the name of the op that runs the step
   * @return the op that runs the step
   */
  static Op apply(
      GraphScope scope,
      Optimizer base,
      List<GradAndVar<? extends TType>> gradsAndVars,
      Set<Output<?>> released,
      SlotNames slotNames,
      String name) {
    Graph graph = scope.env();
    GraphScope.requireValid(name);
    List<GradAndVar<? extends TType>> ready = new ArrayList<>();
    for (GradAndVar<? extends TType> pair : behindBarrier(scope, gradsAndVars, released)) {
      ready.add(pair(pair.getGradient(), slotNames.alias(scope, pair.getVariable())));
    }
    Set<GraphOperation> barrier = new HashSet<>();
    ready.forEach(pair -> barrier.add((GraphOperation) pair.getGradient().op()));

    Op mark = scope.ops().withName("begin").noOp();
    Op updates = base.applyGradients(ready, name + "-updates");
    List<GraphOperation> steps =
        UpdateOrder.order(scope, barrier, opsSince(graph, mark), (GraphOperation) updates.op());
    return trainOp(scope, name, steps);
  }

  private static List<GradAndVar<? extends TType>> behindBarrier(
      GraphScope scope, List<GradAndVar<? extends TType>> gradsAndVars, Set<Output<?>> released) {
    List<GradAndVar<? extends TType>> open = new ArrayList<>();
    boolean ready = true;
    for (GradAndVar<? extends TType> pair : gradsAndVars) {
      // TF-Java pairs a variable that no gradient flows to with a closed output.
      if (!pair.getGradient().isClosed()) {
        open.add(pair);
        ready &= released.contains(pair.getGradient());
      }
    }
    if (open.isEmpty()) {
      throw new IllegalArgumentException("there is no gradient to apply");
    }
    if (ready) {
      return open;
    }
    List<Output<?>> gradients = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (GradAndVar<? extends TType> pair : open) {
      gradients.add(pair.getGradient());
      names.add(pair.getVariable().op().name());
    }
    Barrier barrier = new Barrier(scope, gradients, names, "gradient to apply", List.of());
    List<GradAndVar<? extends TType>> pairs = new ArrayList<>();
    for (int i = 0; i < open.size(); i++) {
      pairs.add(pair(barrier.gradients().get(i), open.get(i).getVariable()));
    }
    return pairs;
  }

  /** Pairs a gradient with its variable; that their types agree is known only at run time. */
  static GradAndVar<? extends TType> pair(Output<?> gradient, Output<?> variable) {
    return new GradAndVar<TType>(Reals.unchecked(gradient), Reals.unchecked(variable));
  }

  private static List<GraphOperation> opsSince(Graph graph, Op mark) {
    List<GraphOperation> since = new ArrayList<>();
    boolean[] marked = {false};
    graph
        .operations()
        .forEachRemaining(
            op -> {
              if (marked[0]) {
                since.add(op);
              }
              marked[0] |= op.equals(mark.op());
            });
    return since;
  }

  private static Op trainOp(GraphScope scope, String name, List<GraphOperation> steps) {
    Graph graph = scope.env();
    String free = name;
    for (int i = 1; graph.operation(free) != null; i++) {
      free = name + "_" + i;
    }
    GraphOperation train =
        graph
            .opBuilder(OpKinds.NO_OP, free, scope.withControlDependencyOps(new ArrayList<>(steps)))
            .build();
    return () -> train;
  }
}
