package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.GradientDescent;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.framework.optimizers.Optimizer.GradAndVar;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TBfloat16;
import org.tensorflow.types.TFloat16;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.family.TNumber;

/** Types and kinds of variables, and of losses. */
@Tag("one-line")
class DtypesTest {

  private final Graph graph = new Graph();
  private final Session session = new Session(graph);
  private final Ops tf = Ops.create(graph);

  /** A floating-point type and the relative error of rounding to it. */
  enum Type {
    FLOAT16(TFloat16.class, 0x1p-11),
    BFLOAT16(TBfloat16.class, 0x1p-8),
    FLOAT32(TFloat32.class, 0x1p-24),
    FLOAT64(TFloat64.class, 0x1p-53);

    final Class<? extends TNumber> type;
    final double roundoff;

    Type(Class<? extends TNumber> type, double roundoff) {
      this.type = type;
      this.roundoff = roundoff;
    }
  }

  @AfterEach
  void close() {
    session.close();
    graph.close();
  }

  // Types of variables.

  static Stream<Arguments> normsAndLossTypes() {
    return Stream.of(1, 1.5, 2, 3, Double.POSITIVE_INFINITY)
        .map(Number::doubleValue)
        .flatMap(p -> Arrays.stream(Type.values()).map(type -> Arguments.of(p, type)));
  }

  /** The four variables count in one norm: no type is left out of it or spoils it. */
  @ParameterizedTest
  @MethodSource("normsAndLossTypes")
  void variablesOfAllTypesShareOneNeighbourhood(double p, Type lossType) {
    double[] g = {0.5, -1, 2, 0.25, -3, 0, 1.5, -0.125, 4, 3, -4, 1};
    List<Operand<TNumber>> terms = new ArrayList<>();
    List<Variable<?>> variables = new ArrayList<>();
    for (Type type : Type.values()) {
      double[] part = Arrays.copyOfRange(g, 3 * type.ordinal(), 3 * type.ordinal() + 3);
      Variable<?> w = variable(type.name(), type.type, Shape.of(3), 1, 2, -1);
      variables.add(w);
      terms.add(cast(dot(constant(type.type, part), w), lossType.type));
    }
    SamOptimizer sam = sgd(1f).rho(0.5f).norm(p).build();
    Op train = sam.minimize(tf.math.addN(terms));

    double[] epsilon = new double[g.length];
    try (Result result = fetch(sam.step().epsilons())) {
      for (int i = 0; i < sam.step().perturbed().size(); i++) {
        Type of = Type.valueOf(sam.step().perturbed().get(i).op().name());
        assertThat(result.get(i))
            .isInstanceOf(of == Type.FLOAT64 ? TFloat64.class : TFloat32.class);
        System.arraycopy(Values.of(result.get(i)), 0, epsilon, 3 * of.ordinal(), 3);
      }
    }
    double q = p == 1 ? Double.POSITIVE_INFINITY : p == Double.POSITIVE_INFINITY ? 1 : p / (p - 1);
    double dualNorm = norm(g, q);
    assertThat(sam.gradientNorm().type()).isEqualTo(TFloat64.class);
    assertThat(Values.scalar(session, sam.gradientNorm())).isCloseTo(dualNorm, relative(dualNorm));
    assertThat(norm(epsilon, p)).isCloseTo(0.5, relative(0.5));
    assertThat(Values.scalar(session, sam.perturbationNorm())).isCloseTo(0.5, relative(0.5));
    double product = 0;
    for (int i = 0; i < g.length; i++) {
      product += epsilon[i] * g[i];
    }
    assertThat(product).isCloseTo(0.5 * dualNorm, relative(dualNorm));

    session.run(train);
    for (Type type : Type.values()) {
      int i = 3 * type.ordinal();
      assertThat(Values.of(session, variables.get(type.ordinal())))
          .containsExactly(1 - g[i], 2 - g[i + 1], -1 - g[i + 2]);
    }
  }

