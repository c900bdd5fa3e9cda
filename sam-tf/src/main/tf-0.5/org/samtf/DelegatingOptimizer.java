package org.samtf;

import org.tensorflow.Graph;
import org.tensorflow.Output;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.op.Op;
import org.tensorflow.types.family.TType;

/** An optimizer that leaves the update to another one: for TensorFlow Java 0.5. */
abstract class DelegatingOptimizer extends Optimizer {

  DelegatingOptimizer(Graph graph, String name) {
    super(graph, name);
  }

  /** Not used: {@link #applyGradients} goes to the wrapped optimizer. */
  @Override
  protected final <T extends TType> Op applyDense(Output<T> gradient, Output<T> variable) {
    throw new UnsupportedOperationException("the wrapped optimizer applies the gradients");
  }
}
