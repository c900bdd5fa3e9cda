package org.samtf;

import org.tensorflow.Graph;
import org.tensorflow.framework.optimizers.Optimizer;

/** What optimizers around another optimizer have in common. */
final class Wrapped {

  private Wrapped() {}

  /**
   * {@code base}, if it can be wrapped.
   *
   * @throws IllegalArgumentException if it was made for another graph, or is a SamOptimizer
   */
  static Optimizer checked(Graph graph, Optimizer base) {
    if (graph == null || base == null) {
      throw new IllegalArgumentException(
          (graph == null ? "graph" : "base") + " is null; give the graph and an optimizer for it");
    }
    if (base instanceof SamOptimizer) {
      throw new IllegalArgumentException(
          "base is a SamOptimizer, whose gradients would not be used; give the optimizer inside it");
    }
    if (base.getTF().scope().env() != graph) {
      throw new IllegalArgumentException(
          "base " + base.getOptimizerName() + " was made for another graph; make it for this one");
    }
    return base;
  }

  static UnsupportedOperationException appliesNothing() {
    return new UnsupportedOperationException("the wrapped optimizer applies the gradients");
  }
}
