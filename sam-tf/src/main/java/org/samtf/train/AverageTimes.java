package org.samtf.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.samtf.internal.graph.GraphScope;
import org.tensorflow.Operand;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.SwitchCond;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.family.TNumber;

/**
 * The steps after which weights are averaged: from one on, each or every few. In the others nothing
 * is computed.
 */
final class AverageTimes {

  private final long first;
  private final long every;

  AverageTimes(long first, long every) {
    this.first = first;
    this.every = every;
  }

  /** The number of the first step after which weights are averaged, from 1. */
  long first() {
    return first;
  }

  /** As one step has it. */
  final class InStep {
    private final GraphScope scope;
    private final Optional<Operand<TBool>> isTaken;

    /** Which weights these are, of those that are averaged, counted from 1. */
    final Operand<TFloat64> number;

    /**
     * Adds the ops that tell.
     *
     * @param scope where they go
     * @param steps how many steps were taken before this one and with it
     */
    InStep(GraphScope scope, Operand<TFloat64> steps) {
      this.scope = scope;
      if (first == 1 && every == 1) {
        number = steps;
        isTaken = Optional.empty();
        return;
      }
      Ops tf = scope.ops();
      Operand<TFloat64> since = tf.math.sub(steps, tf.constant((double) first));
      Operand<TFloat64> length = tf.constant((double) every);
      Operand<TFloat64> before = tf.math.floor(tf.math.div(since, length));
      number = tf.math.add(before, tf.constant(1.0));
      isTaken =
          Optional.of(
              tf.math.logicalAnd(
                  tf.math.greaterEqual(since, tf.constant(0.0)),
                  tf.math.equal(tf.math.mul(before, length), since)));
    }

    /** What is there only in a step after which weights are averaged. */
    Operand<TNumber> in(Ops tf, Operand<TNumber> x) {
      return isTaken.isPresent() ? tf.switchCond(x, isTaken.get()).outputTrue() : x;
    }

    /** Ops that are over in each step: when some are that run in these steps only. */
    List<Op> over(List<Op> inside) {
      if (isTaken.isEmpty()) {
        return new ArrayList<>(inside);
      }
      Ops tf = scope.ops();
      SwitchCond<TBool> taken = tf.switchCond(isTaken.get(), isTaken.get());
      Operand<TBool> averaged =
          tf.withControlDependencies(List.copyOf(inside)).identity(taken.outputTrue());
      Op over = tf.withName("over").merge(List.of(averaged, taken.outputFalse())).output();
      return new ArrayList<>(List.of(over));
    }
  }
}
