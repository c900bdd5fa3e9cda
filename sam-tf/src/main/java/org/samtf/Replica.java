package org.samtf;

import org.samtf.internal.graph.Upstream;
import org.tensorflow.Output;

/** One of the losses whose mean a step minimises: the user's own, or that of a part of a batch. */
final class Replica {

  final Upstream forward;
  final Output<?> loss;

  Replica(Output<?> loss) {
    this.forward = new Upstream(loss);
    this.loss = loss;
  }
}
