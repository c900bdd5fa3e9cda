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
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TType;

/**
 * An optimizer around another one, which applies gradients of this one's making: once they are
 * finite, and in a defined order.
 */
abstract class WrappingOptimizer extends DelegatingOptimizer {

  final Optimizer base;

  final FiniteRule finiteRule;

  /** The name scope of a step. */
  private final String scopeName;

  /** The outputs of a {@link Barrier} that gradients may come from. */
  private final Set<Output<?>> released = new HashSet<>();

  private final SlotNames slotNames = new SlotNames();

  /** The scope of the newest gradients. */
  private Optional<GraphScope> newest = Optional.empty();

  /** The newest step, if it may be skipped. */
  private Optional<SkippableStep> skippable = Optional.empty();

  /** The update that was written before its gradients. */
  private Optional<UpdateAhead> ahead = Optional.empty();

  /**
   * An optimizer around {@code base}.
   *
   * @param finiteRule what its steps do about gradients that are not finite
   * @throws IllegalArgumentException if that was made for another graph, or is a SamOptimizer
   */
  WrappingOptimizer(Graph graph, Optimizer base, String scopeName, FiniteRule finiteRule) {
    super(graph, scopeName);
    this.finiteRule = finiteRule;
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
    skippable =
        finiteRule.skips() ? Optional.of(new SkippableStep(scope, finiteRule)) : Optional.empty();
    ahead = Optional.empty();
    return scope;
  }

  /** The scale of the loss of the newest step, if it has one. */
  final Optional<LossScale> scaleOfLoss() {
    return skippable.flatMap(step -> step.lossScale);
  }

  /**
   * Has the wrapped optimizer write its update of some variables before there are gradients, so
   * that its slots are there to be read. {@link #applyGradients} makes the update of it.
   */
  final void writeAhead(List<Output<?>> variables) {
    GraphScope scope = newest.orElseThrow().withSubScope("update");
    List<Output<?>> named = new ArrayList<>();
    variables.forEach(variable -> named.add(slotNames.alias(scope, variable)));
    ahead = Optional.of(UpdateAhead.write(base, scope.withSubScope("ahead"), named));
  }

  /**
   * What else a step does with its update.
   *
   * @param at where to add ops
   * @param after what they come after: the gradients are there and finite
   */
  List<Op> besidesUpdate(GraphScope at, List<Op> after) {
    return List.of();
  }

  /** The gradients as TF-Java has them; they may be applied as they are. */
  final List<GradAndVar<?>> release(UpdateGradients update) {
    List<GradAndVar<?>> pairs = new ArrayList<>();
    for (int i = 0; i < update.variables.size(); i++) {
      pairs.add(pair(update.gradients.get(i), update.variables.get(i)));
    }
    released.addAll(update.gradients);
    skippable.ifPresent(step -> step.computed(update.finite));
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
    if (newest.isEmpty() && finiteRule.lossScaling.isPresent()) {
      throw new IllegalArgumentException(
          "a loss scale is given, but the gradients are not of this optimizer's computeGradients;"
              + " use that, or build without a loss scale");
    }
    GraphScope scope = newest.orElseGet(this::newStep).withSubScope("update");
    List<GradAndVar<? extends TType>> applied = behindBarrier(scope, gradsAndVars);
    if (skippable.isPresent()) {
      applied = skippable.get().ifTaken(applied);
    }
    List<GradAndVar<? extends TType>> ready = new ArrayList<>();
    for (GradAndVar<? extends TType> pair : applied) {
      ready.add(pair(pair.getGradient(), slotNames.alias(scope, pair.getVariable())));
    }
    Set<GraphOperation> barrier = new HashSet<>();
    ready.forEach(pair -> barrier.add((GraphOperation) pair.getGradient().op()));

    Written written = written(scope, ready, name + "-updates");
    List<GraphOperation> steps =
        new ArrayList<>(UpdateOrder.order(scope, barrier, written.ops, written.update));
    List<Op> after = new ArrayList<>();
    barrier.forEach(op -> after.add(() -> op));
    besidesUpdate(scope, after).forEach(op -> steps.add((GraphOperation) op.op()));
    return trainOp(scope, name, skippable.map(step -> step.end(steps)).orElse(steps));
  }

