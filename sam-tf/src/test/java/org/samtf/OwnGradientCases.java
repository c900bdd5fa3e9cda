package org.samtf;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Function;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.GraphOperationBuilder;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;

/** Losses in float64 around one op each that TensorFlow's C++ has no gradient of, on some line. */
final class OwnGradientCases {

  /** Builds what an op computes of weights, with shapes and settings by chance. */
  static final class Maker {
    final Graph graph;
    final Session session;
    final Ops tf;
    final Random random;
    final List<Variable<TFloat64>> weights = new ArrayList<>();

    /** Whether no shape is known when the gradient is written. */
    final boolean hidesShapes;

    Maker(Graph graph, Session session, long seed) {
      this.graph = graph;
      this.session = session;
      this.tf = Ops.create(graph);
      this.random = new Random(seed * 0x9E3779B97F4A7C15L); // Random begins alike with small seeds.
      this.hidesShapes = random.nextBoolean();
    }

    int upTo(int most) {
      return 1 + random.nextInt(most);
    }

    /** Weights between two numbers. */
    Operand<TFloat64> weights(double from, double to, long... shape) {
      Variable<TFloat64> variable = variable(from, to, shape);
      return hidesShapes
          ? tf.placeholderWithDefault(tf.identity(variable), Shape.unknown())
          : tf.math.mul(variable, tf.constant(1.0));
    }

    Variable<TFloat64> variable(double from, double to, long... shape) {
      Variable<TFloat64> variable =
          tf.withName("w" + weights.size()).variable(Shape.of(shape), TFloat64.class);
      session.run(tf.assign(variable, numbers(from, to, shape)));
      weights.add(variable);
      return variable;
    }

    Operand<TFloat64> numbers(double from, double to, long... shape) {
      double[] values = new double[(int) Shape.of(shape).size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = from + (to - from) * random.nextDouble();
      }
      return Values.constant(tf, TFloat64.class, Shape.of(shape), values);
    }

    /** Numbers that are a multiple of {@code step} apart from each other, in any order. */
    Operand<TFloat64> spaced(double step, long... shape) {
      List<Double> values = new ArrayList<>();
      for (int i = 0; i < Shape.of(shape).size(); i++) {
        values.add(i * step);
      }
      Collections.shuffle(values, random);
      double[] all = values.stream().mapToDouble(Double::doubleValue).toArray();
      return Values.constant(tf, TFloat64.class, Shape.of(shape), all);
    }

    Operand<?> integers(int below, int size) {
      int[] values = random.ints(size, 0, below).toArray();
      return random.nextBoolean()
          ? tf.constant(values)
          : tf.constant(java.util.Arrays.stream(values).asLongStream().toArray());
    }

    Operand<?> sorted(int below, int size) {
      return tf.constant(random.ints(size, 0, below).sorted().toArray());
    }

    Operand<TFloat64> op(String type, Operand<?>... inputs) {
      return op(type, builder -> {}, inputs);
    }

    Operand<TFloat64> op(
        String type, Consumer<GraphOperationBuilder> attributes, Operand<?>... inputs) {
      return Reals.unchecked(build(type, attributes, inputs).output(0));
    }

    GraphOperation build(
        String type, Consumer<GraphOperationBuilder> attributes, Operand<?>... inputs) {
      GraphOperationBuilder builder =
          graph.opBuilder(type, tf.scope().makeOpName(type), tf.scope());
      for (Operand<?> input : inputs) {
        builder.addInput(input.asOutput());
      }
      attributes.accept(builder);
      return builder.build();
    }
  }

  static final Map<String, Function<Maker, Operand<TFloat64>>> ALL = new LinkedHashMap<>();

  private OwnGradientCases() {}

  static {
    losses();
    convolutions();
    indexing();
    matrices();
    elementwise();
    ALL.put("IdentityN", OwnGradientCases::identities);
    ALL.put("Snapshot", m -> m.op("Snapshot", m.weights(-1, 1, m.upTo(4))));
    ALL.put(
        "EnsureShape",
        m -> m.op("EnsureShape", b -> b.setAttr("shape", Shape.of(-1, 2)), m.weights(-1, 1, 3, 2)));
    ALL.put(
        "Print",
        m ->
            m.op(
                "Print",
                b ->
                    b.addInputList(new Output<?>[] {m.tf.constant(3).asOutput()})
                        .setAttr("first_n", 0),
                m.weights(-1, 1, 2)));
    onVariables();
  }

