package org.samtf;

import java.util.function.UnaryOperator;
import org.samtf.internal.gradient.Backpropagation;
import org.samtf.internal.graph.Upstream;
import org.tensorflow.Output;

/** One of the losses whose mean a step minimises: the user's own, or that of a part of a batch. */
final class Replica {

  final Upstream forward;
  final Output<?> loss;

  /** Whether ops are among those of the loss that TensorFlow has no gradient of, or may fail on. */
  final boolean mayNeedOwnGradients;

  /** From a tensor that the user's loss is computed from to that of this replica. */
  private final UnaryOperator<Output<?>> copies;

  /** The user's own. */
  Replica(Output<?> loss) {
    this(loss, UnaryOperator.identity());
  }

  /**
   * That of a part.
   *
   * @param copies from a tensor that the user's loss is computed from to that of the part
   */
  Replica(Output<?> loss, UnaryOperator<Output<?>> copies) {
    this.forward = new Upstream(loss);
    this.loss = loss;
    this.mayNeedOwnGradients = Backpropagation.mayBeNeeded(forward);
    this.copies = copies;
  }

  /** What this replica has for a tensor of the user's: a copy, or the tensor itself. */
  Output<?> tensorFor(Output<?> tensor) {
    return copies.apply(tensor);
  }
}
