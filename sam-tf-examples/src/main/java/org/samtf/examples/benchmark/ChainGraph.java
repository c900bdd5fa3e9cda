package org.samtf.examples.benchmark;

import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;

/** A deep chain of cheap ops with small variables along it. */
final class ChainGraph implements AutoCloseable {

  private static final int WIDTH = 4;

  private final Graph graph = new Graph();
  private final Operand<TFloat32> loss;

  /**
   * Builds the chain.
   *
   * @param variables how many variables
   * @param ops how many ops lie on the chain, at least two a variable
   */
  ChainGraph(int variables, int ops) {
    Ops tf = Ops.create(graph);
    Operand<TFloat32> start = tf.constant(new float[WIDTH]);
    Operand<TFloat32> x = start;
    for (int v = 0; v < variables; v++) {
      Variable<TFloat32> weights = tf.withName("w" + v).variable(Shape.of(WIDTH), TFloat32.class);
      tf.withInitScope().assign(weights, start);
      x = tf.math.add(x, weights);
      // Spread evenly: variable v is followed by its share of the ops.
      int share = ops * (v + 1) / variables - ops * v / variables;
      for (int i = 1; i < share; i++) {
        x = tf.math.tanh(x);
      }
    }
    loss = tf.math.mean(tf.math.square(x), tf.constant(0));
  }

  Graph graph() {
    return graph;
  }

  Operand<TFloat32> loss() {
    return loss;
  }

  @Override
  public void close() {
    graph.close();
  }
}
