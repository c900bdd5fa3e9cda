package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.samtf.direction.AscentDirections;
import org.samtf.direction.DescentDirections;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat64;

/**
 * Eight steps of each of SAM's relatives against a program in Python that shares nothing with the
 * library: {@code src/test/python/sam_relatives.py}, written from the papers.
 */
@Tag("one-line")
class RelativesTest {

  private static final double TOLERANCE = 1e-9;

  /** What is not offered: the paper's order of Friendly SAM, and an update beside the optimizer. */
  private static final Set<String> NOT_OFFERED = Set.of("friendly-paper", "weighted-decoupled");

  private static final Map<String, BiConsumer<SamOptimizerBuilder, JsonNode>> MEMBERS =
      Map.ofEntries(
          Map.entry("sam", (sam, s) -> {}),
          Map.entry("start-at", (sam, s) -> sam.startAt(s.get("start").asLong())),
          Map.entry("every", (sam, s) -> sam.every(s.get("k").asInt())),
          Map.entry("ae-sam", RelativesTest::adaptivePolicy),
          Map.entry("ae-sam-steep", RelativesTest::adaptivePolicy),
          Map.entry(
              "look-sam",
              (sam, s) ->
                  sam.every(s.get("k").asInt())
                      .descent(DescentDirections.looking(s.get("alpha").asDouble()))),
          Map.entry(
              "msam", (sam, s) -> sam.ascent(AscentDirections.momentum()).lossAtWeights(true)),
          Map.entry(
              "friendly",
              (sam, s) ->
                  sam.ascent(
                      AscentDirections.friendly(
                          s.get("sigma").asDouble(), s.get("lambda").asDouble()))),
          Map.entry(
              "vasso",
              (sam, s) ->
                  sam.ascent(AscentDirections.varianceSuppressed(s.get("theta").asDouble()))),
          Map.entry(
              "gsam",
              (sam, s) -> sam.descent(DescentDirections.surrogateGap(s.get("alpha").asDouble()))),
          Map.entry(
              "weighted",
              (sam, s) -> sam.descent(DescentDirections.weighted(s.get("gamma").asDouble()))),
          Map.entry("saner", RelativesTest::saner),
          Map.entry("saner-warm-up", RelativesTest::saner),
          Map.entry("functional-sam", (sam, s) -> {}),
          Map.entry("ascent-steps", (sam, s) -> sam.ascentSteps(s.get("steps").asInt())),
          Map.entry("le-sam", (sam, s) -> sam.expectedRise((float) s.get("sigma").asDouble())));

  private static void adaptivePolicy(SamOptimizerBuilder sam, JsonNode settings) {
    sam.whenGradientIsLarge(
        settings.get("lambda2").asDouble(),
        settings.get("lambda1").asDouble(),
        settings.get("total_steps").asLong(),
        settings.get("delta").asDouble());
  }

  private static void saner(SamOptimizerBuilder sam, JsonNode settings) {
    sam.descent(
        DescentDirections.saner(
            settings.get("alpha").asDouble(), settings.get("warm_up").asLong()));
  }

  static Stream<Arguments> runs() throws IOException {
    List<Arguments> runs = new ArrayList<>();
    JsonNode reference = read();
    for (JsonNode run : reference.get("runs")) {
      if (!NOT_OFFERED.contains(run.get("name").asText())) {
        runs.add(Arguments.of(run.get("name").asText(), run.get("norm").asText(), reference, run));
      }
    }
    return runs.stream();
  }

  @Test
  void allMembersAreInTheReference() throws IOException {
    List<String> names = new ArrayList<>();
    read().get("runs").forEach(run -> names.add(run.get("name").asText()));
    assertThat(names).containsAll(MEMBERS.keySet());
  }

  @ParameterizedTest(name = "{0}, norm {1}")
  @MethodSource("runs")
  void stepsAreThoseOfTheReference(String name, String norm, JsonNode reference, JsonNode run) {
    assertSameSteps(name, norm, reference, run, true);
  }

  /** In the form that is written for GPUs. */
  @ParameterizedTest(name = "{0}, norm {1}")
  @MethodSource("runs")
  void stepsForGpusAreThoseOfTheReference(
      String name, String norm, JsonNode reference, JsonNode run) {
    assertSameSteps(name, norm, reference, run, false);
  }

