package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat64;

/** Ten steps that three PyTorch implementations of SAM made, computed by their own code. */
class ReferenceTrajectoryTest {

  private static final double TOLERANCE = 1e-6;

  @ParameterizedTest
  @CsvSource({
    "davda54-sgd,false", "balloli-momentum,false", "hataya-momentum,false",
    "davda54-sgd,true", "balloli-momentum,true", "hataya-momentum,true"
  })
  void stepsAreThoseOfTheReference(String name, boolean inPlace) throws IOException {
    JsonNode reference = read(name);
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      List<Variable<TFloat64>> weights = new ArrayList<>();
      Operand<TFloat64> layer = constant(tf, reference.get("x"));
      JsonNode w0 = reference.get("w0");
      for (int i = 0; i < w0.size(); i++) {
        Operand<TFloat64> initial = constant(tf, w0.get(i));
        Variable<TFloat64> w = tf.withName("w" + i).variable(initial.shape(), TFloat64.class);
        session.run(tf.assign(w, initial));
        weights.add(w);
        if (i % 2 == 0) {
          layer = tf.linalg.matMul(layer, w);
        } else {
          layer = tf.math.add(layer, w);
          layer = i < w0.size() - 1 ? tf.math.tanh(layer) : layer;
        }
      }
      Operand<TFloat64> loss =
          tf.math.mean(
              tf.math.squaredDifference(layer, constant(tf, reference.get("y"))),
              tf.constant(new int[] {0, 1}));
      SamOptimizer sam =
          SamOptimizer.builder(
                  graph,
                  new Momentum(
                      graph,
                      (float) reference.get("lr").asDouble(),
                      (float) reference.get("momentum").asDouble()))
              .rho((float) reference.get("rho").asDouble())
              .inPlace(inPlace)
              .build();
      Op train = sam.minimize(loss);

      JsonNode checkpoints = reference.get("weights_at_steps");
      int checked = 0;
      for (int step = 1; step <= reference.get("steps").asInt(); step++) {
        try (Result result = session.runner().addTarget(train).fetch(sam.loss()).run()) {
          assertClose(
              ((TFloat64) result.get(0)).getDouble(), reference.get("losses").get(step - 1));
        }
        if (checkpoints.get(checked).asInt() == step) {
          for (int i = 0; i < weights.size(); i++) {
            List<Double> expected = flat(reference.get("weights").get(checked).get(i));
            double[] actual = Values.of(session, weights.get(i));
            assertThat(actual).hasSize(expected.size());
            for (int k = 0; k < actual.length; k++) {
              assertThat(actual[k]).isCloseTo(expected.get(k), within(TOLERANCE * scale(expected)));
            }
          }
          checked++;
        }
      }
      assertThat(checked).isEqualTo(checkpoints.size());
    }
  }

  private static void assertClose(double actual, JsonNode expected) {
    assertThat(actual)
        .isCloseTo(expected.asDouble(), within(TOLERANCE * Math.abs(expected.asDouble())));
  }

  private static double scale(List<Double> values) {
    return values.stream().mapToDouble(Math::abs).max().orElseThrow();
  }

  private static JsonNode read(String name) throws IOException {
    try (InputStream in = ReferenceTrajectoryTest.class.getResourceAsStream(name + ".json")) {
      return new ObjectMapper().readTree(in);
    }
  }

  private static Operand<TFloat64> constant(Ops tf, JsonNode array) {
    double[] values = flat(array).stream().mapToDouble(Double::doubleValue).toArray();
    Shape shape =
        array.get(0).isArray()
            ? Shape.of(array.size(), array.get(0).size())
            : Shape.of(array.size());
    return Values.constant(tf, TFloat64.class, shape, values);
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