  /** The gradient of ½w² is w, and at w+ε it is w+ε, rounded once to the type of w. */
  @ParameterizedTest
  @EnumSource
  void perturbedWeightsAreRoundedOnceToTheirType(Type type) {
    double[] values = {1, -3, 0.3125, 2.75};
    Variable<?> w = variable("w", type.type, Shape.of(4), values);
    Operand<TNumber> loss = dot(w, tf.math.mul(constant(type.type, 0.5), unchecked(w)));
    SamOptimizer sam = sgd(1f).rho(0.1f).build();
    List<GradAndVar<?>> pairs = sam.computeGradients(loss);
    try (Result result = fetch(List.of(sam.step().epsilons().get(0), pairs.get(0).getGradient()))) {
      double[] epsilon = Values.of(result.get(0));
      double[] gradient = Values.of(result.get(1));
      double compute = Math.min(type.roundoff, Type.FLOAT32.roundoff);
      for (int i = 0; i < values.length; i++) {
        double expected = 0.1f * values[i] / norm(values, 2);
        assertThat(epsilon[i]).isCloseTo(expected, within(8 * compute * Math.abs(expected)));
        double perturbed = values[i] + epsilon[i];
        assertThat(gradient[i])
            .isCloseTo(perturbed, within(type.roundoff * Math.abs(perturbed) * 1.001));
        assertThat(gradient[i]).isNotEqualTo(values[i]);
      }
    }
  }

  /** Squares of these are no numbers of float16: too small, or too large. */
  @ParameterizedTest
  @ValueSource(doubles = {0x1p-24, 0x1p-23, 0x1p-14, 60000})
  void gradientsAtTheEndsOfFloat16NeitherVanishNorOverflow(double g) {
    Variable<TFloat16> w = variable("w", TFloat16.class, Shape.of(2, 2), 0, 0, 0, 0);
    Operand<TFloat16> c =
        tf.reshape(constant(TFloat16.class, g, -g, g, g), tf.constant(new int[] {2, 2}));
    SamOptimizer sam = sgd(1f).rho(0.5f).build();
    Op train = sam.minimize(dot(c, w));
    assertThat(Values.scalar(session, sam.gradientNorm())).isCloseTo(2 * g, relative(2 * g));
    double[] epsilon = Values.of(session, sam.step().epsilons().get(0));
    assertThat(epsilon).containsExactly(new double[] {0.25, -0.25, 0.25, 0.25}, within(1e-7));
    session.run(train);
    assertThat(Values.of(session, w)).containsExactly(-g, g, -g, -g);
  }

