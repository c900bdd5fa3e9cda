package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.samtf.direction.DescentDirections;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.family.TNumber;

/** A gradient through large weights is the same in the form that CPUs are fast for. */
class NarrowMatMulsTest {

  private static final int INPUTS = 16;

  /** A perceptron of two hidden layers, the weights between them of a size to choose. */
  private static final class Perceptron<T extends TNumber> implements AutoCloseable {
    final Graph graph = new Graph();
    final Session session = new Session(graph);
    final Operand<T> x;
    final Variable<T> weights;
    final Operand<T> loss;
    private final Ops tf = Ops.create(graph);
    private final Class<T> type;
    private final Random random = new Random(7);

    Perceptron(Class<T> type, int rows, int from, int to) {
      this.type = type;
      x = values(rows, INPUTS);
      weights = weight(from, to);
      Operand<T> hidden = tf.math.tanh(tf.linalg.matMul(x, weight(INPUTS, from)));
      hidden = tf.math.tanh(tf.linalg.matMul(hidden, weights));
      loss = tf.math.mean(tf.linalg.matMul(hidden, weight(to, 1)), tf.constant(new int[] {0, 1}));
    }

    private Variable<T> weight(long from, long to) {
      Variable<T> weight = tf.variable(Shape.of(from, to), type);
      session.run(tf.assign(weight, values(from, to)));
      return weight;
    }

    private Operand<T> values(long rows, long columns) {
      double[] values = random.doubles(rows * columns, -0.1, 0.1).toArray();
      return Values.constant(tf, type, Shape.of(rows, columns), values);
    }

    void train(BiFunction<Graph, Optimizer, Optimizer> wrapping, int steps) {
      Op train = wrapping.apply(graph, new Momentum(graph, 0.1f, 0.9f)).minimize(loss);
      session.initialize();
      for (int i = 0; i < steps; i++) {
        session.run(train);
      }
    }

    /** The names of the ops that transpose a product back. */
    List<String> narrow() {
      List<String> names = new ArrayList<>();
      graph
          .operations()
          .forEachRemaining(
              op -> {
                if (op.type().equals("Transpose")) {
                  names.add(op.name());
                }
              });
      return names;
    }

    double[] weights() {
      return Values.of(session, weights);
    }

    @Override
    public void close() {
      session.close();
      graph.close();
    }
  }

  private static BiFunction<Graph, Optimizer, Optimizer> sam(boolean cpuOnly) {
    return (graph, base) -> SamOptimizer.builder(graph, base).rho(0.5f).cpuOnly(cpuOnly).build();
  }

  @ParameterizedTest
  @CsvSource({"1, false", "4, false", "1, true"})
  void bothFormsTrainToTheSameWeights(int parts, boolean looking) {
    double[][] trained = new double[2][];
    for (boolean cpuOnly : new boolean[] {false, true}) {
      try (Perceptron<TFloat64> perceptron = new Perceptron<>(TFloat64.class, 64, 1024, 512)) {
        perceptron.train(
            (graph, base) -> {
              SamOptimizerBuilder builder =
                  SamOptimizer.builder(graph, base)
                      .rho(0.5f)
                      .microBatches(parts, perceptron.x)
                      .cpuOnly(cpuOnly);
              if (looking) {
                builder.every(2).descent(DescentDirections.looking(0.7));
              }
              return builder.build();
            },
            3);
        trained[cpuOnly ? 1 : 0] = perceptron.weights();
        assertThat(perceptron.narrow()).hasSize(cpuOnly && parts == 1 ? 1 : cpuOnly ? 8 : 0);
      }
    }
    double difference = 0;
    for (int i = 0; i < trained[0].length; i++) {
      difference = Math.max(difference, Math.abs(trained[1][i] - trained[0][i]));
    }
    // Rounding shows that the other form was run.
    assertThat(difference).isPositive().isLessThan(1e-12);
  }

  @Test
  void onlyTheGradientAtWIsInTheOtherFormForOneReplica() {
    try (Perceptron<TFloat32> perceptron = new Perceptron<>(TFloat32.class, 32, 1024, 512)) {
      perceptron.train(sam(true), 0);
      assertThat(perceptron.narrow())
          .singleElement()
          .asString()
          .startsWith("Sam/ascent/rewritten/Sam/ascent/gradients/MatMul");
    }
  }

  /** Other steps apply it as it is. */
  @Test
  void noGradientThatMayBeAppliedIsInTheOtherForm() {
    assertThat(narrow(b -> b.every(2))).isEmpty();
    assertThat(narrow(b -> b.every(2).descent(DescentDirections.surrogateGap(0.2)))).isEmpty();
    assertThat(narrow(b -> b.every(2).descent(DescentDirections.looking(0)))).isEmpty();
    assertThat(narrow(b -> b.every(2).descent(DescentDirections.looking(0.7)))).hasSize(1);
  }

  private static List<String> narrow(UnaryOperator<SamOptimizerBuilder> settings) {
    try (Perceptron<TFloat32> perceptron = new Perceptron<>(TFloat32.class, 32, 1024, 512)) {
      perceptron.train(
          (graph, base) -> settings.apply(SamOptimizer.builder(graph, base).cpuOnly(true)).build(),
          0);
      return perceptron.narrow();
    }
  }

  @Test
  void zeroRhoTrainsAsTheBaseToTheLastBit() {
    double[][] trained = new double[2][];
    for (int i = 0; i < 2; i++) {
      boolean isBase = i == 0;
      try (Perceptron<TFloat32> perceptron = new Perceptron<>(TFloat32.class, 32, 1024, 512)) {
        perceptron.train(
            (graph, base) ->
                isBase
                    ? new OrderedOptimizer(graph, base) // on line 0.5 the plain one is in no order
                    : SamOptimizer.builder(graph, base).rho(0f).cpuOnly(true).build(),
            5);
        trained[i] = perceptron.weights();
      }
    }
    assertThat(Arrays.equals(trained[1], trained[0])).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"32, 512, 512", "8, 1024, 512", "300, 1024, 512"})
  void otherProductsStayAsTheyAre(int rows, int from, int to) {
    try (Perceptron<TFloat32> perceptron = new Perceptron<>(TFloat32.class, rows, from, to)) {
      perceptron.train(sam(true), 0);
      assertThat(perceptron.narrow()).isEmpty();
    }
  }
}
