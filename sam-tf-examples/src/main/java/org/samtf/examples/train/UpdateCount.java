package org.samtf.examples.train;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
 *
 * <p>Where the weights are on several machines, each of these counts those of its own.
 */
final class UpdateCount {

  static final String SHARED_NAME = "samtf_updates_begun";

  private static final Pattern DEVICE =
      Pattern.compile("/job:(\\w+)/replica:0/task:(\\d+)/device:(CPU|GPU):(\\d+)");

  private final Graph graph;

  /** By the task that counts, as the names of its devices begin. */
  private final Map<String, Count> counts = new LinkedHashMap<>();

  /** How many steps were taken since the variables got their initial values. */
  private long taken;

  /** The count of a task. */
  private static final class Count {
    final Ops tf;
    final Variable<TInt64> begun;

    /** Whether variables are there. */
    private boolean isUsed;

    Count(Ops tf) {
      this.tf = tf;
      begun = tf.withName("begun").variable(tf.constant(0L), Variable.sharedName(SHARED_NAME));
    }

    /** Counts an update when its gradients are there. */
    Op after(List<Op> gradients) {
      isUsed = true;
      return tf.withControlDependencies(gradients).assignAdd(begun, tf.constant(1L));
    }
  }

  /**
   * Adds the count to a graph.
   *
   * @param devices of the tasks that may have variables; variables without a device are on the
   *     first
   */
  UpdateCount(Graph graph, List<DeviceSpec> devices) {
    this.graph = graph;
    Ops tf = Ops.create(graph).withSubScope(GraphVariables.NOT_SAVED).withSubScope("updates");
    for (DeviceSpec device : devices) {
      counts.put(task(device.toString()), new Count(tf.withDevice(device)));
    }
  }

  private static String task(String device) {
    int end = device.indexOf("/device:");
    return end < 0 ? device : device.substring(0, end);
  }

  /** Ops on a device of a task; {@code tf} for any other device. */
  private static Ops on(Ops tf, String device) {
    Matcher matcher = DEVICE.matcher(device);
    return !matcher.matches()
        ? tf
        : tf.withDevice(
            DeviceSpec.newBuilder()
                .job(matcher.group(1))
                .replica(0)
                .task(Integer.parseInt(matcher.group(2)))
                .deviceType(DeviceSpec.DeviceType.valueOf(matcher.group(3)))
                .deviceIndex(Integer.parseInt(matcher.group(4)))
                .build());
  }

  private Count of(String device) {
    return counts.getOrDefault(task(device), counts.values().iterator().next());
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

  /**
   * How many have begun since the variables got their initial values; of several counts the one
   * that is farthest from the steps taken.
   */
  long begun(Session session) {
    Session.Runner runner = session.runner();
    List<Count> used = counts.values().stream().filter(count -> count.isUsed).toList();
    if (used.isEmpty()) {
      return 0;
    }
    used.forEach(count -> runner.fetch(count.begun));
    long farthest = taken;
    try (Result result = runner.run()) {
      for (int i = 0; i < used.size(); i++) {
        long begun = ((TInt64) result.get(i)).getLong();
        farthest = Math.abs(begun - taken) > Math.abs(farthest - taken) ? begun : farthest;
      }
    }
    return farthest;
  }

  /** Whether whatever assigns in a step comes after its count, and all is on one task. */
  boolean precedesAllOf(Op step) {
    List<Count> used = counts.values().stream().filter(count -> count.isUsed).toList();
    if (used.size() != 1 || used.get(0) != of("")) {
      // A task that is started anew does not have what was there.
      return false;
    }
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
      if (assigning.contains(op.type()) && op.input(0).op().equals(used.get(0).begun.op())) {
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
      Map<Count, List<Op>> byCount = new LinkedHashMap<>();
      Map<String, List<GradAndVar<? extends TType>>> byDevice = new LinkedHashMap<>();
      for (GradAndVar<? extends TType> pair : open) {
        String device = device(pair);
        byCount.computeIfAbsent(of(device), c -> new ArrayList<>()).add(pair.getGradient());
        byDevice.computeIfAbsent(device, d -> new ArrayList<>()).add(pair);
      }
      Map<Count, Op> begun = new HashMap<>();
      byCount.forEach((count, gradients) -> begun.put(count, count.after(gradients)));
      List<GradAndVar<? extends TType>> pairs = new ArrayList<>();
      byDevice.forEach(
          (device, ofDevice) -> pairs.addAll(after(begun.get(of(device)), device, ofDevice)));
      return base.applyGradients(pairs, name);
    }

    private String device(GradAndVar<?> pair) {
      return ((GraphOperation) pair.getGradient().op()).device();
    }

    /** Gradients that are there when the task that has their variables has counted. */
    private List<GradAndVar<? extends TType>> after(
        Op begun, String device, List<GradAndVar<? extends TType>> ofDevice) {
      List<Operand<?>> gradients = new ArrayList<>();
      ofDevice.forEach(pair -> gradients.add(pair.getGradient()));
      Ops scope = Ops.create(graph).withSubScope(GraphVariables.NOT_SAVED);
      List<Output<?>> counted =
          on(scope, device).withControlDependencies(begun).identityN(gradients).output();
      List<GradAndVar<? extends TType>> pairs = new ArrayList<>();
      for (int i = 0; i < counted.size(); i++) {
        pairs.add(pair(counted.get(i), ofDevice.get(i).getVariable()));
      }
      return pairs;
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
