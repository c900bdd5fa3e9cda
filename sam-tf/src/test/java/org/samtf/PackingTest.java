package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.family.TNumber;

/**
 * Small gradients laid end to end, as a build for GPUs has them, give what each by itself gives.
 */
class PackingTest {

  private static final List<Double> NORMS = List.of(1.0, 1.5, 2.0, 3.0, Double.POSITIVE_INFINITY);
  private static final List<Shape> SHAPES =
      List.of(Shape.scalar(), Shape.of(1), Shape.of(7), Shape.of(3, 5), Shape.of(2, 3, 4));

  /** L = Σ mean(c_i · tanh w_i) + mean(w_i²), with a factor of some that is fed. */
  private static final class Model implements AutoCloseable {
    final Graph graph = new Graph();
    final Session session = new Session(graph);
    final List<Variable<?>> variables = new ArrayList<>();
    final Placeholder<TFloat64> factors;
    final int count;
    final SamOptimizer sam;
    final Op train;

    Model(
        List<Class<? extends TNumber>> types,
        List<Shape> shapes,
        boolean cpuOnly,
        UnaryOperator<SamOptimizerBuilder> settings) {
      Random random = new Random(3);
      count = shapes.size();
      Ops tf = Ops.create(graph);
      factors = tf.placeholder(TFloat64.class, Placeholder.shape(Shape.of(count)));
      List<Operand<TFloat64>> losses = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        losses.add(loss(tf, types.get(i), shapes.get(i), i, random));
      }
      SamOptimizerBuilder builder =
          SamOptimizer.builder(graph, new Momentum(graph, 0.1f, 0.9f)).rho(0.3f).cpuOnly(cpuOnly);
      sam = settings.apply(builder).build();
      train = sam.minimize(losses.size() == 1 ? losses.get(0) : tf.math.addN(losses));
      session.initialize();
    }

    private <T extends TNumber> Operand<TFloat64> loss(
        Ops tf, Class<T> type, Shape shape, int i, Random random) {
      Variable<T> w = tf.withName("w" + i).variable(shape, type);
      variables.add(w);
      session.run(tf.assign(w, values(tf, type, shape, random)));
      Operand<TFloat64> factor = tf.gather(factors, tf.constant(i), tf.constant(0));
      Operand<T> tanh = tf.math.tanh(w);
      Operand<TFloat64> c =
          tf.math.mul(
              values(tf, TFloat64.class, shape, random), tf.dtypes.cast(tanh, TFloat64.class));
      Operand<TFloat64> square = tf.dtypes.cast(tf.math.mul(w, w), TFloat64.class);
      return tf.math.add(tf.math.mul(factor, mean(tf, c)), mean(tf, square));
    }

    private static <T extends TNumber> Operand<T> values(
        Ops tf, Class<T> type, Shape shape, Random random) {
      return Values.constant(tf, type, shape, random.doubles(shape.size(), -1, 1).toArray());
    }

    private static Operand<TFloat64> mean(Ops tf, Operand<TFloat64> x) {
      int[] axes = new int[x.shape().numDimensions()];
      Arrays.setAll(axes, axis -> axis);
      return tf.math.mean(x, tf.constant(axes));
    }

    void step(double... fed) {
      try (TFloat64 values = Values.tensor(Shape.of(count), fed)) {
        session.runner().feed(factors, values).addTarget(train).run().close();
      }
    }

    List<double[]> weights() {
      return Values.of(session, variables);
    }

    /** How many ops of a type go from g to w+ε. */
    long opsOf(String type) {
      return GraphOps.behind((GraphOperation) train.op()).stream()
          .filter(op -> op.type().equals(type) && isOfAscent(op.name()))
          .count();
    }

    private static boolean isOfAscent(String name) {
      return name.startsWith("Sam/ascent/")
          && !name.contains("/gradients/")
          && !name.contains("/notFinite/");
    }

