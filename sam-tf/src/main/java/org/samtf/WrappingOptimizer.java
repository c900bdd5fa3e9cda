package org.samtf;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.samtf.internal.graph.Arguments;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Kernels;
import org.samtf.internal.graph.OpKinds;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.op.Op;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.family.TType;

/**
 * An optimizer around another one, which applies gradients of this one's making: once they are
 * finite, and in a defined order.
 */
abstract class WrappingOptimizer extends DelegatingOptimizer {

  final Optimizer base;

  /** The name scope of a step. */
  private final String scopeName;

  /** The outputs of a {@link Barrier} that gradients may come from. */
  private final Set<Output<?>> released = new HashSet<>();

  private final SlotNames slotNames = new SlotNames();

  /** The scope of the newest gradients. */
  private Optional<GraphScope> newest = Optional.empty();

  /**
   * An optimizer around {@code base}.
   *
   * @throws IllegalArgumentException if that was made for another graph, or is a SamOptimizer
   */
  WrappingOptimizer(Graph graph, Optimizer base, String scopeName) {
    super(graph, scopeName);
    this.base = base;
    this.scopeName = scopeName;
  }

  /** {@code base}, if it can be wrapped. */
  static Optimizer wrappable(Graph graph, Optimizer base) {
    Arguments.given(graph, "graph");
    Arguments.given(base, "base");
    if (base instanceof SamOptimizer) {
      throw new IllegalArgumentException(
          "base is a SamOptimizer, whose gradients would not be used; give the optimizer inside it");
    }
    if (base.getTF().scope().env() != graph) {
      throw new IllegalArgumentException(
          "base " + base.getOptimizerName() + " was made for another graph; make it for this one");
    }
    return base;
  }

  /** A scope for the gradients and the update of a new step. */
  final GraphScope newStep() {
    GraphScope scope = GraphScope.unique(graph, scopeName);
    newest = Optional.of(scope);
    return scope;
  }

  /** The gradients as TF-Java has them; they may be applied as they are. */
  final List<GradAndVar<?>> release(UpdateGradients update) {
    List<GradAndVar<?>> pairs = new ArrayList<>();
    for (int i = 0; i < update.variables.size(); i++) {
      pairs.add(pair(update.gradients.get(i), update.variables.get(i)));
    }
    released.addAll(update.gradients);
    return pairs;
  }

  @Override
  public Op minimize(Operand<?> loss, String name) {
    GraphScope.requireValid(Arguments.given(name, "name"));
    return super.minimize(loss, name);
  }

  /**
   * Adds the wrapped optimizer's update, as it would apply the gradients, in the order that {@link
   * OrderedOptimizer} describes.
   *
   * @param gradsAndVars pairs of gradient and variable
   * @param name the name of the op that is returned
   * @return the op that runs the step
   * @throws IllegalArgumentException if there is no gradient, or the name is no op name
   */
  @Override
  public Op applyGradients(List<GradAndVar<? extends TType>> gradsAndVars, String name) {
    Arguments.given(gradsAndVars, "gradsAndVars");
    GraphScope.requireValid(Arguments.given(name, "name"));
    GraphScope scope = newest.orElseGet(this::newStep).withSubScope("update");
    List<GradAndVar<? extends TType>> ready = new ArrayList<>();
    for (GradAndVar<? extends TType> pair : behindBarrier(scope, gradsAndVars)) {
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

  /**
   * A slot of the wrapped optimizer.
   *
   * @param variable the variable
   * @param slotName the slot's name
   * @param <T> the type of both
   * @return the slot, if there is one
   */
  @Override
  public <T extends TType> Optional<Variable<T>> getSlot(Output<T> variable, String slotName) {
    return base.getSlot(slotNames.known(variable), slotName);
  }

  private List<GradAndVar<? extends TType>> behindBarrier(
      GraphScope scope, List<GradAndVar<? extends TType>> gradsAndVars) {
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
    Barrier barrier =
        new Barrier(
            scope,
            gradients,
            Packing.of(!Kernels.hasGpu(), gradients, names),
            "gradient to apply",
            List.of(),
            List.of());
    List<GradAndVar<? extends TType>> pairs = new ArrayList<>();
    for (int i = 0; i < open.size(); i++) {
      pairs.add(pair(barrier.gradients().get(i), open.get(i).getVariable()));
    }
    return pairs;
  }

  /** Pairs a gradient with its variable; that their types agree is known only at run time. */
  private static GradAndVar<? extends TType> pair(Output<?> gradient, Output<?> variable) {
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
