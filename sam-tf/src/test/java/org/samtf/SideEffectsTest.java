package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.GradientDescent;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Print;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.family.TType;

/** What happens once a step happens once, whatever the number of passes. */
class SideEffectsTest {

  private static final float RHO = 0.5f;
  private static final float LEARNING_RATE = 0.125f;

  /**
   * L = ½ Σ (m·w)², with a mask m: then g = m²w and ∇L(w+ε) = m²(w+ε), if both passes have that m.
   */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void bothPassesHaveTheSameDropoutMask(boolean inPlace) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Maker m = new TestModels.Maker(graph, session);
      Variable<TFloat64> w = m.weight("w", 50);
      Operand<TFloat64> masked = m.dropout(w);
      Operand<TFloat64> loss = m.tf.nn.l2Loss(masked);
      SamOptimizer sam =
          SamOptimizer.builder(graph, new GradientDescent(graph, LEARNING_RATE))
              .rho(RHO)
              .inPlace(inPlace)
              .build();
      Op train = sam.minimize(loss);
      for (int step = 0; step < 10; step++) {
        double[] before = Values.of(session, w);
        double[] uniform;
        try (Result result = session.runner().addTarget(train).fetch(m.drawn.get(0)).run()) {
          uniform = Values.of(result.get(0));
        }
        double[] squaredMask = new double[50];
        double norm = 0;
        for (int i = 0; i < 50; i++) {
          squaredMask[i] = uniform[i] >= 1 / 3.0 ? 2.25 : 0;
          norm += Math.pow(squaredMask[i] * before[i], 2);
        }
        norm = Math.sqrt(norm);
        double[] after = Values.of(session, w);
        for (int i = 0; i < 50; i++) {
          double epsilon = RHO * squaredMask[i] * before[i] / norm;
          double gradient = squaredMask[i] * (before[i] + epsilon);
          assertThat(after[i]).isCloseTo(before[i] - LEARNING_RATE * gradient, within(1e-12));
        }
      }
    }
  }

  /** The mask has the shape of what is dropped out, and that no known size: w changes neither. */
  @Test
  void flattenedActivationsOfAnUnknownNumberOfExamplesCanBeDroppedOut() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Maker m = new TestModels.Maker(graph, session);
      Ops tf = m.tf;
      Placeholder<TFloat64> x =
          tf.placeholder(TFloat64.class, Placeholder.shape(Shape.of(-1, 2, 3)));
      Operand<TFloat64> scaled = tf.math.mul(x, m.weight("w", 2, 3));
      Operand<TFloat64> flat = tf.reshape(scaled, tf.constant(new int[] {-1, 6}));
      Operand<TFloat64> padded = tf.pad(flat, tf.constant(new int[][] {{0, 0}, {1, 0}}), m.c(0));
      Operand<TFloat64> cut =
          tf.slice(padded, tf.constant(new int[] {0, 1}), tf.constant(new int[] {-1, 5}));
      Operand<TFloat64> uniform = tf.random.randomUniform(tf.shape(cut), TFloat64.class);
      Operand<TFloat64> loss = tf.nn.l2Loss(tf.math.mul(cut, tf.stopGradient(uniform)));
      SamOptimizer sam = new SamOptimizer(graph, new GradientDescent(graph, LEARNING_RATE), RHO);
      Op train = sam.minimize(loss);
      try (TFloat64 batch =
          TFloat64.tensorOf(Shape.of(4, 2, 3), t -> t.scalars().forEach(s -> s.setDouble(1)))) {
        session.runner().feed(x, batch).addTarget(train).run().close();
      }
      assertThat(countOps(graph, "RandomUniform")).isEqualTo(1);
    }
  }

  @Test
  void movingAveragesChangeOnceByTheUnperturbedBatch() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Maker m = new TestModels.Maker(graph, session);
      Ops tf = m.tf;
      Variable<TFloat64> moving = m.variable("moving", new double[] {5, 5, 5}, 3);
      Operand<TFloat64> x = tf.linalg.matMul(m.data(8, 4), m.weight("w", 4, 3));
      Operand<TFloat64> mean = tf.math.mean(x, tf.constant(0));
      Op update =
          tf.assign(
              moving, tf.math.add(tf.math.mul(moving, m.c(0.75)), tf.math.mul(mean, m.c(0.25))));
      // As layers do it: the activation cannot be had without the update.
      Operand<TFloat64> normal =
          tf.withControlDependencies(List.of(update, mean)).identity(tf.math.sub(x, mean));
      Operand<TFloat64> loss = m.crossEntropy(normal);
      SamOptimizer sam = new SamOptimizer(graph, new GradientDescent(graph, LEARNING_RATE), RHO);
      Op train = sam.minimize(loss);
      double[] expected = {5, 5, 5};
      for (int step = 0; step < 5; step++) {
        double[] means;
        try (Result result = session.runner().addTarget(train).fetch(mean).run()) {
          means = Values.of(result.get(0));
        }
        double[] now = Values.of(session, moving);
        for (int i = 0; i < 3; i++) {
          expected[i] = 0.75 * expected[i] + 0.25 * means[i];
          assertThat(now[i]).isCloseTo(expected[i], within(1e-14));
        }
      }
    }
  }

  @Test
  void oneElementOfTheInputPipelineLastsAStep() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Variable<TFloat64> w = new TestModels.Maker(graph, session).weight("w", 4);
      Operand<TFloat64> rows =
          Values.constant(
              tf, TFloat64.class, Shape.of(3, 4), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
      List<Shape> shapes = List.of(Shape.of(4));
      List<Class<? extends TType>> types = List.of(TFloat64.class);
      Operand<?> iterator = tf.data.iterator("rows", "", types, shapes);
      session.run(
          tf.data.makeIterator(tf.data.tensorSliceDataset(List.of(rows), shapes), iterator));
      Operand<TFloat64> x =
          Reals.unchecked(tf.data.iteratorGetNext(iterator, types, shapes).iterator().next());
      Operand<TFloat64> loss = tf.nn.l2Loss(tf.math.mul(w, x));
      Op train = new SamOptimizer(graph, new GradientDescent(graph, 0.001f), RHO).minimize(loss);
      for (int element = 0; element < 3; element++) {
        try (Result result = session.runner().addTarget(train).fetch(x).run()) {
          assertThat(Values.of(result.get(0))[0]).isEqualTo(1 + 4.0 * element);
        }
      }
      assertThatThrownBy(() -> session.run(train)).hasMessageContaining("End of sequence");
    }
  }

  /** A print on the path hands its input on: the second pass must not stop, or print, there. */
  @Test
  void printOnThePathRunsOnce() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Maker m = new TestModels.Maker(graph, session);
      Ops tf = m.tf;
      Variable<TFloat64> w = m.weight("w", 5);
      Variable<TFloat64> count = m.variable("count", new double[1], 1);
      Op counted = tf.assignAdd(count, tf.constant(new double[] {1}));
      Op printed =
          tf.withControlDependencies(List.of(counted))
              .print(tf.strings.stringFormat(List.of(w)), Print.outputStream("log(info)"));
      Operand<TFloat64> seen = tf.withControlDependencies(List.of(printed)).identity(w);
      SamOptimizer sam = new SamOptimizer(graph, new GradientDescent(graph, LEARNING_RATE), RHO);
      Op train = sam.minimize(tf.nn.l2Loss(seen));
      session.run(train);
      session.run(train);
      assertThat(Values.scalar(session, count)).isEqualTo(2);
      long prints = countOps(graph, "PrintV2") + countOps(graph, "AssignAdd");
      assertThat(prints).isEqualTo(2);
    }
  }

  @Test
  void aConditionThatHoldsOnlyAtTheUnperturbedWeightsIsAskedThere() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Maker m = new TestModels.Maker(graph, session);
      Ops tf = m.tf;
      Variable<TFloat64> w = m.variable("w", new double[] {1, 1}, 2);
      Operand<TFloat64> size = tf.sum(tf.math.mul(w, w), tf.constant(0));
      Op small = tf.assertThat(tf.math.lessEqual(size, m.c(2)), List.of(size));
      Operand<TFloat64> loss = tf.withControlDependencies(List.of(small)).identity(size);
      Op train = new SamOptimizer(graph, new GradientDescent(graph, 0.01f), RHO).minimize(loss);
      session.run(train);
      assertThat(graph.operations())
          .toIterable()
          .noneMatch(op -> op.type().equals("Assert") && op.name().startsWith("Sam/twin/"));
    }
  }

  private static long countOps(Graph graph, String type) {
    long[] count = {0};
    graph
        .operations()
        .forEachRemaining(
            op -> {
              if (op.type().equals(type)) {
                count[0]++;
              }
            });
    return count[0];
  }
}