    @Override
    public void close() {
      session.close();
      graph.close();
    }
  }

  private static List<double[]> train(
      List<Class<? extends TNumber>> types,
      List<Shape> shapes,
      boolean cpuOnly,
      UnaryOperator<SamOptimizerBuilder> settings) {
    try (Model model = new Model(types, shapes, cpuOnly, settings)) {
      double[] ones = new double[shapes.size()];
      Arrays.fill(ones, 1);
      for (int step = 0; step < 3; step++) {
        model.step(ones);
      }
      return model.weights();
    }
  }

  @Property(tries = 20)
  @net.jqwik.api.Tag("one-line")
  void givesWhatEachByItselfGives(
      @ForAll Random random,
      @ForAll @IntRange(min = 1, max = 9) int count,
      @ForAll @IntRange(max = 4) int norm,
      @ForAll boolean isAdaptive,
      @ForAll boolean isInPlace) {
    List<Class<? extends TNumber>> types = new ArrayList<>();
    List<Shape> shapes = new ArrayList<>();
    DtypesTest.Type[] all = DtypesTest.Type.values();
    boolean isMixed = random.nextBoolean();
    for (int i = 0; i < count; i++) {
      types.add(isMixed ? all[random.nextInt(all.length)].type : DtypesTest.Type.FLOAT64.type);
      shapes.add(SHAPES.get(random.nextInt(SHAPES.size())));
    }
    UnaryOperator<SamOptimizerBuilder> settings =
        sam -> {
          sam.norm(NORMS.get(norm)).inPlace(isInPlace);
          if (isAdaptive) {
            sam.adaptive(0.01f);
            sam = count > 1 ? sam.doNotScale("w0") : sam;
          }
          return count > 2 ? sam.doNotPerturb("w1") : sam;
        };

    List<double[]> together = train(types, shapes, false, settings);
    List<double[]> alone = train(types, shapes, true, settings);

    for (int i = 0; i < count; i++) {
      double tolerance = types.get(i) == DtypesTest.Type.FLOAT64.type ? 1e-6 : 0.02;
      if (types.stream().allMatch(type -> type == DtypesTest.Type.FLOAT64.type)) {
        tolerance = 1e-12;
      }
      assertThat(together.get(i)).containsExactly(alone.get(i), within(tolerance));
    }
  }

  /** Exactly those whose gradient is bad, though they are looked at together. */
  @ParameterizedTest
  @ValueSource(doubles = {1, 1.5, 2, 3, Double.POSITIVE_INFINITY})
  void namesTheVariablesThatAreNotFinite(double p) {
    List<Shape> shapes = List.of(SHAPES.get(1), SHAPES.get(2), SHAPES.get(3), SHAPES.get(4));
    try (Model model = new Model(ofOneType(4), shapes, false, sam -> sam.norm(p))) {
      List<double[]> before = model.weights();
      assertThatThrownBy(() -> model.step(1, Double.NaN, 1, Double.POSITIVE_INFINITY))
          .satisfies(
              e ->
                  assertThat(NonFiniteGradient.in((RuntimeException) e).orElseThrow())
                      .hasToString("the gradient at w of variable w1 w3 is not finite"));
      List<double[]> after = model.weights();
      for (int i = 0; i < 4; i++) {
        assertThat(after.get(i)).isEqualTo(before.get(i));
      }
      model.step(1, 1, 1, 1);
      assertThat(model.weights().get(0)).isNotEqualTo(before.get(0));
    }
  }

  /** The gradients at w+ε of the two add up to more than a double can hold. */
  @Test
  void namesAllOfThoseWhoseSumIsTooLarge() {
    try (Model model = new Model(ofOneType(2), copies(2), false, sam -> sam.norm(2))) {
      for (int i = 0; i < 2; i++) {
        Variable<TFloat64> w = Reals.unchecked(model.variables.get(i));
        Ops tf = Ops.create(model.graph);
        model.session.run(
            tf.assign(w, tf.fill(tf.constant(new long[] {2, 3}), tf.constant(0.9e308 / 2))));
      }
      assertThatThrownBy(() -> model.step(1, 1))
          .satisfies(
              e ->
                  assertThat(NonFiniteGradient.in((RuntimeException) e).orElseThrow())
                      .hasToString("the gradient at w+epsilon of variable w0 w1 is not finite"));
    }
  }

  @Test
  void moreVariablesAreNoMoreOps() {
    UnaryOperator<SamOptimizerBuilder> plain = sam -> sam;
    try (Model few = new Model(ofOneType(3), copies(3), false, plain);
        Model many = new Model(ofOneType(30), copies(30), false, plain)) {
      for (String type : List.of("L2Loss", "Max", "Min", "Mul", "Add", "IsFinite", "ConcatV2")) {
        assertThat(many.opsOf(type)).as(type).isEqualTo(few.opsOf(type));
      }
      assertThat(few.opsOf("L2Loss")).isOne();
    }
  }

  /** A CPU starts an op fast, but not hundreds of them. */
  @Tag("one-line")
  @Test
  void onCpusOnlyManyAreLaidEndToEnd() {
    int many = Packing.MANY_ON_CPU;
    UnaryOperator<SamOptimizerBuilder> plain = sam -> sam;
    try (Model few = new Model(ofOneType(many - 1), copies(many - 1), true, plain);
        Model enough = new Model(ofOneType(many), copies(many), true, plain);
        Model forGpus = new Model(ofOneType(many), copies(many), false, plain)) {
      double[] ones = new double[many];
      Arrays.fill(ones, 1);
      enough.step(ones);
      forGpus.step(ones);
      assertThat(few.opsOf("Reshape")).isZero();
      // Gradients and weights are stacked, w+ε is taken apart.
      assertThat(enough.opsOf("Reshape")).isEqualTo(3);
      assertThat(enough.opsOf("Unpack")).isOne();
      assertThat(enough.opsOf("L2Loss")).isLessThan(4);
      List<double[]> weights = enough.weights();
      List<double[]> expected = forGpus.weights();
      for (int i = 0; i < many; i++) {
        assertThat(weights.get(i)).containsExactly(expected.get(i), within(1e-12));
      }
    }
  }

  /** In the order of their shapes, with some that have a shape for themselves. */
  @Tag("one-line")
  @Test
  void onCpusThoseOfOneShapeAreStacked() {
    List<Shape> shapes = new ArrayList<>();
    for (int i = 0; i < Packing.MANY_ON_CPU; i++) {
      shapes.add(SHAPES.get(i % 3 == 0 ? 3 : i % SHAPES.size()));
    }
    shapes.add(Shape.of(5, 4));
    shapes.add(Shape.of(Packing.SMALL_ON_CPU + 1));
    int count = shapes.size();
    double[] fed = new double[count];
    Arrays.fill(fed, 1);
    try (Model stacked = new Model(ofOneType(count), shapes, true, sam -> sam.norm(3));
        Model endToEnd = new Model(ofOneType(count), shapes, false, sam -> sam.norm(3))) {
      for (int step = 0; step < 2; step++) {
        stacked.step(fed);
        endToEnd.step(fed);
      }
      List<double[]> weights = stacked.weights();
      List<double[]> expected = endToEnd.weights();
      for (int i = 0; i < count; i++) {
        assertThat(weights.get(i)).containsExactly(expected.get(i), within(1e-12));
      }
      fed[1] = Double.NaN;
      fed[2] = Double.NaN;
      fed[count - 1] = Double.NaN;
      assertThatThrownBy(() -> stacked.step(fed))
          .satisfies(
              e ->
                  assertThat(NonFiniteGradient.in((RuntimeException) e).orElseThrow().variables())
                      .containsExactlyInAnyOrder("w1", "w2", "w" + (count - 1)));
    }
  }

  /** A copy of a large one would cost time and memory. */
  @Test
  void aLargeVariableStaysByItself() {
    List<Shape> shapes = List.of(Shape.of(Packing.SMALL + 1), Shape.of(3), Shape.of(2, 2));
    try (Model model = new Model(ofOneType(3), shapes, false, sam -> sam)) {
      assertThat(model.opsOf("L2Loss")).isEqualTo(2);
      assertThat(model.graph.operation("Sam/ascent/packed").output(0).shape())
          .isEqualTo(Shape.of(7));
    }
  }

  private static List<Shape> copies(int count) {
    List<Shape> shapes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      shapes.add(Shape.of(2, 3));
    }
    return shapes;
  }

  private static List<Class<? extends TNumber>> ofOneType(int count) {
    List<Class<? extends TNumber>> types = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      types.add(Reals.<Class<? extends TNumber>>unchecked(TFloat64.class));
    }
    return types;
  }
}
