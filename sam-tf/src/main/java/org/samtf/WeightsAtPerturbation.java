package org.samtf;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Reals;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.family.TNumber;

/** How second passes come to read w+ε: from tensors beside the variables, or from them. */
interface WeightsAtPerturbation {

  /**
   * What a second pass reads in place of the value of each perturbed variable.
   *
   * @param at where ops of the pass go
   * @param after what has to be over before
   */
  Map<Output<?>, Output<?>> read(GraphScope at, List<Op> after);

  /** The op after which the variables themselves hold w+ε, if they ever do. */
  Optional<GraphOperation> heldAfter();

  /** The ops after which the variables hold w again; none if they always do. */
  List<Op> undoneAfter(List<Op> secondPass);

  /** The op that undoes half a step, if there can be such. */
  Optional<Op> undo();

  /** w+ε, in the type of w. */
  static Operand<TNumber> sum(Ops tf, Output<?> weight, Operand<TNumber> epsilon) {
    Reals reals = new Reals(tf);
    Operand<TNumber> w = reals.cast(weight, epsilon.type());
    return reals.cast(tf.math.add(w, epsilon), Reals.unchecked(weight.type()));
  }
}
