package org.samtf;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TNumber;

/**
 * The scale S of a step's loss.
 *
 * <pre>
 * scaled      S as what the gradient of the loss begins with, which is the gradient of S·L
 * unscaled    the gradient, in float32 at least, divided by S
 * </pre>
 *
 * <p>The losses themselves are not multiplied: what can overflow are gradients.
 */
final class LossScale {

  private static final float GROWTH = 2;
  private static final float BACKOFF = 0.5f;
  private static final float LEAST = 1;

  /** S. */
  final Operand<TFloat32> value;

  /** 1/S. */
  private final Operand<TFloat32> reciprocal;

  /** What is kept after a step that was taken, and after one that was skipped. */
  private final Map<Variable<?>, Operand<?>> keptIfTaken = new LinkedHashMap<>();

  private final Map<Variable<?>, Operand<?>> keptIfSkipped = new LinkedHashMap<>();

  private LossScale(Ops tf, Operand<TFloat32> value) {
    this.value = value;
    this.reciprocal = tf.math.div(tf.constant(1f), value);
  }

  static LossScale fixed(GraphScope scope, float scale) {
    Ops tf = scope.ops();
    return new LossScale(tf, tf.withName("lossScale").constant(scale));
  }

  static LossScale dynamic(GraphScope scope, LossScaling scaling) {
    Ops tf = scope.ops();
    Variable<TFloat32> scale = tf.withName("lossScale").variable(tf.constant(scaling.initial));
    Variable<TInt64> goodSteps = tf.withName("goodSteps").variable(tf.constant(0L));
    // Copies: the variables' own memory changes with the step.
    Operand<TFloat32> half = tf.math.mul(scale, tf.constant(BACKOFF));
    Operand<TFloat32> now = tf.math.add(half, half);
    Operand<TInt64> good = tf.math.add(goodSteps, tf.constant(1L));

    LossScale written = new LossScale(tf, now);
    Operand<TBool> grows = tf.math.equal(good, tf.constant(scaling.growthInterval));
    Operand<TFloat32> grown =
        tf.math.minimum(tf.math.mul(now, tf.constant(GROWTH)), tf.constant(LossScaling.LARGEST));
    written.keptIfTaken.put(scale, tf.select(grows, grown, now));
    written.keptIfTaken.put(goodSteps, tf.select(grows, tf.constant(0L), good));
    written.keptIfSkipped.put(scale, tf.math.maximum(half, tf.constant(LEAST)));
    written.keptIfSkipped.put(goodSteps, tf.constant(0L));
    return written;
  }

  /** What the gradient of a loss begins with: S for each of its entries. */
  Output<?> scaled(Ops tf, Output<?> loss) {
    Operand<TNumber> scale = new Reals(tf).cast(value, Reals.unchecked(loss.type()));
    return loss.shape().numDimensions() == 0
        ? scale.asOutput()
        : tf.math.mul(tf.onesLike(Reals.<Operand<TNumber>>unchecked(loss)), scale).asOutput();
  }

  /** The gradient of the loss, of that of S times the loss: float64 if that is, else float32. */
  Output<?> unscaled(Ops tf, Output<?> gradient) {
    Reals reals = new Reals(tf);
    Class<TNumber> type = Reals.computeType(gradient);
    return tf.withName("unscaled")
        .math
        .mul(reals.cast(gradient, type), reals.cast(reciprocal, type))
        .asOutput();
  }

  /** What is to be assigned after a step, beside the values themselves. */
  List<Op> keep(Ops tf, boolean isTaken) {
    List<Op> assigned = new ArrayList<>();
    (isTaken ? keptIfTaken : keptIfSkipped)
        .forEach(
            (variable, next) ->
                assigned.add(
                    tf.assign(
                        Reals.<Operand<TNumber>>unchecked(variable),
                        Reals.<Operand<TNumber>>unchecked(next))));
    return assigned;
  }

  /** What has to be computed before anything is assigned. */
  List<Op> values() {
    List<Op> values = new ArrayList<>(keptIfTaken.values());
    values.addAll(keptIfSkipped.values());
    return values;
  }
}
