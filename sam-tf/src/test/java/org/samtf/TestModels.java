package org.samtf;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BiFunction;
import org.tensorflow.ConcreteFunction;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Session;
import org.tensorflow.Signature;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;

/** Small models in float64 that hold what real ones do. */
public final class TestModels {

  /** A model in a graph, its variables initialised. */
  public static final class Model {
    public final Operand<TFloat64> loss;
    public final List<Variable<TFloat64>> variables;

    /** Outputs of random ops, to be fed to repeat a draw. */
    public final List<Operand<?>> drawn;

    /** Ops beside the loss that a training step runs, such as moving averages. */
    public final List<Op> besides;

    public Model(
        Operand<TFloat64> loss,
        List<Variable<TFloat64>> variables,
        List<Operand<?>> drawn,
        List<Op> besides) {
      this.loss = loss;
      this.variables = variables;
      this.drawn = drawn;
      this.besides = besides;
    }
  }

  /** Collects a model while it is built. */
  public static final class Maker {
    public final Graph graph;
    public final Session session;
    public final Ops tf;
    public final List<Variable<TFloat64>> variables = new ArrayList<>();
    public final List<Operand<?>> drawn = new ArrayList<>();
    public final List<Op> besides = new ArrayList<>();
    private final Random random = new Random(42);

    public Maker(Graph graph, Session session) {
      this.graph = graph;
      this.session = session;
      this.tf = Ops.create(graph);
    }

    /** An initialised variable that is trained. */
    public Variable<TFloat64> weight(String name, long... shape) {
      Variable<TFloat64> variable = variable(name, values(0.5, shape), shape);
      variables.add(variable);
      return variable;
    }

    public Variable<TFloat64> variable(String name, double[] values, long... shape) {
      Variable<TFloat64> variable = tf.withName(name).variable(Shape.of(shape), TFloat64.class);
      session.run(
          tf.assign(variable, Values.constant(tf, TFloat64.class, Shape.of(shape), values)));
      return variable;
    }

    public Operand<TFloat64> data(long... shape) {
      return Values.constant(tf, TFloat64.class, Shape.of(shape), values(1, shape));
    }

    double[] values(double scale, long... shape) {
      long size = 1;
      for (long dimension : shape) {
        size *= dimension;
      }
      return random.doubles(size).map(x -> scale * (2 * x - 1)).toArray();
    }

    public Operand<TFloat64> c(double value) {
      return tf.constant(value);
    }

    /** Drops a third of the entries; the mask's shape is read from the activation. */
    public Operand<TFloat64> dropout(Operand<TFloat64> x) {
      Operand<TFloat64> uniform = tf.random.randomUniform(tf.shape(x), TFloat64.class);
      drawn.add(uniform);
      Operand<TFloat64> mask =
          tf.dtypes.cast(tf.math.greaterEqual(uniform, c(1 / 3.0)), TFloat64.class);
      return tf.math.mul(x, tf.math.mul(mask, c(1.5)));
    }

    /** Batch normalization over all axes but the last, with a moving average of the mean. */
    public Operand<TFloat64> batchNorm(String name, Operand<TFloat64> x, int... axes) {
      long channels = x.shape().get(x.shape().numDimensions() - 1);
      Operand<TInt32> over = tf.constant(axes);
      Operand<TFloat64> mean = tf.math.mean(x, over);
      Operand<TFloat64> variance = tf.math.mean(tf.math.squaredDifference(x, mean), over);
      Variable<TFloat64> movingMean =
          variable(name + "-movingMean", new double[(int) channels], channels);
      besides.add(
          tf.assign(
              movingMean, tf.math.add(tf.math.mul(movingMean, c(0.9)), tf.math.mul(mean, c(0.1)))));
      Operand<TFloat64> normal =
          tf.math.mul(tf.math.sub(x, mean), tf.math.rsqrt(tf.math.add(variance, c(1e-3))));
      return tf.math.add(
          tf.math.mul(normal, weight(name + "-gamma", channels)), weight(name + "-beta", channels));
    }

    /** Softmax cross-entropy in float64, which the fused op has no gradient for. */
    public Operand<TFloat64> crossEntropy(Operand<TFloat64> logits) {
      int batch = (int) logits.shape().get(0);
      int classes = (int) logits.shape().get(1);
      double[] oneHot = new double[batch * classes];
      for (int i = 0; i < batch; i++) {
        oneHot[i * classes + random.nextInt(classes)] = 1;
      }
      Operand<TFloat64> labels =
          Values.constant(tf, TFloat64.class, Shape.of(batch, classes), oneHot);
      return tf.math.neg(
          tf.math.mean(
              tf.sum(tf.math.mul(labels, tf.nn.logSoftmax(logits)), tf.constant(1)),
              tf.constant(0)));
    }

