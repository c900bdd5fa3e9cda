package org.samtf.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.samtf.SamOptimizer;
import org.samtf.Values;
import org.samtf.model.GraphCheckpoint;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.GradientDescent;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat64;

/** Schedules against their closed forms. */
class SchedulesTest {

  private static final int STEPS = 1000;

  private static Arguments schedule(String name, Schedule schedule, DoubleUnaryOperator expected) {
    return Arguments.of(name, schedule, expected);
  }

  static Stream<Arguments> schedules() {
    return Stream.of(
        schedule("constant", Schedules.constant(0.3), t -> 0.3),
        schedule(
            "linear", Schedules.linear(1, 0.2, 700), t -> 1 + (0.2 - 1) * Math.min(t / 700, 1)),
        schedule(
            "cosine",
            Schedules.cosine(0.5, 0.1, 800),
            t -> 0.1 + 0.2 * (1 + Math.cos(Math.PI * Math.min(t / 800, 1)))),
        schedule(
            "cosine with restarts",
            Schedules.cosineRestarts(0.5, 0.1, 70, 1),
            t -> 0.1 + 0.2 * (1 + Math.cos(Math.PI * (t % 70) / 70))),
        schedule(
            "cosine with longer and longer restarts",
            Schedules.cosineRestarts(0.5, 0, 7, 3),
            SchedulesTest::restarted),
        schedule(
            "one cycle",
            Schedules.oneCycle(0.5, 900),
            t ->
                t <= 269
                    ? between(0.02, 0.5, t / 269)
                    : between(0.5, 2e-6, Math.min((t - 269) / 630, 1))),
        schedule(
            "polynomial",
            Schedules.polynomial(2, 1, 900, 3),
            t -> 1 + Math.pow(1 - Math.min(t / 900, 1), 3)),
        schedule(
            "exponential", Schedules.exponential(0.7, 0.5, 100), t -> 0.7 * Math.pow(0.5, t / 100)),
        schedule(
            "piecewise",
            Schedules.piecewise(new long[] {10, 500}, 3, 2, 1),
            t -> t < 10 ? 3 : t < 500 ? 2 : 1),
        schedule(
            "warm-up and cosine",
            Schedules.linear(0, 0.4, 100).then(100, Schedules.cosine(0.4, 0, 900)),
            t ->
                t < 100
                    ? 0.4 * t / 100
                    : 0.2 * (1 + Math.cos(Math.PI * Math.min((t - 100) / 900, 1)))),
        schedule(
            "product",
            Schedules.linear(1, 3, 10).times(Schedules.constant(0.5)),
            t -> 0.5 + Math.min(t / 10, 1)),
        schedule(
            "one of a user",
            (tf, step) -> tf.math.div(tf.constant(1.0), tf.math.add(step, tf.constant(1.0))),
            t -> 1 / (t + 1)));
  }

  /** Step by step, as the paper has it. */
  private static double restarted(double t) {
    double start = 0;
    double length = 7;
    while (t >= start + length) {
      start += length;
      length *= 3;
    }
    return 0.25 * (1 + Math.cos(Math.PI * (t - start) / length));
  }

