package org.samtf;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.SwitchCond;
import org.tensorflow.types.TBool;
import org.tensorflow.types.family.TNumber;
import org.tensorflow.types.family.TType;

/**
 * The part of a step that is run only if a condition holds: the second pass.
 *
 * <p>What is computed from a tensor that went through the gate is not run in the other steps, and
 * neither is what waits for that: so whatever is to go on in both kinds of steps has to leave the
 * part through the gate again.
 */
final class Gate {

  private final GraphScope scope;

  /** Whether the part is run; null if it always is. */
  private final Operand<TBool> isActive;

  private final Map<List<?>, SwitchCond<TType>> switches = new HashMap<>();

  private Gate(GraphScope scope, Operand<TBool> isActive) {
    this.scope = scope;
    this.isActive = isActive;
  }

  /** The part is run in each step. */
  static Gate open() {
    return new Gate(null, null);
  }

  /**
   * The part is run in some steps.
   *
   * @param scope where the gate's own ops go
   * @param isActive whether it is run, a scalar
   */
  static Gate where(GraphScope scope, Operand<TBool> isActive) {
    return new Gate(scope, isActive);
  }

  boolean isOpen() {
    return isActive == null;
  }

  /** Whether the part is run. */
  Operand<TBool> isActive(Ops tf) {
    return isOpen() ? tf.constant(true) : isActive;
  }

  /**
   * A tensor as the part reads it.
   *
   * @param device where it is
   */
  <T extends TType> Operand<T> enter(Operand<T> x, String device) {
    return isOpen() ? x : Reals.unchecked(at(x, device).outputTrue());
  }

  List<Operand<TNumber>> enter(List<? extends Operand<?>> xs, String device) {
    List<Operand<TNumber>> entered = new ArrayList<>();
    xs.forEach(x -> entered.add(enter(Reals.<Operand<TNumber>>unchecked(x), device)));
    return entered;
  }

  /** A tensor as what is run in place of the part reads it. */
  <T extends TType> Operand<T> pass(Operand<T> x, String device) {
    return Reals.unchecked(at(x, device).outputFalse());
  }

  /**
   * What comes out of the part, or of what is run in its place.
   *
   * @param tf where the op goes
   * @param inside computed in the part
   * @param outside computed from what {@link #pass} gave
   */
  <T extends TType> Operand<T> leave(Ops tf, Operand<T> inside, Operand<T> outside) {
    return tf.merge(List.of(inside, outside)).output();
  }

  /** What is computed in the part; NaN if it is not run. */
  Operand<TNumber> leaveOrNaN(Ops tf, String name, Operand<TNumber> inside) {
    if (isOpen()) {
      return tf.withName(name).identity(inside);
    }
    Operand<TNumber> nan = tf.dtypes.cast(tf.constant(Float.NaN), inside.type());
    return leave(tf.withName(name), inside, tf.switchCond(nan, isActive).outputFalse());
  }

  /** Whether all of some conditions of the part hold; they do if it is not run. */
  Operand<TBool> allHold(Ops tf, List<Operand<TBool>> inside) {
    Operand<TBool> all = inside.get(0);
    for (Operand<TBool> other : inside.subList(1, inside.size())) {
      all = tf.math.logicalAnd(all, other);
    }
    return isOpen() ? all : leave(tf, all, pass(tf.constant(true), ""));
  }

  /** Ops that are over when all of some of the part are, or when it is not run. */
  List<Op> over(List<? extends Op> inside) {
    return over(inside, List.of());
  }

  /**
   * As above, with ops that are run in the other steps.
   *
   * @param outside in the place of the part
   */
  List<Op> over(List<? extends Op> inside, List<? extends Op> outside) {
    if (isOpen()) {
      return List.copyOf(inside);
    }
    if (inside.isEmpty() && outside.isEmpty()) {
      return List.of();
    }
    Ops tf = scope.ops();
    SwitchCond<TBool> taken = tf.switchCond(isActive, isActive);
    Operand<TBool> one =
        tf.withControlDependencies(List.copyOf(inside)).identity(taken.outputTrue());
    Operand<TBool> other =
        tf.withControlDependencies(List.copyOf(outside)).identity(taken.outputFalse());
    return List.of(tf.withName("over").merge(List.of(one, other)).output());
  }

  private SwitchCond<TType> at(Operand<?> x, String device) {
    Output<?> output = x.asOutput();
    return switches.computeIfAbsent(
        List.of(output, device),
        key ->
            scope
                .withDeviceString(device)
                .ops()
                .switchCond(Reals.<Operand<TType>>unchecked(output), isActive));
  }
}
