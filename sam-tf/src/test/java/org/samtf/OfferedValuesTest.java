package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat64;

/** What a step offers for fetching is of the weights before its update. */
@Tag("one-line")
class OfferedValuesTest {

  /** Two layers; nothing about their shapes is special. */
  private static final class Net implements AutoCloseable {
    final Graph graph = new Graph();
    final Session session = new Session(graph);
    final TestModels.Maker m = new TestModels.Maker(graph, session);
    final Placeholder<TFloat64> x;
    final Operand<TFloat64> loss;

    Net() {
      Ops tf = m.tf;
      x = tf.withName("x").placeholder(TFloat64.class, Placeholder.shape(Shape.of(-1, 5)));
      Operand<TFloat64> hidden =
          tf.math.tanh(tf.math.add(tf.linalg.matMul(x, m.weight("w1", 5, 7)), m.weight("b1", 7)));
      Operand<TFloat64> y =
          tf.math.add(tf.linalg.matMul(hidden, m.weight("w2", 7, 2)), m.weight("b2", 2));
      loss = tf.math.mean(tf.math.mul(y, y), tf.constant(new int[] {0, 1}));
    }

    @Override
    public void close() {
      session.close();
      graph.close();
    }
  }

  private interface Setting {
    SamOptimizerBuilder set(SamOptimizerBuilder builder, Operand<?> x);
  }

  private static final Map<String, Setting> SETTINGS = new LinkedHashMap<>();

  static {
    Map<String, Setting> steps = new LinkedHashMap<>();
    steps.put("whole", (b, x) -> b);
    steps.put("subset", (b, x) -> b.ascentExamples(3, x));
    steps.put("drawn", (b, x) -> b.ascentFraction(0.5, x).randomAscentExamples(true));
    steps.put("parts", (b, x) -> b.microBatches(4, x));
    steps.put("sequence", (b, x) -> b.microBatches(4, x).sequential(true));
    steps.put("shared", (b, x) -> b.microBatches(4, x).sharePerturbation(2).sequential(true));
    steps.put("in place", (b, x) -> b.inPlace(true));
    steps.put("subset in place", (b, x) -> b.inPlace(true).ascentExamples(3, x));
    Map<String, UnaryOperator<SamOptimizerBuilder>> more = new LinkedHashMap<>();
    more.put("", b -> b);
    more.put("biases unperturbed", b -> b.doNotPerturb("b*"));
    more.put("adaptive, L2", b -> b.adaptive().doNotScale("b*").l2(0.1f).doNotPerturb("w2"));
    more.put("p = 1", b -> b.norm(1).doNotPerturb("w1"));
    more.put("p = inf, frozen", b -> b.norm(Double.POSITIVE_INFINITY).freeze("b2"));
    more.put("for GPUs", b -> b.cpuOnly(false).doNotPerturb("b*"));
    steps.forEach(
        (step, first) ->
            more.forEach(
                (name, second) ->
                    SETTINGS.put(step + " " + name, (b, x) -> second.apply(first.set(b, x)))));
  }

  static Stream<String> settings() {
    return SETTINGS.keySet().stream();
  }

  /** Whatever reads an updated variable, or a tensor that may share its memory, comes before. */
  @ParameterizedTest
  @MethodSource("settings")
  void nothingThatIsOfferedReadsAVariableAfterItsUpdate(String setting) {
    try (Net net = new Net()) {
      SamOptimizer sam = sam(net, setting);
      Op train = sam.minimize(net.loss);
      Set<GraphOperation> step = GraphOps.behind((GraphOperation) train.op());
      List<Set<GraphOperation>> beforeUpdates = new ArrayList<>();
      Set<GraphOperation> updated = new HashSet<>();
      for (GraphOperation op : step) {
        if (op.type().startsWith("Apply")) {
          beforeUpdates.add(GraphOps.behind(op));
          updated.add(source(op));
        }
      }
      assertThat(beforeUpdates).isNotEmpty();
      for (Operand<?> offered :
          List.of(
              sam.loss(),
              sam.perturbedLoss(),
              sam.sharpness(),
              sam.gradientNorm(),
              sam.perturbationNorm())) {
        for (GraphOperation op : GraphOps.behind((GraphOperation) offered.op())) {
          if (op.inputs().stream().anyMatch(in -> updated.contains(source(in.op())))
              && !op.type().startsWith("Apply")) {
            for (Set<GraphOperation> before : beforeUpdates) {
              assertThat(before)
                  .as("%s reads a variable for %s", op.name(), offered.op().name())
                  .contains(op);
            }
          }
        }
      }
    }
  }

  /** The variable that an op passes on, or whose memory it may share. */
  private static GraphOperation source(org.tensorflow.Operation op) {
    GraphOperation source = (GraphOperation) op;
    while (Set.of("Identity", "RefIdentity").contains(source.type())
        || source.type().startsWith("Apply")) {
      source = (GraphOperation) source.inputs().get(0).op();
    }
    return source;
  }

  private static SamOptimizer sam(Net net, String setting) {
    SamOptimizerBuilder builder =
        SamOptimizer.builder(net.graph, new Momentum(net.graph, 0.1f, 0.9f)).rho(0.2f);
    return SETTINGS.get(setting).set(builder, net.x).build();
  }
}
