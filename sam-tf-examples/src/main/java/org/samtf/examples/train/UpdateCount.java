package org.samtf.examples.train;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.samtf.examples.checkpoint.GraphVariables;
import org.tensorflow.DeviceSpec;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.TensorFlow;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TType;

/**
 * How many updates of the weights have begun. It is counted in the step, after all gradients are
 * there and before anything else is assigned: a step that failed and was not counted has changed
 * nothing.
 */
final class UpdateCount {

  static final String SHARED_NAME = "samtf_updates_begun";

  private final Graph graph;
  private final Ops tf;
  private final Variable<TInt64> count;

  /** How many steps were taken since the variables got their initial values. */
  private long taken;

  /**
   * Adds the count to a graph.
   *
   * @param device where it is
   */
  UpdateCount(Graph graph, DeviceSpec device) {
    this.graph = graph;
    tf =
        Ops.create(graph)
            .withSubScope(GraphVariables.NOT_SAVED)
            .withSubScope("updates")
            .withDevice(device);
    count = tf.withName("begun").variable(tf.constant(0L), Variable.sharedName(SHARED_NAME));
  }

  /** An optimizer whose updates are counted as they begin. */
  Optimizer around(Optimizer base) {
    return new Counted(base);
  }

  /** A step was taken. */
  void addTaken() {
    taken++;
  }

  /** Whether an update has begun of a step that was not taken. */
  boolean hasStray(Session session) {
    return begun(session) != taken;
  }

  /**
   * Sees to it that none has.
   *
   * @throws StrayUpdateException if one has
   */
  void requireNoStray(Session session) {
    long begun = begun(session);
    if (begun != taken) {
      throw new StrayUpdateException(begun, taken);
    }
  }

  /** How many have begun since the variables got their initial values. */
  long begun(Session session) {
    try (Result result = session.runner().fetch(count).run()) {
      return ((TInt64) result.get(0)).getLong();
    }
  }

  /** Whether whatever assigns in a step comes after its count. */
  boolean precedesAllOf(Op step) {
    Set<GraphOperation> ops = new HashSet<>();
    Map<GraphOperation, List<GraphOperation>> after = new HashMap<>();
    Deque<GraphOperation> todo = new ArrayDeque<>(List.of((GraphOperation) step.op()));
    while (!todo.isEmpty()) {
      GraphOperation op = todo.remove();
      if (ops.add(op)) {
        List<GraphOperation> before = new ArrayList<>();
        for (Operand<?> input : op.inputs()) {
          before.add((GraphOperation) input.op());
        }
        op.controlInputs().forEach(before::add);
        before.forEach(b -> after.computeIfAbsent(b, k -> new ArrayList<>()).add(op));
        todo.addAll(before);
      }
    }
    Set<String> assigning = assigningTypes();
    Set<GraphOperation> counted = new HashSet<>();
    for (GraphOperation op : ops) {
      if (assigning.contains(op.type()) && op.input(0).op().equals(count.op())) {
        todo.add(op);
      }
    }
    while (!todo.isEmpty()) {
      GraphOperation op = todo.remove();
      if (counted.add(op)) {
        todo.addAll(after.getOrDefault(op, List.of()));
      }
    }
    return ops.stream().filter(op -> assigning.contains(op.type())).allMatch(counted::contains);
  }

  /** Those that take a variable itself, and not its value. */
  private static Set<String> assigningTypes() {
    Set<String> types = new HashSet<>();
    for (var op : TensorFlow.registeredOpList().getOpList()) {
      if (op.getInputArgList().stream().anyMatch(input -> input.getIsRef())) {
        types.add(op.getName());
      }
    }
    return types;
  }

  private final class Counted extends Optimizer {
    private final Optimizer base;

    Counted(Optimizer base) {
      super(UpdateCount.this.graph, "Counted");
      this.base = base;
    }

    @Override
    public Op applyGradients(List<GradAndVar<? extends TType>> gradsAndVars, String name) {
      List<GradAndVar<? extends TType>> open = new ArrayList<>();
      for (GradAndVar<? extends TType> pair : gradsAndVars) {
        // TF-Java pairs a variable that no gradient flows to with a closed output.
        if (!pair.getGradient().isClosed()) {
          open.add(pair);
        }
      }
      List<Operand<?>> gradients = new ArrayList<>();
      open.forEach(pair -> gradients.add(pair.getGradient()));
      Op begun =
          UpdateCount.this
              .tf
              .withControlDependencies(new ArrayList<Op>(gradients))
              .assignAdd(count, UpdateCount.this.tf.constant(1L));
      Ops scope = Ops.create(graph).withSubScope(GraphVariables.NOT_SAVED);
      List<Output<?>> counted = scope.withControlDependencies(begun).identityN(gradients).output();
      List<GradAndVar<? extends TType>> pairs = new ArrayList<>();
      for (int i = 0; i < open.size(); i++) {
        pairs.add(pair(counted.get(i), open.get(i).getVariable()));
      }
      return base.applyGradients(pairs, name);
    }

    @SuppressWarnings("unchecked")
    private GradAndVar<TType> pair(Output<?> gradient, Output<?> variable) {
      return new GradAndVar<>((Output<TType>) gradient, (Output<TType>) variable);
    }

    @Override
    public <T extends TType> Optional<Variable<T>> getSlot(Output<T> variable, String slotName) {
      return base.getSlot(variable, slotName);
    }

    @Override
    protected <T extends TType> Op applyDense(
        Ops dependencies, Output<T> gradient, Output<T> variable) {
      throw new UnsupportedOperationException("the optimizer inside applies the gradients");
    }

    @Override
    public String getOptimizerName() {
      return "Counted" + base.getOptimizerName();
    }
  }
}
