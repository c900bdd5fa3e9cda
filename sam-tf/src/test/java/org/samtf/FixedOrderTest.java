package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat64;

/**
 * A step has the same bits every time.
 *
 * <p>AddN adds into the first of its inputs whose memory nobody else needs any more. Where another
 * op reads an input too, it depends on timing which one that is, and so do the last bits of a sum
 * of three or more.
 */
class FixedOrderTest {

  static Stream<UnaryOperator<SamOptimizerBuilder>> settings() {
    return Stream.of(
        sam -> sam,
        sam -> sam.norm(3),
        sam -> sam.norm(1),
        sam -> sam.norm(Double.POSITIVE_INFINITY),
        sam -> sam.cpuOnly(false),
        sam -> sam.adaptive(0.01f).l2(0.1f),
        sam -> sam.inPlace(true));
  }

  @ParameterizedTest
  @MethodSource("settings")
  void noSumDependsOnTiming(UnaryOperator<SamOptimizerBuilder> settings) {
    assertNoSumDependsOnTiming((sam, x) -> settings.apply(sam));
  }

  static Stream<Cut> cuts() {
    return Stream.of(
        (sam, x) -> sam.microBatches(4, x),
        (sam, x) -> sam.microBatches(4, x).sequential(true),
        (sam, x) -> sam.microBatches(4, x).sharePerturbation(SamOptimizer.ALL_REPLICAS),
        (sam, x) -> sam.ascentExamples(3, x));
  }

  @ParameterizedTest
  @MethodSource("cuts")
  void norDoesASumOverParts(Cut cut) {
    assertNoSumDependsOnTiming(cut);
  }

  private interface Cut {
    SamOptimizerBuilder apply(SamOptimizerBuilder sam, Operand<?> x);
  }

  private static void assertNoSumDependsOnTiming(Cut cut) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Maker m = new TestModels.Maker(graph, session);
      Ops tf = m.tf;
      Placeholder<TFloat64> x = tf.placeholder(TFloat64.class, Placeholder.shape(Shape.of(-1, 4)));
      Operand<TFloat64> y = x;
      for (int layer = 0; layer < 4; layer++) {
        y = tf.math.tanh(tf.linalg.matMul(y, m.weight("w" + layer, 4, 4)));
      }
      Operand<TFloat64> loss = tf.math.mean(y, tf.constant(new int[] {0, 1}));
      SamOptimizer sam =
          cut.apply(SamOptimizer.builder(graph, new Momentum(graph, 0.1f, 0.9f)), x).build();
      sam.minimize(loss);
      sam.gradientNorm();

      assertThat(sumsOfSharedInputs(graph)).isEmpty();
    }
  }

  private static List<String> sumsOfSharedInputs(Graph graph) {
    Map<Output<?>, Integer> readers = new HashMap<>();
    List<GraphOperation> sums = new ArrayList<>();
    graph
        .operations()
        .forEachRemaining(
            op -> {
              op.inputs().forEach(in -> readers.merge(in.asOutput(), 1, Integer::sum));
              if (op.type().equals("AddN") && op.inputListLength("inputs") > 2) {
                sums.add(op);
              }
            });
    return sums.stream()
        .filter(sum -> sum.inputs().stream().anyMatch(in -> readers.get(in.asOutput()) > 1))
        .map(GraphOperation::name)
        .toList();
  }
}
