package org.samtf;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.family.TNumber;

/** The gradient 2λw of the L2 term λ‖w‖₂². */
final class L2Term {

  private final float lambda;
  private final List<Op> after;

  /** 2λ, once for each device and type. */
  private final Map<List<?>, Operand<TNumber>> factors = new HashMap<>();

  /**
   * A term.
   *
   * @param after when the variables hold w
   */
  L2Term(float lambda, List<Op> after) {
    this.lambda = lambda;
    this.after = after;
  }

  /** The gradient with the term's; itself if there is no term. */
  Operand<TNumber> addTo(Operand<TNumber> gradient, Ops tf, Output<?> variable, String device) {
    if (lambda == 0) {
      return gradient;
    }
    Operand<TNumber> weight = Reals.unchecked(variable);
    Operand<TNumber> factor =
        factors.computeIfAbsent(
            List.of(device, weight.type()),
            key -> tf.dtypes.cast(tf.constant(2 * lambda), weight.type()));
    Ops read = tf.withControlDependencies(after);
    return tf.withName("gradient").math.add(gradient, read.math.mul(factor, weight));
  }
}