  /** The norm is that of float64, and is more than a float32 can hold, or less. */
  @ParameterizedTest
  @ValueSource(doubles = {1e200, 1e-200})
  void float64GradientsMayBeBeyondFloat32(double size) {
    Variable<TFloat32> w = variable("w", TFloat32.class, Shape.of(2), 1, 2);
    Variable<TFloat64> v = variable("v", TFloat64.class, Shape.of(2), 3, 4);
    double g = size > 1 ? 1 : 0;
    Operand<TNumber> loss =
        tf.math.add(
            cast(dot(constant(TFloat32.class, g, g), w), TFloat64.class),
            cast(dot(constant(TFloat64.class, 3 * size, -4 * size), v), TFloat64.class));
    SamOptimizer sam = sgd(1f).rho(5f).build();
    sam.computeGradients(loss);
    double norm = Values.scalar(session, sam.gradientNorm());
    assertThat(norm / size).isCloseTo(5, within(1e-14));
    for (int i = 0; i < 2; i++) {
      double[] epsilon = Values.of(session, sam.step().epsilons().get(i));
      if (sam.step().perturbed().get(i).op().name().equals("w")) {
        assertThat(epsilon).containsOnly(0.0);
      } else {
        assertThat(epsilon).containsExactly(new double[] {3, -4}, within(1e-14));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void rhoMayBeOfAnyType(Type type) {
    Variable<TFloat32> w = variable("w", TFloat32.class, Shape.of(3), 1, 2, 3);
    Variable<TFloat64> v = variable("v", TFloat64.class, Shape.of(2), 4, 5);
    Operand<TNumber> loss =
        tf.math.add(
            cast(dot(constant(TFloat32.class, 1, 2, 3), w), TFloat64.class),
            cast(dot(constant(TFloat64.class, 4, -5), v), TFloat64.class));
    SamOptimizer constant = sgd(1f).rho(0.25f).build();
    constant.computeGradients(loss);
    SamOptimizer operand = sgd(1f).rho(tf.dtypes.cast(tf.constant(0.25f), type.type)).build();
    operand.computeGradients(loss);
    for (int i = 0; i < 2; i++) {
      assertThat(Values.of(session, operand.step().epsilons().get(i)))
          .isEqualTo(Values.of(session, constant.step().epsilons().get(i)));
    }
  }

  // The L2 term.

  static Stream<Arguments> typesAndWays() {
    return Arrays.stream(Type.values())
        .flatMap(type -> Stream.of(Arguments.of(type, false), Arguments.of(type, true)));
  }

  @ParameterizedTest
  @MethodSource("typesAndWays")
  void l2AddsTwiceLambdaTimesTheUnperturbedWeights(Type type, boolean inPlace) {
    double[] xs = {1, -2, 0.5};
    double[] ys = {3, 0.25, -1};
    float lambda = 0.1f;
    Variable<?> x = variable("x", type.type, Shape.of(3), xs);
    Variable<?> y = variable("y", type.type, Shape.of(3), ys);
    // The gradients are products: TensorFlow may merge a last sum with that of the L2 term.
    Operand<TNumber> loss =
        dot(
            constant(type.type, 1, 1, 1),
            tf.math.exp(tf.math.mul(DtypesTest.<TNumber>unchecked(x), unchecked(y))));
    SamOptimizerBuilder builder =
        sgd(0.5f).rho(1f).doNotPerturb(name -> name.equals("y")).inPlace(inPlace);
    SamOptimizer without = builder.build();
    List<GradAndVar<?>> plain = without.computeGradients(loss);
    SamOptimizer with = builder.l2(lambda).build();
    List<GradAndVar<?>> decayed = with.computeGradients(loss);
    Op train = with.applyGradients(decayed, "train");

    assertThat(decayed).hasSize(2);
    for (int i = 0; i < 2; i++) {
      assertThat(decayed.get(i).getVariable()).isEqualTo(plain.get(i).getVariable());
      String name = decayed.get(i).getVariable().op().name();
      double[] w = name.equals("x") ? xs : ys;
      double[] g = Values.of(session, plain.get(i).getGradient());
      double[] actual = Values.of(session, decayed.get(i).getGradient());
      for (int k = 0; k < 3; k++) {
        if (type == Type.FLOAT32) {
          assertThat((float) actual[k]).isEqualTo((float) g[k] + 2 * lambda * (float) w[k]);
        } else if (type == Type.FLOAT64) {
          assertThat(actual[k]).isEqualTo(g[k] + (double) (2 * lambda) * w[k]);
        }
        double expected = g[k] + 2 * lambda * w[k];
        double roundings = 2 * Math.abs(2 * lambda * w[k]) + Math.abs(expected);
        assertThat(actual[k]).isCloseTo(expected, within(1.01 * type.roundoff * roundings));
      }
      assertThat(actual).isNotEqualTo(g);
    }

    double[] gradient = Values.of(session, decayed.get(0).getGradient());
    double[] before = decayed.get(0).getVariable().op().name().equals("x") ? xs : ys;
    session.run(train);
    double[] after = Values.of(session, decayed.get(0).getVariable());
    for (int k = 0; k < 3; k++) {
      double expected = before[k] - 0.5 * gradient[k];
      assertThat(after[k]).isCloseTo(expected, within(1.01 * type.roundoff * Math.abs(expected)));
    }
  }

  /** 2λw of a variable that the loss is linear in, with a gradient of zero, is all there is. */
  @Test
  void withoutGradientL2IsWeightDecay() {
    Variable<TFloat64> w = variable("w", TFloat64.class, Shape.of(2), 8, -4);
    SamOptimizer sam = sgd(1f).rho(1f).l2(0.125f).build();
    Op train = sam.minimize(dot(constant(TFloat64.class, 0, 0), w));
    session.run(train);
    assertThat(Values.of(session, w)).containsExactly(6, -3);
    session.run(train);
    assertThat(Values.of(session, w)).containsExactly(4.5, -2.25);
  }

  // Which variables are perturbed, and which are trained.

  private static final double[][] A = {{1, 2}, {-1, 0.5}, {3, -2}};
  private static final double[] X = {0.5, -1, 2};
  private static final double[] Y = {1.5, -0.25};

  /** L = xᵀAy, so that ∂L/∂x = Ay and ∂L/∂y = Aᵀx: each depends on the other only. */
  private Operand<TFloat64> bilinear(Variable<TFloat64> x, Variable<TFloat64> y) {
    Operand<TFloat64> a =
        Values.constant(
            tf,
            TFloat64.class,
            Shape.of(3, 2),
            Arrays.stream(A).flatMapToDouble(Arrays::stream).toArray());
    Operand<TFloat64> product =
        tf.linalg.matMul(
            tf.linalg.matMul(tf.reshape(x, tf.constant(new int[] {1, 3})), a),
            tf.reshape(y, tf.constant(new int[] {2, 1})));
    return tf.sum(product, tf.constant(new int[] {0, 1}));
  }

  private static double[] timesA(double[] y) {
    return Arrays.stream(A).mapToDouble(row -> row[0] * y[0] + row[1] * y[1]).toArray();
  }

  private static double[] timesTransposedA(double[] x) {
    double[] product = new double[2];
    for (int i = 0; i < 3; i++) {
      product[0] += A[i][0] * x[i];
      product[1] += A[i][1] * x[i];
    }
    return product;
  }

  private static double[] plus(double[] x, double factor, double[] y) {
    double[] sum = new double[x.length];
    Arrays.setAll(sum, i -> x[i] + factor * y[i]);
    return sum;
  }

  /**
   * If a gradient flowed through ε = ρ Ay/‖Ay‖, that of y would be Aᵀx + 2Aᵀε instead of Aᵀ(x+ε).
   */
  @ParameterizedTest
  @CsvSource({"x,false", "y,false", ",false", "x,true", "y,true", ",true"})
  void excludedVariablesAreUpdatedWithTheGradientAtThePerturbationOfTheOthers(
      String excluded, boolean inPlace) {
    Variable<TFloat64> x = variable("x", TFloat64.class, Shape.of(3), X);
    Variable<TFloat64> y = variable("y", TFloat64.class, Shape.of(2), Y);
    float rho = 0.75f;
    SamOptimizerBuilder builder = sgd(0.5f).rho(rho).inPlace(inPlace);
    if (excluded != null) {
      builder.doNotPerturb(name -> name.equals(excluded));
    }
    SamOptimizer sam = builder.build();
    Op train = sam.minimize(bilinear(x, y));

    double[] xNow = X;
    double[] yNow = Y;
    for (int step = 0; step < 3; step++) {
      double[] gx = timesA(yNow);
      double[] gy = timesTransposedA(xNow);
      double[] xPart = "x".equals(excluded) ? new double[3] : gx;
      double[] yPart = "y".equals(excluded) ? new double[2] : gy;
      double norm = Math.hypot(norm(xPart, 2), norm(yPart, 2));
      double[] perturbedX = plus(xNow, rho / norm, xPart);
      double[] perturbedY = plus(yNow, rho / norm, yPart);
      try (Result result =
          session
              .runner()
              .addTarget(train)
              .fetch(sam.gradientNorm())
              .fetch(sam.perturbationNorm())
              .fetch(sam.perturbedLoss())
              .run()) {
        assertThat(Values.of(result.get(0))[0]).isCloseTo(norm, within(1e-13 * norm));
        assertThat(Values.of(result.get(1))[0]).isCloseTo(rho, within(1e-13));
        double[] ay = timesA(perturbedY);
        double loss = perturbedX[0] * ay[0] + perturbedX[1] * ay[1] + perturbedX[2] * ay[2];
        assertThat(Values.of(result.get(2))[0]).isCloseTo(loss, within(1e-13 * Math.abs(loss)));
      }
      xNow = plus(xNow, -0.5, timesA(perturbedY));
      yNow = plus(yNow, -0.5, timesTransposedA(perturbedX));
      assertThat(Values.of(session, x)).containsExactly(xNow, within(1e-12));
      assertThat(Values.of(session, y)).containsExactly(yNow, within(1e-12));
    }
    assertThat(sam.step().perturbed()).hasSize(excluded == null ? 2 : 1);
  }

  /** L = Σ x·y: the gradient of x is y+ε itself, also once y has been restored in place. */
  @ParameterizedTest
  @CsvSource({"false,false", "true,false", "false,true", "true,true"})
  void aGradientThatIsAPerturbedWeightKeepsThePerturbation(boolean inPlace, boolean identity) {
    Variable<TFloat64> x = variable("x", TFloat64.class, Shape.of(2), 3, 0);
    Variable<TFloat64> y = variable("y", TFloat64.class, Shape.of(2), 0, 4);
    Operand<TNumber> loss = identity ? dot(tf.identity(x), tf.identity(y)) : dot(x, y);
    Op train = sgd(1f).rho(5f).inPlace(inPlace).build().minimize(loss);
    session.run(train);
    assertThat(Values.of(session, x)).containsExactly(new double[] {0, -4}, within(1e-14));
    assertThat(Values.of(session, y)).containsExactly(new double[] {-3, 0}, within(1e-14));
  }

  /** Adaptive, ε = ρ T²Ay/‖TAy‖ depends on x as well, by T = |x|+η. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void noGradientFlowsThroughAnAdaptivePerturbationEither(boolean inPlace) {
    Variable<TFloat64> x = variable("x", TFloat64.class, Shape.of(3), X);
    Variable<TFloat64> y = variable("y", TFloat64.class, Shape.of(2), Y);
    SamOptimizer sam =
        sgd(0.5f)
            .rho(0.75f)
            .adaptive(0.25f)
            .doNotPerturb(name -> name.equals("y"))
            .inPlace(inPlace)
            .build();
    Op train = sam.minimize(bilinear(x, y));
    double[] scaled = timesA(Y);
    for (int i = 0; i < 3; i++) {
      scaled[i] *= Math.abs(X[i]) + 0.25;
    }
    double norm = norm(scaled, 2);
    double[] perturbedX = new double[3];
    Arrays.setAll(perturbedX, i -> X[i] + 0.75 * (Math.abs(X[i]) + 0.25) * scaled[i] / norm);
    session.run(train);
    assertThat(Values.of(session, x)).containsExactly(plus(X, -0.5, timesA(Y)), within(1e-13));
    assertThat(Values.of(session, y))
        .containsExactly(plus(Y, -0.5, timesTransposedA(perturbedX)), within(1e-13));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void onlyWhatIsTrainableIsPerturbedAndUpdated(boolean inPlace) {
    Variable<TFloat64> x = variable("x", TFloat64.class, Shape.of(3), X);
    Variable<TFloat64> y = variable("y", TFloat64.class, Shape.of(2), Y);
    variable("other", TFloat64.class, Shape.of(2), 1, 2);
    SamOptimizer sam =
        SamOptimizer.builder(graph, new Momentum(graph, 0.5f, 0.9f))
            .rho(0.75f)
            .l2(0.125f)
            .trainable(List.of(x))
            .inPlace(inPlace)
            .build();
    Op train = sam.minimize(bilinear(x, y));
    double[] gx = timesA(Y);
    assertThat(Values.scalar(session, sam.gradientNorm())).isCloseTo(norm(gx, 2), within(1e-13));
    assertThat(sam.step().perturbed()).hasSize(1);
    Map<String, byte[]> before = Values.variables(graph, session);
    session.run(train);
    // The loss is linear in x: its gradient is the same at x+ε. The L2 term is that of x.
    assertThat(Values.of(session, x))
        .containsExactly(plus(plus(X, -0.5, gx), -0.5 * 0.25, X), within(1e-13));
    Map<String, byte[]> after = Values.variables(graph, session);
    assertThat(Values.changed(before, after)).contains("x").doesNotContain("y", "other");
    assertThat(sam.getSlot(x.asOutput(), "momentum")).isPresent();
    assertThat(sam.getSlot(y.asOutput(), "momentum")).isEmpty();
  }

  // Losses that are not scalars.

  private static final int STEPS = 3;

  @ParameterizedTest
  @CsvSource({"known,false", "dimension,false", "rank,false", "known,true", "rank,true"})
  void aLossThatIsNotAScalarMeansItsSum(String unknown, boolean inPlace) {
    Shape shape = Shape.of(2, 3);
    Shape declared =
        unknown.equals("known")
            ? shape
            : unknown.equals("rank") ? Shape.unknown() : Shape.of(Shape.UNKNOWN_SIZE, 3);
    Placeholder<TFloat64> c =
        tf.withName("c").placeholder(TFloat64.class, Placeholder.shape(declared));
    Map<String, double[]> weights = new LinkedHashMap<>();
    Map<String, double[]> losses = new LinkedHashMap<>();
    for (String name : List.of("entries", "sum")) {
      Variable<TFloat64> w = variable(name, TFloat64.class, shape, 1, -2, 3, 0.5, 0.25, -1);
      Operand<TFloat64> entries = tf.math.mul(tf.math.mul(c, w), w);
      Operand<TFloat64> loss =
          name.equals("sum") ? tf.sum(entries, tf.constant(new int[] {0, 1})) : entries;
      SamOptimizer sam = sgd(0.125f).rho(0.5f).inPlace(inPlace).build();
      Op train = sam.minimize(loss, name + "-train");
      try (TFloat64 fed = Values.tensor(shape, 1, 2, 0.5, -1, -0.25, 0.125)) {
        for (int step = 0; step < STEPS; step++) {
          try (Result result =
              session
                  .runner()
                  .feed(c, fed)
                  .addTarget(train)
                  .fetch(sam.loss())
                  .fetch(sam.perturbedLoss())
                  .fetch(sam.sharpness())
                  .fetch(sam.gradientNorm())
                  .run()) {
            double[] all = new double[4];
            for (int i = 0; i < all.length; i++) {
              assertThat(result.get(i).shape()).isEqualTo(Shape.scalar());
              all[i] = Values.of(result.get(i))[0];
            }
            assertThat(all[2]).isCloseTo(all[1] - all[0], within(1e-13)).isPositive();
            losses.put(name + step, all);
          }
        }
      }
      weights.put(name, Values.of(session, w));
    }
    assertThat(weights.get("entries")).containsExactly(weights.get("sum"), within(1e-14));
    for (int step = 0; step < STEPS; step++) {
      assertThat(losses.get("entries" + step))
          .containsExactly(losses.get("sum" + step), within(1e-13));
    }
  }

  // Parts.

  private SamOptimizerBuilder sgd(float learningRate) {
    return SamOptimizer.builder(graph, new GradientDescent(graph, learningRate));
  }

  private <T extends TNumber> Variable<T> variable(
      String name, Class<T> type, Shape shape, double... values) {
    Variable<T> variable = tf.withName(name).variable(shape, type);
    session.run(tf.assign(variable, Values.constant(tf, type, shape, values)));
    return variable;
  }

  private <T extends TNumber> Operand<T> constant(Class<? extends TNumber> type, double... values) {
    return unchecked(Values.constant(tf, type, Shape.of(values.length), values));
  }

  /** Σ a·b, a scalar. */
  private <T extends TNumber> Operand<T> dot(Operand<?> a, Operand<?> b) {
    Operand<T> product = tf.math.mul(DtypesTest.<T>unchecked(a), DtypesTest.<T>unchecked(b));
    int[] axes = new int[product.shape().numDimensions()];
    Arrays.setAll(axes, i -> i);
    Operand<TInt32> all = tf.constant(axes);
    return tf.sum(product, all);
  }

  private Operand<TNumber> cast(Operand<?> x, Class<? extends TNumber> type) {
    return unchecked(tf.dtypes.cast(x, type));
  }

  private Result fetch(List<? extends Operand<?>> operands) {
    var runner = session.runner();
    operands.forEach(operand -> runner.fetch(operand.asOutput()));
    return runner.run();
  }

  @SuppressWarnings("unchecked")
  private static <T extends TNumber> Operand<T> unchecked(Operand<?> operand) {
    return (Operand<T>) operand;
  }

  private static double norm(double[] x, double p) {
    if (p == Double.POSITIVE_INFINITY) {
      return Arrays.stream(x).map(Math::abs).max().orElseThrow();
    }
    return Math.pow(Arrays.stream(x).map(e -> Math.pow(Math.abs(e), p)).sum(), 1 / p);
  }

  /** What float32 arithmetic on a few numbers is good for. */
  private static Offset<Double> relative(double expected) {
    return within(2e-6 * Math.abs(expected));
  }
}