  /**
   * Whether a step whose gradient is not finite is skipped: with {@link NotFinite#SKIP}, or a loss
   * scale.
   *
   * @return false if it fails
   */
  public final boolean skipsSteps() {
    return finiteRule.skips();
  }

  /**
   * Whether the newest step is skipped, a scalar: for {@link NotFinite#SKIP}. Fetch it in the run
   * of the train op.
   *
   * @return true if a gradient is not finite
   * @throws IllegalStateException before {@code minimize} or {@code computeGradients}, or if steps
   *     are not skipped but fail
   */
  public final Operand<TBool> skipped() {
    return skippableStep()
        .skipped()
        .orElseThrow(
            () -> new IllegalStateException("there is no gradient yet; call minimize(loss)"));
  }

  /**
   * How many runs of the newest step were skipped, a scalar: for {@link NotFinite#SKIP}. In the run
   * of the train op it is the number before that run. It is kept in a variable, which is saved and
   * exported with the others.
   *
   * @return the number of steps in which a gradient was not finite
   * @throws IllegalStateException as {@link #skipped} does
   */
  public final Operand<TInt64> skippedSteps() {
    return skippableStep().skippedBefore;
  }

  /**
   * The scale of the loss of the newest step, a scalar. In the run of the train op it is that which
   * the run uses. A dynamic one is kept in variables, which are saved and exported with the others.
   *
   * @return S, a power of two
   * @throws IllegalStateException before {@code minimize} or {@code computeGradients}, or if the
   *     loss is not scaled
   */
  public final Operand<TFloat32> lossScale() {
    return scaleOfLoss()
        .orElseThrow(
            () ->
                new IllegalStateException(
                    finiteRule.lossScaling.isPresent()
                        ? "there is no step yet; call minimize(loss) first"
                        : "the loss is not scaled; build with lossScale or dynamicLossScale"))
        .value;
  }

  private SkippableStep skippableStep() {
    return skippable.orElseThrow(
        () ->
            new IllegalStateException(
                finiteRule.skips()
                    ? "there is no step yet; call minimize(loss) first"
                    : "steps fail if a gradient is not finite; build with notFinite(SKIP) to skip"
                        + " them"));
  }

  /** The ops of an update as the wrapped optimizer wrote them, and the one that runs it. */
  static final class Written {
    final List<GraphOperation> ops;
    final GraphOperation update;

    Written(List<GraphOperation> ops, GraphOperation update) {
      this.ops = ops;
      this.update = update;
    }

    /** Has an optimizer write its update. */
    static Written by(
        Optimizer optimizer,
        GraphScope scope,
        List<GradAndVar<? extends TType>> gradients,
        String name) {
      Op mark = scope.ops().withName("begin").noOp();
      Op update = optimizer.applyGradients(gradients, name);
      return new Written(opsSince(scope.env(), mark), (GraphOperation) update.op());
    }
  }

  private Written written(
      GraphScope scope, List<GradAndVar<? extends TType>> gradients, String name) {
    Optional<UpdateAhead> prepared = ahead.filter(update -> update.isOf(gradients));
    ahead = Optional.empty();
    return prepared.isPresent()
        ? prepared.get().with(gradients, scope)
        : Written.by(base, scope, gradients, name);
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
    return slotOfBase(variable, slotName);
  }

  final <T extends TType> Optional<Variable<T>> slotOfBase(Output<T> variable, String slotName) {
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
            finiteRule.notFinite,
            List.of(),
            List.of());
    skippable.ifPresent(step -> step.applied(barrier.finite()));
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
