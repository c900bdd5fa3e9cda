package org.samtf.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.samtf.OrderedOptimizer;
import org.samtf.SamOptimizer;
import org.samtf.Values;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat64;

/** LAMB against the paper's algorithm 2, number by number. */
class LambTest {

  private static final int STEPS = 12;
  private static final double[][] START = {{1, -2, 0.5}, {0, 0}, {3}};

  /** The loss is Σ s(w−t)². */
  private static final double[][] SCALES = {{1, 3, 0.25}, {2, 1}, {0.5}};

  private static final double[][] TARGETS = {{0.5, 1, 2}, {1, -1}, {0}};

  /** Which of the variables decay, and which have the ratio. */
  private static final boolean[] DECAYS = {true, true, false};

  private static final boolean[] ADAPTS = {true, true, false};

  private static double norm(double[] x) {
    double sum = 0;
    for (double entry : x) {
      sum += entry * entry;
    }
    return Math.sqrt(sum);
  }

  private static double[][] expected() {
    double[][] w = new double[START.length][];
    for (int k = 0; k < w.length; k++) {
      w[k] = START[k].clone();
      double[] m = new double[w[k].length];
      double[] v = new double[w[k].length];
      for (int t = 1; t <= STEPS; t++) {
        double eta = 0.1 * (1 - (t - 1.0) / 20);
        double[] u = new double[w[k].length];
        for (int i = 0; i < u.length; i++) {
          double g = 2 * SCALES[k][i] * (w[k][i] - TARGETS[k][i]);
          m[i] = 0.8 * m[i] + 0.2 * g;
          v[i] = 0.95 * v[i] + 0.05 * g * g;
          double hatM = m[i] / (1 - Math.pow(0.8, t));
          double hatV = v[i] / (1 - Math.pow(0.95, t));
          u[i] = hatM / (Math.sqrt(hatV) + 1e-3) + (DECAYS[k] ? 0.25 * w[k][i] : 0);
        }
        double ofWeights = norm(w[k]);
        double ofStep = norm(u);
        double ratio = ADAPTS[k] && ofWeights > 0 && ofStep > 0 ? ofWeights / ofStep : 1;
        for (int i = 0; i < u.length; i++) {
          w[k][i] -= eta * ratio * u[i];
        }
      }
    }
    return w;
  }

  private static Optimizer lamb(Graph graph) {
    return Lamb.builder(graph)
        .learningRate(Schedules.linear(0.1, 0, 20))
        .betas(0.8, 0.95)
        .epsilon(1e-3)
        .weightDecay(0.25)
        .doNotDecay("w2")
        .doNotAdapt("w2")
        .build();
  }

  /** As it is, in order and inside SAM; one variable begins at zero, one is neither decayed. */
  @Test
  void stepsAreThoseOfThePaper() {
    double[][] expected = expected();
    List<Function<Graph, Optimizer>> ways =
        List.of(
            LambTest::lamb,
            graph -> new OrderedOptimizer(graph, lamb(graph)),
            graph -> new SamOptimizer(graph, lamb(graph), 0));
    for (var way : ways) {
      try (Graph graph = new Graph();
          Session session = new Session(graph)) {
        Ops tf = Ops.create(graph);
        Operand<TFloat64> loss = tf.constant(0.0);
        Variable<?>[] variables = new Variable<?>[START.length];
        for (int k = 0; k < START.length; k++) {
          Variable<TFloat64> w = tf.withName("w" + k).variable(tf.constant(START[k]));
          variables[k] = w;
          Operand<TFloat64> error = tf.math.sub(w, tf.constant(TARGETS[k]));
          Operand<TFloat64> squares =
              tf.math.mul(tf.constant(SCALES[k]), tf.math.mul(error, error));
          loss = tf.math.add(loss, tf.sum(squares, tf.constant(0)));
        }
        Op train = way.apply(graph).minimize(loss);
        session.initialize();
        for (int t = 0; t < STEPS; t++) {
          session.run(train);
        }
        for (int k = 0; k < START.length; k++) {
          assertThat(Values.of(session, variables[k]))
              .as("variable %d", k)
              .containsExactly(expected[k], within(1e-12));
        }
      }
    }
  }

  /** All of the variables are vectors: it is Adam without decay. */
  @Test
  void vectorsAreLeftOut() {
    List<Function<Graph, Optimizer>> same =
        List.of(
            graph -> Lamb.builder(graph).doNotDecayVectors().doNotAdaptVectors().build(),
            graph -> AdamW.builder(graph).epsilon(1e-6).doNotDecayVectors().build(),
            graph -> AdamW.builder(graph).epsilon(1e-6).weightDecay(0).build());
    List<double[]> reached = new ArrayList<>();
    for (Function<Graph, Optimizer> optimizer : same) {
      try (Graph graph = new Graph();
          Session session = new Session(graph)) {
        Ops tf = Ops.create(graph);
        Variable<TFloat64> w = tf.withName("w").variable(tf.constant(START[0]));
        Op train = optimizer.apply(graph).minimize(tf.sum(tf.math.mul(w, w), tf.constant(0)));
        session.initialize();
        for (int t = 0; t < STEPS; t++) {
          session.run(train);
        }
        reached.add(Values.of(session, w));
      }
    }
    assertThat(reached.get(1)).isEqualTo(reached.get(2));
    assertThat(reached.get(0)).containsExactly(reached.get(1), within(1e-12));
  }

  @Test
  void badSettingsAreRefused() {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Variable<TFloat64> w = tf.withName("w").variable(tf.constant(new double[] {1}));
      Operand<TFloat64> loss = tf.sum(tf.math.mul(w, w), tf.constant(0));
      assertThatThrownBy(() -> Lamb.builder(graph).betas(1, 0.9)).hasMessageContaining("beta1 is");
      assertThatThrownBy(() -> Lamb.builder(graph).epsilon(-1)).hasMessageContaining("epsilon is");
      assertThatThrownBy(() -> Lamb.builder(graph).doNotAdapt("regex:["))
          .hasMessageContaining("no regular expression");
      assertThatThrownBy(() -> Lamb.builder(graph).doNotAdapt("*bias").build().minimize(loss))
          .hasMessageContaining("doNotAdapt has \"*bias\"");
    }
  }
}
