package org.samtf;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Places;
import org.samtf.internal.graph.Reals;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TNumber;
import org.tensorflow.types.family.TType;

/**
 * What a step keeps for the steps to come: variables of its own, which only its update assigns.
 *
 * <p>New values are computed before the update, and assigned with it: a step that fails keeps
 * nothing.
 */
final class StepState {

  /** When an assignment is made: in all steps, or in those of one kind. */
  private enum When {
    ALWAYS,
    ACTIVE,
    PASSIVE
  }

  private static final class Assignment {
    final Variable<?> slot;
    final Operand<?> value;
    final When when;

    Assignment(Variable<?> slot, Operand<?> value, When when) {
      this.slot = slot;
      this.value = value;
      this.when = when;
    }
  }

  private final GraphScope scope;
  private final Map<String, Variable<TFloat64>> scalars = new LinkedHashMap<>();

  /** By the name of a slot, then by variable. */
  private final Map<String, Map<Output<?>, Variable<TNumber>>> vectors = new LinkedHashMap<>();

  private final List<Assignment> assignments = new ArrayList<>();

  /** What several replicas are to keep under one name. */
  private final Map<String, Map<Output<?>, DeviceSums>> ofReplicas = new LinkedHashMap<>();

  private final Map<String, DeviceSums> scalarsOfReplicas = new LinkedHashMap<>();

  private Optional<Operand<TInt64>> steps = Optional.empty();
  private Optional<Operand<TInt64>> ascents = Optional.empty();

  /**
   * No state yet.
   *
   * @param scope where the variables go
   */
  StepState(GraphScope scope) {
    this.scope = scope;
  }

  /** How many steps were taken before this one, a scalar. */
  Operand<TInt64> steps() {
    return steps.orElseGet(
        () -> {
          Ops tf = scope.ops();
          Variable<TInt64> counter = tf.withName("steps").variable(tf.constant(0L));
          // A copy: the counter's own memory changes with the update.
          Operand<TInt64> next = tf.math.add(counter, tf.constant(1L));
          Operand<TInt64> now = tf.math.sub(next, tf.constant(1L));
          assignments.add(new Assignment(counter, next, When.ALWAYS));
          steps = Optional.of(now);
          return now;
        });
  }

  /** How many steps with a second pass were taken before this one, a scalar. */
  Operand<TInt64> ascents(Gate gate) {
    if (gate.isOpen()) {
      return steps();
    }
    return ascents.orElseGet(
        () -> {
          Ops tf = scope.ops();
          Variable<TInt64> counter = tf.withName("ascents").variable(tf.constant(0L));
          Operand<TInt64> inPart = gate.enter(counter, "");
          // A copy: the counter's own memory changes with the update.
          Operand<TInt64> next = tf.math.add(inPart, tf.constant(1L));
          Operand<TInt64> now = tf.math.sub(next, tf.constant(1L));
          assignments.add(new Assignment(counter, next, When.ACTIVE));
          ascents = Optional.of(now);
          return now;
        });
  }

  /** A number that was kept; 0 before. */
  Operand<TFloat64> scalar(String name) {
    Ops tf = scope.ops();
    return scalars.computeIfAbsent(name, n -> tf.withName(n).variable(tf.constant(0.0)));
  }

  /** Keeps a number in each step. */
  void keep(String name, Operand<TFloat64> value) {
    keep(name, value, When.ALWAYS);
  }

  /**
   * Keeps a number.
   *
   * @param inActive whether in steps with a second pass, or in the others
   */
  void keep(String name, Operand<TFloat64> value, boolean inActive) {
    keep(name, value, inActive ? When.ACTIVE : When.PASSIVE);
  }

  private void keep(String name, Operand<TFloat64> value, When when) {
    scalar(name);
    assignments.add(new Assignment(scalars.get(name), value, when));
  }

  /** What was kept for a variable; zeros before. */
  Variable<TNumber> slot(String name, Output<?> variable) {
    return vectors
        .computeIfAbsent(name, n -> new LinkedHashMap<>())
        .computeIfAbsent(variable, v -> write(name, v));
  }