    public Model model(Operand<TFloat64> loss) {
      return new Model(loss, variables, drawn, besides);
    }
  }

  /** All models, by name. */
  public static final Map<String, BiFunction<Graph, Session, Model>> ALL =
      Map.ofEntries(
          Map.entry("perceptron", TestModels::perceptron),
          Map.entry("convolution", TestModels::convolution),
          Map.entry("dropout", TestModels::withDropout),
          Map.entry("everything", TestModels::everything),
          Map.entry("embedding", TestModels::embedding),
          Map.entry("manyOutputs", TestModels::manyOutputs),
          Map.entry("weightDecay", TestModels::weightDecay),
          Map.entry("conditional", TestModels::conditional),
          Map.entry("function", TestModels::function),
          Map.entry("dynamicCount", TestModels::dynamicCount),
          Map.entry("checked", TestModels::checked));

  private TestModels() {}

  public static Model perceptron(Graph graph, Session session) {
    Maker m = new Maker(graph, session);
    Ops tf = m.tf;
    Operand<TFloat64> hidden =
        tf.math.tanh(
            tf.math.add(tf.linalg.matMul(m.data(8, 5), m.weight("w1", 5, 7)), m.weight("b1", 7)));
    return m.model(
        m.crossEntropy(
            tf.math.add(tf.linalg.matMul(hidden, m.weight("w2", 7, 3)), m.weight("b2", 3))));
  }

  public static Model convolution(Graph graph, Session session) {
    Maker m = new Maker(graph, session);
    Ops tf = m.tf;
    Operand<TFloat64> x =
        tf.nn.conv2d(
            m.data(4, 6, 6, 2), m.weight("kernel", 3, 3, 2, 4), List.of(1L, 1L, 1L, 1L), "SAME");
    x = tf.nn.relu(m.batchNorm("bn", x, 0, 1, 2));
    x =
        tf.nn.maxPool(
            x, tf.constant(new int[] {1, 2, 2, 1}), tf.constant(new int[] {1, 2, 2, 1}), "VALID");
    x = tf.reshape(x, tf.constant(new int[] {4, 36}));
    return m.model(m.crossEntropy(tf.linalg.matMul(x, m.weight("w", 36, 3))));
  }

  public static Model withDropout(Graph graph, Session session) {
    Maker m = new Maker(graph, session);
    Ops tf = m.tf;
    Operand<TFloat64> hidden =
        m.dropout(tf.math.tanh(tf.linalg.matMul(m.data(8, 5), m.weight("w1", 5, 12))));
    return m.model(m.crossEntropy(tf.linalg.matMul(hidden, m.weight("w2", 12, 3))));
  }

  /** Convolution, batch normalization, dropout and a residual connection. */
  public static Model everything(Graph graph, Session session) {
    Maker m = new Maker(graph, session);
    Ops tf = m.tf;
    List<Long> strides = List.of(1L, 1L, 1L, 1L);
    Operand<TFloat64> x =
        tf.nn.conv2d(m.data(4, 5, 5, 1), m.weight("k1", 3, 3, 1, 3), strides, "SAME");
    Operand<TFloat64> y = tf.nn.relu(m.batchNorm("bn1", x, 0, 1, 2));
    y = tf.nn.conv2d(y, m.weight("k2", 3, 3, 3, 3), strides, "SAME");
    y = m.dropout(tf.nn.relu(tf.math.add(x, m.batchNorm("bn2", y, 0, 1, 2))));
    Operand<TFloat64> pooled = tf.math.mean(y, tf.constant(new int[] {1, 2}));
    return m.model(m.crossEntropy(tf.linalg.matMul(pooled, m.weight("w", 3, 4))));
  }

  /** Rows of a table, which is also the output layer. */
  public static Model embedding(Graph graph, Session session) {
    Maker m = new Maker(graph, session);
    Ops tf = m.tf;
    Operand<TFloat64> table = m.weight("table", 6, 4);
    Operand<TFloat64> rows = tf.gather(table, tf.constant(new int[] {0, 5, 2, 2}), tf.constant(0));
    Operand<TFloat64> hidden = tf.math.tanh(tf.linalg.matMul(rows, m.weight("w", 4, 4)));
    return m.model(
        m.crossEntropy(
            tf.linalg.matMul(hidden, tf.linalg.transpose(table, tf.constant(new int[] {1, 0})))));
  }