  private static void losses() {
    ALL.put(
        "SparseSoftmaxCrossEntropyWithLogits",
        m -> {
          int rows = m.upTo(4);
          int classes = m.upTo(5);
          Operand<TFloat64> logits = m.weights(-3, 3, rows, classes);
          return m.op("SparseSoftmaxCrossEntropyWithLogits", logits, m.integers(classes, rows));
        });
    ALL.put(
        "SoftmaxCrossEntropyWithLogits",
        m -> {
          int rows = m.upTo(4);
          int classes = m.upTo(5);
          Operand<TFloat64> labels = m.tf.nn.softmax(m.weights(-1, 1, rows, classes));
          return m.op("SoftmaxCrossEntropyWithLogits", m.weights(-3, 3, rows, classes), labels);
        });
    ALL.put(
        "SoftmaxCrossEntropyWithLogits, broadcast",
        m -> {
          int classes = m.upTo(5);
          return m.op(
              "SoftmaxCrossEntropyWithLogits",
              m.weights(-3, 3, 1, classes),
              m.tf.nn.softmax(m.numbers(-1, 1, 3, classes)));
        });
  }

  private static Consumer<GraphOperationBuilder> geometry(Maker m, int spatial, boolean isDilated) {
    long[] strides = new long[spatial + 2];
    long[] ones = new long[spatial + 2];
    java.util.Arrays.fill(ones, 1);
    java.util.Arrays.fill(strides, m.upTo(2));
    strides[0] = strides[spatial + 1] = 1;
    String padding = m.random.nextBoolean() ? "SAME" : "VALID";
    return builder -> {
      builder.setAttr("strides", strides).setAttr("padding", padding);
      if (isDilated) {
        builder.setAttr("dilations", ones);
      }
    };
  }

  private static void convolutions() {
    ALL.put(
        "Conv3D",
        m -> {
          int in = m.upTo(2);
          int out = m.upTo(2);
          Operand<TFloat64> x = m.weights(-1, 1, m.upTo(2), 3, 2 + m.upTo(2), 3, in);
          Operand<TFloat64> filter = m.weights(-1, 1, m.upTo(2), m.upTo(3), 2, in, out);
          return m.op("Conv3D", geometry(m, 3, true), x, filter);
        });
    ALL.put(
        "Conv3DBackpropInputV2",
        m -> {
          int in = m.upTo(2);
          int out = m.upTo(2);
          int depth = 2 * m.upTo(2);
          long stride = m.upTo(2);
          long size = depth / stride;
          Operand<TFloat64> filter = m.weights(-1, 1, 2, 1, 2, out, in);
          return m.op(
              "Conv3DBackpropInputV2",
              b ->
                  b.setAttr("strides", new long[] {1, stride, stride, stride, 1})
                      .setAttr("padding", "SAME"),
              m.tf.constant(new int[] {2, depth, depth, depth, out}),
              filter,
              m.weights(-1, 1, 2, size, size, size, in));
        });
    ALL.put(
        "DepthwiseConv2dNativeBackpropInput",
        m -> {
          int channels = m.upTo(2);
          int multiplier = m.upTo(2);
          Operand<TFloat64> filter = m.weights(-1, 1, 2, 2, channels, multiplier);
          return m.op(
              "DepthwiseConv2dNativeBackpropInput",
              b -> b.setAttr("strides", new long[] {1, 1, 1, 1}).setAttr("padding", "SAME"),
              m.tf.constant(new int[] {1, 4, 3, channels}),
              filter,
              m.weights(-1, 1, 1, 4, 3, channels * multiplier));
        });
    for (String type : List.of("AvgPool3D", "MaxPool3D")) {
      ALL.put(
          type,
          m -> {
            long[] window = {1, m.upTo(2), 2, m.upTo(3), 1};
            // There is no kernel for float64. No two entries are near each other.
            Operand<TFloat64> x =
                m.tf.math.add(m.weights(-0.01, 0.01, 1, 3, 3, 3, 2), m.spaced(0.1, 1, 3, 3, 3, 2));
            Operand<TFloat64> y =
                m.op(
                    type,
                    geometry(m, 3, false).andThen(b -> b.setAttr("ksize", window)),
                    m.tf.dtypes.cast(x, TFloat32.class));
            return m.tf.dtypes.cast(y, TFloat64.class);
          });
    }
  }

