package org.samtf;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.StdArrays;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;

/**
 * A loss over four float64 variables of different shapes, in a graph with an optimizer, and its
 * gradient by hand:
 *
 * <p>L(w) = ½ Σ_k c_k ‖w_k − target_k‖² + ½ κ (Σ all elements)².
 *
 * <p>With the slow path, the term of one variable is multiplied by a 1 that comes out of a chain of
 * matrix products, so the gradient of that variable is there milliseconds after the others.
 */
final class PublishedOptimizerProblem implements AutoCloseable {
  private static final Shape[] SHAPES = {
    Shape.of(2, 3), Shape.of(4), Shape.scalar(), Shape.of(1, 2, 2)
  };
  private static final double[] CURVATURES = {0.7, 1.3, 0.4, 2.0};
  private static final double COUPLING = 0.05;
  private static final int SLOW_VARIABLE = 1;

  private static final double[] START = {
    0.9, -0.4, 1.7, 0.35, -1.2, 0.6, 1.1, -0.8, 0.55, -1.6, 0.75, -0.5, 1.3, 0.45, -0.95
  };
  private static final double[] TARGET = {
    -0.6, 0.7, 0.2, -1.1, 0.3, 1.9, -0.2, 0.5, -1.4, 0.8, -0.9, 1.2, -0.3, -1.5, 0.65
  };

  private static final int SLOW_SIZE = 512;
  private static final int SLOW_PRODUCTS = 3;

  private final double[] start;
  private final Graph graph = new Graph();
  private final List<Variable<TFloat64>> variables = new ArrayList<>();
  private final List<Op> afterInitializers = new ArrayList<>();
  private final Placeholder<TFloat32> slowInput;
  private final TFloat32 slowMatrix;
  private final Optimizer base;
  private final Op train;
  private final Session session;

  /**
   * @param base makes the optimizer
   * @param wrapper makes the optimizer that writes the step, from the base; or the identity
   * @param fromZero whether the weights begin at 0
   * @param slow whether one gradient comes late
   */
  PublishedOptimizerProblem(
      Function<Graph, Optimizer> base, Wrapper wrapper, boolean fromZero, boolean slow) {
    start = fromZero ? new double[START.length] : START.clone();
    Ops tf = Ops.create(graph);
    Operand<TFloat64> loss = null;
    Operand<TFloat64> sum = null;
    Operand<TFloat64> slowOne = null;
    if (slow) {
      slowInput = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(SLOW_SIZE, SLOW_SIZE)));
      slowMatrix = cyclicShift();
      Operand<TFloat32> product = slowInput;
      for (int k = 0; k < SLOW_PRODUCTS; k++) {
        product = tf.linalg.matMul(product, slowInput);
      }
      // A cyclic shift by one, taken SLOW_PRODUCTS + 1 times, is exactly 1 in this place.
      slowOne =
          tf.dtypes.cast(
              tf.gatherNd(product, tf.constant(new int[] {0, SLOW_PRODUCTS + 1})), TFloat64.class);
    } else {
      slowInput = null;
      slowMatrix = null;
    }
    int offset = 0;
    for (int k = 0; k < SHAPES.length; k++) {
      int size = (int) SHAPES[k].size();
      Operand<TFloat64> initial = constant(tf, start, offset, SHAPES[k]);
      Variable<TFloat64> variable = tf.variable(SHAPES[k], TFloat64.class);
      tf.withInitScope().assign(variable, initial);
      variables.add(variable);
      Operand<TFloat64> flat = tf.reshape(variable, tf.constant(new int[] {size}));
      Operand<TFloat64> target = constant(tf, TARGET, offset, Shape.of(size));
      Operand<TFloat64> term =
          tf.math.mul(
              tf.constant(0.5 * CURVATURES[k]),
              tf.reduceSum(tf.math.square(tf.math.sub(flat, target)), tf.constant(0)));
      if (slow && k == SLOW_VARIABLE) {
        term = tf.math.mul(term, slowOne);
      }
      Operand<TFloat64> part = tf.reduceSum(flat, tf.constant(0));
      loss = loss == null ? term : tf.math.add(loss, term);
      sum = sum == null ? part : tf.math.add(sum, part);
      offset += size;
    }
    loss = tf.math.add(loss, tf.math.mul(tf.constant(0.5 * COUPLING), tf.math.square(sum)));
    this.base = base.apply(graph);
    train = wrapper.wrap(graph, this.base).minimize(loss);
    session = new Session(graph);
  }

  /** What goes around the optimizer. */
  interface Wrapper {
    Optimizer wrap(Graph graph, Optimizer base);
  }

  private static TFloat32 cyclicShift() {
    float[][] shift = new float[SLOW_SIZE][SLOW_SIZE];
    for (int i = 0; i < SLOW_SIZE; i++) {
      shift[i][(i + 1) % SLOW_SIZE] = 1;
    }
    return TFloat32.tensorOf(StdArrays.ndCopyOf(shift));
  }

  private static Operand<TFloat64> constant(Ops tf, double[] values, int offset, Shape shape) {
    double[] part = Arrays.copyOfRange(values, offset, offset + (int) shape.size());
    return tf.reshape(tf.constant(part), tf.constant(shape.asArray()));
  }

  double[] start() {
    return start.clone();
  }

  /** The gradient of the loss, by hand. */
  static double[] gradient(double[] w) {
    double sum = 0;
    for (double x : w) {
      sum += x;
    }
    double[] g = new double[w.length];
    int i = 0;
    for (int k = 0; k < SHAPES.length; k++) {
      for (int j = 0; j < SHAPES[k].size(); j++, i++) {
        g[i] = CURVATURES[k] * (w[i] - TARGET[i]) + COUPLING * sum;
      }
    }
    return g;
  }

  /** From now on {@link #reset} fills this slot of all variables with a value of its own. */
  void startSlotAt(String slot, double value) {
    Ops tf = Ops.create(graph);
    for (Variable<TFloat64> variable : variables) {
      Variable<TFloat64> state = base.getSlot(variable.asOutput(), slot).orElseThrow();
      afterInitializers.add(tf.assign(state, tf.fill(tf.shape(state), tf.constant(value))));
    }
  }

  /** Back to the first step: weights, slots and counters. */
  void reset() {
    session.forceInitialize();
    if (!afterInitializers.isEmpty()) {
      Session.Runner runner = session.runner();
      afterInitializers.forEach(runner::addTarget);
      runner.run().close();
    }
  }

  void step() {
    Session.Runner runner = session.runner().addTarget(train);
    if (slowInput != null) {
      runner.feed(slowInput, slowMatrix);
    }
    runner.run().close();
  }

  double[] weights() {
    Session.Runner runner = session.runner();
    variables.forEach(runner::fetch);
    double[] weights = new double[start.length];
    try (Result values = runner.run()) {
      int i = 0;
      for (int k = 0; k < variables.size(); k++) {
        for (var scalar : ((TFloat64) values.get(k)).scalars()) {
          weights[i++] = scalar.getDouble();
        }
      }
    }
    return weights;
  }

  @Override
  public void close() {
    session.close();
    graph.close();
    if (slowMatrix != null) {
      slowMatrix.close();
    }
  }
}