  private static double between(double from, double to, double share) {
    return to + (from - to) / 2 * (1 + Math.cos(Math.PI * share));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("schedules")
  void eachStepHasTheValueOfTheFormula(
      String name, Schedule schedule, DoubleUnaryOperator expected) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat64> step = tf.placeholder(TFloat64.class);
      Operand<TFloat64> value = schedule.at(tf, step);
      for (int t = 0; t <= STEPS; t++) {
        try (TFloat64 fed = TFloat64.scalarOf(t);
            Result result = session.runner().feed(step, fed).fetch(value).run()) {
          double wanted = expected.applyAsDouble(t);
          assertThat(Values.of(result.get(0))[0])
              .as("step %d", t)
              .isCloseTo(wanted, within(1e-12 * Math.max(1, Math.abs(wanted))));
        }
      }
    }
  }

  /** The learning rate, the decay and ρ go on where they were: half of 1,000 steps each. */
  @Test
  void schedulesGoOnAfterACheckpoint(@TempDir Path directory) throws IOException {
    Schedule rate = Schedules.linear(0, 1e-2, 100).then(100, Schedules.cosine(1e-2, 0, 900));
    for (int part = 0; part < 2; part++) {
      try (Graph graph = new Graph();
          Session session = new Session(graph)) {
        Ops tf = Ops.create(graph);
        Variable<TFloat64> w = tf.withName("w").variable(tf.constant(new double[] {1, 2}));
        // The gradient is 1: the weights move by the learning rate.
        Operand<TFloat64> loss = tf.sum(w, tf.constant(0));
        Sgd base = Sgd.builder(graph).learningRate(rate).build();
        SamOptimizer sam =
            SamOptimizer.builder(graph, base).rho(Schedules.linear(0, 1, STEPS)).build();
        Op train = sam.minimize(loss);
        session.initialize();
        if (part == 1) {
          GraphCheckpoint.of(graph, session).restore(directory.resolve("half"));
        }
        double before = Values.of(session, w)[0];
        for (int t = part * STEPS / 2; t < (part + 1) * STEPS / 2; t++) {
          double eta =
              t < 100 ? 1e-2 * t / 100 : 0.5e-2 * (1 + Math.cos(Math.PI * (t - 100) / 900));
          try (Result result =
              session.runner().addTarget(train).fetch(sam.perturbationNorm()).run()) {
            assertThat(Values.of(result.get(0))[0])
                .as("rho of step %d", t)
                .isCloseTo((double) t / STEPS, within(1e-12));
          }
          double after = Values.of(session, w)[0];
          assertThat(before - after).as("rate of step %d", t).isCloseTo(eta, within(1e-14));
          before = after;
        }
        if (part == 0) {
          GraphCheckpoint.of(graph, session).save(directory.resolve("half"));
        }
      }
    }
  }

  /** The neighbourhood grows with the steps that SAM counts. */
  @Test
  void theSizeOfTheNeighbourhoodFollowsASchedule() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Variable<TFloat64> w = tf.withName("w").variable(tf.constant(new double[] {1, 2}));
      Operand<TFloat64> loss = tf.sum(tf.math.mul(w, w), tf.constant(0));
      SamOptimizer sam =
          SamOptimizer.builder(graph, new GradientDescent(graph, 0.01f))
              .rho(Schedules.linear(0, 0.5, 5))
              .build();
      Op train = sam.minimize(loss);
      session.initialize();
      for (int step = 0; step < 7; step++) {
        try (Result result =
            session.runner().addTarget(train).fetch(sam.perturbationNorm()).run()) {
          assertThat(Values.of(result.get(0))[0]).isCloseTo(0.1 * Math.min(step, 5), within(1e-12));
        }
      }
    }
  }

  @Test
  void numbersOutOfRangeAreRefused() {
    assertThatThrownBy(() -> Schedules.constant(Double.NaN)).hasMessageContaining("value is NaN");
    assertThatThrownBy(() -> Schedules.linear(0, 1, 0)).hasMessageContaining("steps is 0");
    assertThatThrownBy(() -> Schedules.polynomial(0, 1, 5, 0)).hasMessageContaining("power is 0");
    assertThatThrownBy(() -> Schedules.exponential(1, 0, 5)).hasMessageContaining("rate is 0");
    assertThatThrownBy(() -> Schedules.cosineRestarts(1, 0, 0, 1))
        .hasMessageContaining("steps is 0");
    assertThatThrownBy(() -> Schedules.cosineRestarts(1, 0, 5, 0))
        .hasMessageContaining("factor is 0");
    assertThatThrownBy(() -> Schedules.oneCycle(1, 1)).hasMessageContaining("steps is 1");
    assertThatThrownBy(() -> Schedules.piecewise(new long[] {5}, 1))
        .hasMessageContaining("1 boundaries and 1 values");
    assertThatThrownBy(() -> Schedules.piecewise(new long[] {5, 5}, 1, 2, 3))
        .hasMessageContaining("boundary 1 is 5; it must be at least 6");
    assertThatThrownBy(() -> Schedules.constant(1).then(-1, Schedules.constant(2)))
        .hasMessageContaining("steps is -1");
  }
}