  private static void indexing() {
    ALL.put(
        "Gather",
        m -> {
          int rows = m.upTo(4);
          long[] shape =
              m.random.nextBoolean() ? new long[] {rows} : new long[] {rows, 2, m.upTo(2)};
          Operand<?> indices = m.integers(rows, 6);
          if (m.random.nextBoolean()) {
            indices = m.tf.reshape(indices, m.tf.constant(new int[] {2, 3}));
          }
          return m.op("Gather", m.weights(-1, 1, shape), indices);
        });
    ALL.put(
        "TopKV2",
        m -> {
          long[] shape = m.random.nextBoolean() ? new long[] {5} : new long[] {m.upTo(3), 2, 5};
          return m.op("TopKV2", m.weights(-1, 1, shape), m.tf.constant(m.upTo(5)));
        });
    for (String kind : List.of("Sum", "Mean", "SqrtN")) {
      for (String number : List.of("", "WithNumSegments")) {
        String type = "SparseSegment" + kind + number;
        ALL.put(
            type,
            m -> {
              long[] shape = m.random.nextBoolean() ? new long[] {4} : new long[] {4, 2, m.upTo(2)};
              Operand<TFloat64> x = m.weights(-1, 1, shape);
              Operand<?> indices = m.integers(4, 6);
              Operand<?> segments = m.sorted(3, 6);
              return number.isEmpty()
                  ? m.op(type, x, indices, segments)
                  : m.op(type, x, indices, segments, m.tf.constant(4));
            });
      }
    }
    ALL.put(
        "SegmentMean", m -> m.op("SegmentMean", m.weights(-1, 1, 5, m.upTo(3)), m.sorted(3, 5)));
  }

  private static void matrices() {
    for (String type : List.of("BatchMatMulV2", "BatchMatMulV3")) {
      ALL.put(
          type,
          m -> {
            boolean x = m.random.nextBoolean();
            boolean y = m.random.nextBoolean();
            long rows = m.upTo(3);
            long inner = m.upTo(3);
            long columns = m.upTo(3);
            long batch = m.upTo(2);
            long[] left =
                x ? new long[] {batch, 1, inner, rows} : new long[] {batch, 1, rows, inner};
            long[] right = y ? new long[] {2, columns, inner} : new long[] {2, inner, columns};
            return m.op(
                type,
                b -> {
                  b.setAttr("adj_x", x).setAttr("adj_y", y);
                  if (type.endsWith("V3")) {
                    b.setAttr("Tout", m.tf.constant(0.0).asOutput().dataType());
                  }
                },
                m.weights(-1, 1, left),
                m.weights(-1, 1, right));
          });
    }
    for (String version : List.of("V2", "V3")) {
      ALL.put(
          "MatrixDiag" + version,
          m -> {
            boolean isBand = m.random.nextBoolean();
            Operand<TFloat64> diagonals =
                isBand ? m.weights(-1, 1, 2, 2, 3) : m.weights(-1, 1, m.upTo(3), 3);
            return m.op(
                "MatrixDiag" + version,
                diagonals,
                isBand ? m.tf.constant(new int[] {-1, 0}) : m.tf.constant(m.upTo(2)),
                m.tf.constant(-1),
                m.tf.constant(-1),
                m.tf.constant(0.5));
          });
      ALL.put(
          "MatrixDiagPart" + version,
          m ->
              m.op(
                  "MatrixDiagPart" + version,
                  m.weights(-1, 1, 2, 3, 3 + m.upTo(2)),
                  m.tf.constant(new int[] {-m.random.nextInt(2), m.random.nextInt(2)}),
                  m.tf.constant(0.5)));
      ALL.put(
          "MatrixSetDiag" + version,
          m -> {
            boolean isBand = m.random.nextBoolean();
            return m.op(
                "MatrixSetDiag" + version,
                m.weights(-1, 1, 2, 3, 3),
                isBand ? m.weights(-1, 1, 2, 2, 3) : m.weights(-1, 1, 2, 3),
                isBand ? m.tf.constant(new int[] {0, 1}) : m.tf.constant(0));
          });
    }
    ALL.put("MatrixDiagPart", m -> m.op("MatrixDiagPart", m.weights(-1, 1, 2, 3, 2 + m.upTo(2))));
    ALL.put(
        "MatrixSetDiag",
        m -> m.op("MatrixSetDiag", m.weights(-1, 1, 2, 3, 4), m.weights(-1, 1, 2, 3)));
  }

