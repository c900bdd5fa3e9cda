package org.samtf;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.framework.optimizers.GradientDescent;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Assign;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.family.TNumber;

/**
 * L(w) = ⟨c, w⟩ over variables of different shapes: c is fed, and is the gradient everywhere.
 *
 * <p>All variables together are one vector of {@link #SIZE} entries here, in the order of {@link
 * #SHAPES}.
 */
public final class LinearModel<T extends TNumber> implements AutoCloseable {

  public static final List<Shape> SHAPES =
      List.of(Shape.scalar(), Shape.of(5), Shape.of(3, 4), Shape.of(2, 1, 2, 3), Shape.of(1));
  public static final int SIZE = 31;

  /** What a step computes, before the update. */
  record Step(double[] epsilon, double gradientNorm, double perturbationNorm) {}

  private final Class<T> type;
  private final Graph graph = new Graph();
  private final Session session = new Session(graph);
  private final Placeholder<T> gradient;
  private final Placeholder<T> weights;
  private final Placeholder<T> rho;
  private final List<Op> assigns = new ArrayList<>();
  private final SamOptimizer sam;
  private final Op train;

  /** The position of each variable's first entry in the vector of all, by name. */
  private final Map<String, Integer> offsets = new HashMap<>();

  public LinearModel(Class<T> type, UnaryOperator<SamOptimizerBuilder> settings) {
    this(type, settings, graph -> new GradientDescent(graph, 1f));
  }

  /**
   * Builds the graph.
   *
   * @param settings what to set; rho is fed unless it is set too
   * @param base makes the optimizer to wrap
   */
  public LinearModel(
      Class<T> type, UnaryOperator<SamOptimizerBuilder> settings, Function<Graph, Optimizer> base) {
    this.type = type;
    Ops tf = Ops.create(graph);
    gradient = tf.withName("c").placeholder(type, Placeholder.shape(Shape.of(SIZE)));
    weights = tf.withName("values").placeholder(type, Placeholder.shape(Shape.of(SIZE)));
    rho = tf.withName("rho").placeholder(type, Placeholder.shape(Shape.scalar()));
    List<Operand<T>> terms = new ArrayList<>();
    int offset = 0;
    for (Shape shape : SHAPES) {
      String name = "w" + offsets.size();
      Variable<T> w = tf.withName(name).variable(shape, type);
      assigns.add(Assign.create(tf.scope(), w, part(tf, weights, offset, shape)));
      Operand<T> product = tf.math.mul(part(tf, gradient, offset, shape), w);
      terms.add(tf.sum(product, axes(tf, shape)));
      offsets.put(name, offset);
      offset += (int) shape.size();
    }
    sam = settings.apply(SamOptimizer.builder(graph, base.apply(graph)).rho(rho)).build();
    train = sam.minimize(tf.math.addN(terms));
    setWeights(new double[SIZE]);
  }

  private Operand<T> part(Ops tf, Operand<T> all, int offset, Shape shape) {
    int size = (int) shape.size();
    Operand<T> slice =
        tf.slice(all, tf.constant(new int[] {offset}), tf.constant(new int[] {size}));
    return tf.reshape(slice, tf.constant(shape));
  }

  private static Operand<TInt32> axes(Ops tf, Shape shape) {
    int[] axes = new int[shape.numDimensions()];
    Arrays.setAll(axes, i -> i);
    return tf.constant(axes);
  }

  public void setWeights(double[] values) {
    try (Tensor fed = tensor(Shape.of(SIZE), values)) {
      var runner = session.runner().feed(weights, fed);
      assigns.forEach(runner::addTarget);
      runner.run().close();
    }
  }

  double[] weights() {
    double[] all = new double[SIZE];
    offsets.forEach(
        (name, offset) -> {
          double[] values = Values.of(session, graph.operation(name).output(0));
          System.arraycopy(values, 0, all, offset, values.length);
        });
    return all;
  }

  public Map<String, byte[]> variables() {
    return Values.variables(graph, session);
  }

  /** Computes the perturbation for gradient {@code c}, and updates nothing. */
  public Step perturb(double[] c, double rhoValue) {
    SamStep step = sam.step();
    try (Tensor fedC = tensor(Shape.of(SIZE), c);
        Tensor fedRho = tensor(Shape.scalar(), rhoValue)) {
      var runner = session.runner().feed(gradient, fedC).feed(rho, fedRho);
      step.epsilons().forEach(runner::fetch);
      runner.fetch(sam.gradientNorm()).fetch(sam.perturbationNorm());
      try (Result result = runner.run()) {
        double[] epsilon = new double[SIZE];
        int i = 0;
        for (Output<?> variable : step.perturbed()) {
          double[] part = Values.of(result.get(i++));
          System.arraycopy(part, 0, epsilon, offsets.get(variable.op().name()), part.length);
        }
        return new Step(epsilon, Values.of(result.get(i))[0], Values.of(result.get(i + 1))[0]);
      }
    }
  }

  /** A whole step, with an update. */
  public void train(double[] c, double rhoValue) {
    try (Tensor fedC = tensor(Shape.of(SIZE), c);
        Tensor fedRho = tensor(Shape.scalar(), rhoValue)) {
      session.runner().feed(gradient, fedC).feed(rho, fedRho).addTarget(train).run().close();
    }
  }

  private Tensor tensor(Shape shape, double... values) {
    if (type == TFloat64.class) {
      return TFloat64.tensorOf(shape, DataBuffers.of(values));
    }
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return TFloat32.tensorOf(shape, DataBuffers.of(floats));
  }

  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