  public static Model manyOutputs(Graph graph, Session session) {
    Maker m = new Maker(graph, session);
    Ops tf = m.tf;
    Operand<TFloat64> x = tf.linalg.matMul(m.data(4, 5), m.weight("w", 5, 6));
    List<Output<TFloat64>> halves = tf.split(tf.constant(1), x, 2L).output();
    Operand<TFloat64> gated = tf.math.mul(halves.get(0), tf.math.sigmoid(halves.get(1)));
    Operand<TFloat64> both = tf.concat(List.of(gated, halves.get(1)), tf.constant(1));
    return m.model(m.crossEntropy(tf.math.add(both, m.weight("b", 6))));
  }

  /** Weights that the loss reads beside the activations. */
  public static Model weightDecay(Graph graph, Session session) {
    Maker m = new Maker(graph, session);
    Ops tf = m.tf;
    Operand<TFloat64> w = m.weight("w", 5, 3);
    Operand<TFloat64> loss = m.crossEntropy(tf.linalg.matMul(m.data(6, 5), w));
    return m.model(tf.math.add(loss, tf.math.mul(m.c(0.1), tf.nn.l2Loss(w))));
  }

  /** One of two branches, chosen by the activations. */
  public static Model conditional(Graph graph, Session session) {
    Maker m = new Maker(graph, session);
    Ops tf = m.tf;
    Operand<TFloat64> x = tf.linalg.matMul(m.data(4, 5), m.weight("w", 5, 3));
    Operand<TBool> positive = tf.math.greater(tf.sum(x, tf.constant(new int[] {0, 1})), m.c(0));
    return m.model(
        m.crossEntropy(
            tf.select(
                tf.math.greater(x, m.c(0)),
                x,
                tf.math.mul(x, tf.select(positive, m.c(0.1), m.c(0.3))))));
  }

  public static Model function(Graph graph, Session session) {
    Maker m = new Maker(graph, session);
    Ops tf = m.tf;
    ConcreteFunction activation =
        ConcreteFunction.create(
            inner -> {
              Placeholder<TFloat64> x =
                  inner.placeholder(TFloat64.class, Placeholder.shape(Shape.of(4, 3)));
              return Signature.builder("activation")
                  .input("x", x)
                  .output("y", inner.math.mul(inner.math.tanh(x), inner.constant(2.0)))
                  .build();
            });
    try (activation) {
      Operand<TFloat64> x = tf.linalg.matMul(m.data(4, 5), m.weight("w", 5, 3));
      @SuppressWarnings("unchecked")
      Operand<TFloat64> y = (Operand<TFloat64>) activation.call(tf, x);
      return m.model(m.crossEntropy(y));
    }
  }

  /** A mean over the entries that are positive: their number differs between the passes. */
  public static Model dynamicCount(Graph graph, Session session) {
    Maker m = new Maker(graph, session);
    Ops tf = m.tf;
    Operand<TFloat64> x = tf.linalg.matMul(m.data(40, 5), m.weight("w", 5, 3));
    Operand<?> where = tf.where(tf.math.greater(x, m.c(0)));
    Operand<TInt32> count = tf.size(where);
    Operand<TFloat64> positive = tf.nn.relu(x);
    return m.model(
        tf.math.div(
            tf.sum(tf.math.mul(positive, positive), tf.constant(new int[] {0, 1})),
            tf.dtypes.cast(count, TFloat64.class)));
  }

  /** A shape read from an activation, and an assertion that guards it. */
  public static Model checked(Graph graph, Session session) {
    Maker m = new Maker(graph, session);
    Ops tf = m.tf;
    Operand<TFloat64> x = tf.linalg.matMul(m.data(4, 5), m.weight("w", 5, 3));
    Op sane =
        tf.assertThat(
            tf.math.less(tf.sum(tf.math.mul(x, x), tf.constant(new int[] {0, 1})), m.c(1e6)),
            List.of(x));
    Operand<TFloat64> guarded = tf.withControlDependencies(List.of(sane)).identity(x);
    Operand<TFloat64> flat = tf.reshape(guarded, tf.math.mul(tf.shape(x), tf.constant(1)));
    return m.model(m.crossEntropy(flat));
  }

  /** For models with a fused batch normalization, which is float32 only. */
  public static Operand<TFloat32> fusedBatchNorm(
      Ops tf, Operand<TFloat32> x, Operand<TFloat32> gamma, Operand<TFloat32> beta) {
    return tf.nn
        .fusedBatchNorm(x, gamma, beta, tf.constant(new float[0]), tf.constant(new float[0]))
        .y();
  }
}