  private static void elementwise() {
    broadcast("Xlogy", 0.2, 2);
    broadcast("Xlog1py", -0.5, 2);
    broadcast("Xdivy", 0.5, 2);
    broadcast("MulNoNan", 0.5, 2);
    ALL.put("FloorMod", m -> m.op("FloorMod", m.weights(2.1, 2.9, 3, 2), m.weights(0.91, 0.99, 2)));
    unary("Erfc", -2, 2);
    unary("Erfinv", -0.9, 0.9);
    unary("Ndtri", 0.1, 0.9);
    unary("Lgamma", 0.5, 4);
    unary("Digamma", 0.5, 4);
    ALL.put("Polygamma", m -> m.op("Polygamma", m.tf.constant(1.0), m.weights(1, 3, 4)));
    ALL.put(
        "Cumprod",
        m -> {
          boolean exclusive = m.random.nextBoolean();
          boolean reverse = m.random.nextBoolean();
          return m.op(
              "Cumprod",
              b -> b.setAttr("exclusive", exclusive).setAttr("reverse", reverse),
              m.weights(0.5, 2, 2, 3, 2),
              m.tf.constant(m.random.nextInt(3)));
        });
    for (String type : List.of("Ceil", "Round", "Rint", "OnesLike")) {
      // Away from the steps, so that only the other way has a gradient.
      ALL.put(
          type,
          m -> {
            Operand<TFloat64> x = m.weights(0.1, 0.4, 3);
            return m.tf.math.mul(x, m.tf.math.add(m.op(type, x), m.tf.constant(2.0)));
          });
    }
    ALL.put(
        "FloorDiv",
        m -> {
          Operand<TFloat64> x = m.weights(2.1, 2.4, 3);
          return m.tf.math.mul(x, m.op("FloorDiv", x, m.tf.constant(1.0)));
        });
  }

  private static void unary(String type, double from, double to) {
    ALL.put(type, m -> m.op(type, m.weights(from, to, m.upTo(3), m.upTo(3))));
  }

  private static void broadcast(String type, double from, double to) {
    ALL.put(
        type,
        m -> {
          boolean first = m.random.nextBoolean();
          Operand<TFloat64> x = first ? m.weights(0.2, 2, 3, 1, 2) : m.weights(0.2, 2, 2);
          return m.op(type, x, first ? m.weights(from, to, 2, 1) : m.weights(from, to, 3, 2));
        });
  }

  private static Operand<TFloat64> identities(Maker m) {
    GraphOperationBuilder builder =
        m.graph.opBuilder("IdentityN", m.tf.scope().makeOpName("IdentityN"), m.tf.scope());
    builder.addInputList(
        new Output<?>[] {
          m.weights(-1, 1, 2).asOutput(),
          m.tf.constant(3).asOutput(),
          m.weights(-1, 1, 2).asOutput()
        });
    GraphOperation op = builder.build();
    return m.tf.math.mul(
        Reals.<Operand<TFloat64>>unchecked(op.output(0)),
        Reals.<Operand<TFloat64>>unchecked(op.output(2)));
  }

  /** C++ has a gradient of these, and it fails on a variable itself. */
  private static void onVariables() {
    for (String type : List.of("Square", "Log1p", "Asin", "Acos", "Atan", "Atanh")) {
      ALL.put(type + " of a variable", m -> m.op(type, m.variable(0.1, 0.8, 3)));
    }
    ALL.put(
        "Sign of a variable",
        m -> {
          Variable<TFloat64> w = m.variable(0.1, 0.8, 3);
          return m.tf.math.mul(m.op("Sign", w), w);
        });
    ALL.put("Pow of variables", m -> m.op("Pow", m.variable(0.5, 2, 3), m.variable(0.5, 2, 3)));
    for (String type : List.of("BatchMatMul", "BatchMatMulV2")) {
      ALL.put(
          type + " of variables",
          m -> m.op(type, m.variable(-1, 1, 2, 2, 3), m.variable(-1, 1, 2, 3, 2)));
    }
    ALL.put("Erfc of a variable", m -> m.op("Erfc", m.variable(-1, 1, 3)));
  }
}