  private Variable<TNumber> write(String name, Output<?> variable) {
    Ops tf = scope.withDeviceString(((GraphOperation) variable.op()).device()).ops();
    Operand<TNumber> zeros =
        tf.zeros(tf.constant(variable.shape().asArray()), Reals.computeType(variable));
    return tf.withName(variable.op().name() + "-" + name).variable(zeros);
  }

  /** A slot of a variable, if there is one of that name. */
  <T extends TType> Optional<Variable<T>> slotOf(Output<T> variable, String name) {
    return Optional.ofNullable(vectors.getOrDefault(name, Map.of()).get(variable))
        .map(Reals::unchecked);
  }

  /** Keeps the mean of what replicas give, in steps with a second pass. */
  void keepMean(GraphScope at, String name, Output<?> variable, Operand<TNumber> value) {
    slot(name, variable);
    ofReplicas
        .computeIfAbsent(name, n -> new HashMap<>())
        .computeIfAbsent(variable, v -> new DeviceSums())
        .add(at, value.asOutput());
  }

  /** Keeps the mean of what replicas give, in steps with a second pass. */
  void keepMean(GraphScope at, String name, Operand<TFloat64> value) {
    scalar(name);
    scalarsOfReplicas.computeIfAbsent(name, n -> new DeviceSums()).add(at, value.asOutput());
  }

  /**
   * Keeps a value.
   *
   * @param inActive whether in steps with a second pass, or in the others
   */
  void keep(String name, Output<?> variable, Operand<TNumber> value, boolean inActive) {
    assignments.add(
        new Assignment(slot(name, variable), value, inActive ? When.ACTIVE : When.PASSIVE));
  }

  /**
   * Has the means over all replicas made.
   *
   * @param groups how many have given a value under each name
   */
  void finishMeans(int groups) {
    ofReplicas.forEach(
        (name, byVariable) ->
            byVariable.forEach(
                (variable, sums) -> {
                  Reals reals = new Reals(Places.on(scope.ops(), GraphStep.device(variable)));
                  keep(name, variable, sums.times(reals, 1.0 / groups), true);
                }));
    ofReplicas.clear();
    Reals reals = new Reals(scope.ops());
    scalarsOfReplicas.forEach(
        (name, sums) -> keep(name, Reals.unchecked(sums.times(reals, 1.0 / groups)), true));
    scalarsOfReplicas.clear();
  }

  /** What has to be computed before anything is assigned. */
  List<Op> values(Gate gate) {
    List<Op> always = new ArrayList<>();
    List<Op> active = new ArrayList<>();
    List<Op> passive = new ArrayList<>();
    for (Assignment assignment : assignments) {
      of(assignment.when, always, active, passive).add(assignment.value);
    }
    always.addAll(gate.over(active, passive));
    return always;
  }

  /**
   * Adds the ops that assign.
   *
   * @param after what they come after
   * @return ops that are over in each step
   */
  List<Op> assign(GraphScope at, Gate gate, List<? extends Op> after) {
    List<Op> always = new ArrayList<>();
    List<Op> active = new ArrayList<>();
    List<Op> passive = new ArrayList<>();
    for (Assignment assignment : assignments) {
      String device = ((GraphOperation) assignment.slot.op()).device();
      Ops tf = at.withDeviceString(device).withControlDependencies(List.copyOf(after)).ops();
      Op assigned =
          tf.withName("keep")
              .assign(
                  Reals.<Operand<TType>>unchecked(assignment.slot),
                  Reals.<Operand<TType>>unchecked(assignment.value));
      of(assignment.when, always, active, passive).add(assigned);
    }
    always.addAll(gate.over(active, passive));
    return always;
  }

  private static List<Op> of(When when, List<Op> always, List<Op> active, List<Op> passive) {
    switch (when) {
      case ALWAYS:
        return always;
      case ACTIVE:
        return active;
      default:
        return passive;
    }
  }
}