  private static void assertSameSteps(
      String name, String norm, JsonNode reference, JsonNode run, boolean cpuOnly) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      boolean crossEntropy = run.get("loss").asText().equals("cross-entropy");
      Placeholder<TFloat64> x = tf.placeholder(TFloat64.class, Placeholder.shape(Shape.of(-1, 4)));
      Placeholder<TFloat64> y = tf.placeholder(TFloat64.class, Placeholder.shape(Shape.of(-1, 3)));
      List<Variable<TFloat64>> weights = new ArrayList<>();
      for (JsonNode initial : reference.get("w0")) {
        weights.add(tf.withName("w" + weights.size()).variable(constant(tf, initial)));
      }
      Operand<TFloat64> hidden =
          tf.math.tanh(tf.math.add(tf.linalg.matMul(x, weights.get(0)), weights.get(1)));
      Operand<TFloat64> logits =
          tf.math.add(tf.linalg.matMul(hidden, weights.get(2)), weights.get(3));
      Operand<TFloat64> loss =
          crossEntropy
              ? tf.math.neg(
                  tf.math.mean(
                      tf.sum(tf.math.mul(y, tf.nn.logSoftmax(logits)), tf.constant(1)),
                      tf.constant(0)))
              : tf.math.mean(tf.math.squaredDifference(logits, y), tf.constant(new int[] {0, 1}));
      float lr = (float) reference.get("lr").asDouble();
      float momentum = (float) reference.get("momentum").asDouble();
      SamOptimizerBuilder builder =
          SamOptimizer.builder(graph, new Momentum(graph, lr, momentum))
              .cpuOnly(cpuOnly)
              .rho((float) reference.get("rho").asDouble())
              .norm(norm.equals("inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(norm));
      MEMBERS.get(name).accept(builder, run.get("settings"));
      if (name.equals("functional-sam")) {
        builder.logits(logits);
      }
      SamOptimizer sam = builder.build();
      Op train = sam.minimize(loss);
      session.initialize();

      JsonNode targets = reference.get(crossEntropy ? "labels" : "y");
      for (int step = 0; step < reference.get("steps").asInt(); step++) {
        try (TFloat64 batch = tensor(reference.get("x").get(step));
            TFloat64 target = tensor(targets.get(step));
            Result result =
                session
                    .runner()
                    .feed(x, batch)
                    .feed(y, target)
                    .addTarget(train)
                    .fetch(sam.loss())
                    .fetch(sam.perturbedLoss())
                    .fetch(sam.active())
                    .run()) {
          boolean active = run.get("active").get(step).asBoolean();
          assertThat(((TBool) result.get(2)).getBoolean()).isEqualTo(active);
          assertClose(((TFloat64) result.get(0)).getDouble(), run.get("losses").get(step));
          double perturbed = ((TFloat64) result.get(1)).getDouble();
          if (active) {
            assertClose(perturbed, run.get("perturbed_losses").get(step));
          } else {
            assertThat(perturbed).isNaN();
          }
        }
        for (int i = 0; i < weights.size(); i++) {
          List<Double> expected = flat(run.get("weights_after_step").get(step).get(i));
          double[] actual = Values.of(session, weights.get(i));
          assertThat(actual).hasSize(expected.size());
          for (int k = 0; k < actual.length; k++) {
            assertThat(actual[k])
                .as("step %d, w%d[%d]", step, i, k)
                .isCloseTo(expected.get(k), within(TOLERANCE));
          }
        }
      }
    }
  }

  private static void assertClose(double actual, JsonNode expected) {
    assertThat(actual)
        .isCloseTo(expected.asDouble(), within(TOLERANCE * Math.abs(expected.asDouble())));
  }

  private static JsonNode read() throws IOException {
    try (InputStream in = RelativesTest.class.getResourceAsStream("sam-relatives.json")) {
      return new ObjectMapper().readTree(in);
    }
  }

  private static Operand<TFloat64> constant(Ops tf, JsonNode array) {
    return Values.constant(tf, TFloat64.class, shape(array), values(array));
  }

  private static TFloat64 tensor(JsonNode array) {
    return Values.tensor(shape(array), values(array));
  }

  private static double[] values(JsonNode array) {
    return flat(array).stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static Shape shape(JsonNode array) {
    return array.get(0).isArray()
        ? Shape.of(array.size(), array.get(0).size())
        : Shape.of(array.size());
  }

  private static List<Double> flat(JsonNode node) {
    List<Double> values = new ArrayList<>();
    if (node.isArray()) {
      node.forEach(child -> values.addAll(flat(child)));
    } else {
      values.add(node.asDouble());
    }
    return values;
  }
}
