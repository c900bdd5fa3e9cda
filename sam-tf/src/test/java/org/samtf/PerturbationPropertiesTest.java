package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.PropertyDefaults;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterContainer;
import org.samtf.LinearModel.Step;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.family.TNumber;

/** What defines ε(w): ‖ε‖_p = ρ, and no other vector of that norm has a larger ⟨ε, g⟩. */
@PropertyDefaults(tries = 1000, edgeCases = EdgeCasesMode.NONE)
@Tag("one-line")
class PerturbationPropertiesTest {

  private static final double[] NORMS = {1, 1.1, 1.5, 2, 3, 10, Double.POSITIVE_INFINITY};
  private static final int SIZE = LinearModel.SIZE;

  /** A type, and what can be asked of arithmetic in it. */
  enum Precision {
    FLOAT32(TFloat32.class, 4e-6, 30, Float.MIN_NORMAL),
    FLOAT64(TFloat64.class, 2e-14, 200, Double.MIN_NORMAL);

    final Class<? extends TNumber> type;

    /** About a hundred roundings, most of them those of pow with an exponent of up to 11. */
    final double tolerance;

    /** Gradients are scaled by 10 to the power of ± this. */
    final double maxExponent;

    final double minNormal;

    Precision(
        Class<? extends TNumber> type, double tolerance, double maxExponent, double minNormal) {
      this.type = type;
      this.tolerance = tolerance;
      this.maxExponent = maxExponent;
      this.minNormal = minNormal;
    }

    /** What a tensor holds when it is given {@code x}; subnormal numbers count as zero. */
    double held(double x) {
      double rounded = this == FLOAT32 ? (float) x : x;
      return Math.abs(rounded) < minNormal ? 0 : rounded;
    }

    double[] held(double[] xs) {
      return Arrays.stream(xs).map(this::held).toArray();
    }
  }

  /** A gradient, all variables in one vector, and the neighbourhood. */
  record Case(Precision precision, double p, double rho, double[] g) {
    double q() {
      return dual(p);
    }

    double tolerance() {
      return precision.tolerance;
    }

    @Override
    public String toString() {
      return precision + ", p=" + p + ", rho=" + rho + ", g=" + Arrays.toString(g);
    }
  }

  /** Also the weights that the neighbourhood scales with. */
  record AdaptiveCase(Case of, double[] w) {
    float eta() {
      return PerturbationPropertiesTest.eta(of.p);
    }

    /** T·x. */
    double[] scaled(double[] x) {
      double[] scaled = new double[SIZE];
      Arrays.setAll(scaled, i -> t(i) * x[i]);
      return scaled;
    }

    /** x/T. */
    double[] unscaled(double[] x) {
      double[] unscaled = new double[SIZE];
      Arrays.setAll(unscaled, i -> x[i] == 0 ? 0 : x[i] / t(i));
      return unscaled;
    }

    private double t(int i) {
      return Math.abs(w[i]) + eta();
    }

    @Override
    public String toString() {
      return of + ", eta=" + eta() + ", w=" + Arrays.toString(w);
    }
  }

  private static final Map<Object, LinearModel<?>> MODELS = new HashMap<>();

  private static LinearModel<?> model(Precision precision, double p) {
    return model(Tuple.of(precision, p), precision, builder -> builder.norm(p));
  }

  private static LinearModel<?> model(Precision precision, double p, float eta) {
    return model(Tuple.of(precision, p, eta), precision, builder -> builder.norm(p).adaptive(eta));
  }

  /** Zero for some norms and not for others: a graph for each would take long to build. */
  private static float eta(double p) {
    return p == 1 || p == 2 || p == 10 ? 0f : 0.01f;
  }

  /** Graphs are built once and serve all tries. */
  private static LinearModel<?> model(
      Object key, Precision precision, UnaryOperator<SamOptimizerBuilder> settings) {
    return MODELS.computeIfAbsent(
        key,
        k -> {
          LinearModel<?> model = new LinearModel<>(precision.type, settings);
          double[] w = new double[SIZE];
          Arrays.setAll(w, i -> 0.1 * (i - 15.5));
          model.setWeights(w);
          return model;
        });
  }

  @AfterContainer
  static void closeModels() {
    MODELS.values().forEach(LinearModel::close);
    MODELS.clear();
  }

  private static Step perturb(Case of) {
    return model(of.precision, of.p).perturb(of.g, of.rho);
  }

  private static Step perturb(AdaptiveCase adaptive) {
    Case of = adaptive.of;
    LinearModel<?> model = model(of.precision, of.p, adaptive.eta());
    model.setWeights(adaptive.w);
    return model.perturb(of.g, of.rho);
  }

  // Properties.

  @Property
  void normIsRho(@ForAll("cases") Case of) {
    Step step = perturb(of);
    assertClose(norm(step.epsilon(), of.p), of.rho, of.tolerance());
    assertClose(step.perturbationNorm(), of.rho, of.tolerance());
  }

  @Property
  void hoeldersInequalityIsAnEquality(@ForAll("cases") Case of) {
    Step step = perturb(of);
    double dualNorm = norm(of.g, of.q());
    assertClose(step.gradientNorm(), dualNorm, of.tolerance());
    assertClose(dot(step.epsilon(), of.g), of.rho * dualNorm, of.tolerance());
  }

  /** Sharper than the equality, which changes only with the square of an error in ε. */
  @Property
  void eachEntryHasTheSameShareInTheNormAndInTheProduct(@ForAll("cases") Case of) {
    double[] epsilon = perturb(of).epsilon();
    if (of.p == Double.POSITIVE_INFINITY) {
      for (int i = 0; i < SIZE; i++) {
        assertThat(epsilon[i]).isEqualTo(of.rho * Math.signum(of.g[i]));
      }
      return;
    }
    double product = of.rho * norm(of.g, of.q());
    for (int i = 0; i < SIZE; i++) {
      double ofNorm = Math.pow(Math.abs(epsilon[i]) / of.rho, of.p);
      double ofProduct = epsilon[i] * of.g[i] / product;
      assertThat(ofNorm).isCloseTo(ofProduct, within(of.tolerance()));
    }
  }

  @Property
  void noOtherVectorOfThatNormGoesUpFaster(@ForAll("cases") Case of, @ForAll Random random) {
    double[] epsilon = perturb(of).epsilon();
    double best = dot(epsilon, of.g) * (1 + of.tolerance());
    for (int k = 0; k < 20; k++) {
      double[] other = toNorm(rival(k, epsilon, of.g, random), of.p, of.rho);
      assertThat(dot(other, of.g)).isLessThanOrEqualTo(best);
    }
  }

  @Property
  void everyEntryGoesUp(@ForAll("cases") Case of) {
    double[] epsilon = perturb(of).epsilon();
    for (int i = 0; i < SIZE; i++) {
      if (epsilon[i] != 0) {
        assertThat(Math.signum(epsilon[i])).isEqualTo(Math.signum(of.g[i]));
      }
    }
  }

  @Property
  void withPOneOnlyTheLargestEntriesMoveAndShareEqually(@ForAll("cases") Case of) {
    double[] epsilon = model(of.precision, 1).perturb(of.g, of.rho).epsilon();
    double largest = norm(of.g, Double.POSITIVE_INFINITY);
    long ties = Arrays.stream(of.g).filter(x -> Math.abs(x) == largest).count();
    for (int i = 0; i < SIZE; i++) {
      double expected = Math.abs(of.g[i]) == largest ? of.rho / ties * Math.signum(of.g[i]) : 0;
      assertClose(epsilon[i], expected, of.tolerance());
    }
  }

  @Property
  void aScaledGradientGivesTheSamePerturbation(
      @ForAll("cases") Case of, @ForAll("exponents") double exponent) {
    double[] epsilon = perturb(of).epsilon();
    double[] scaled = scaledByPowerOfTwo(of, exponent);
    double[] again = model(of.precision, of.p).perturb(scaled, of.rho).epsilon();
    if (of.p == 2) {
      // One of them may go the way for what is out of range, which rounds elsewhere.
      for (int i = 0; i < SIZE; i++) {
        assertClose(again[i], epsilon[i], of.tolerance());
      }
    } else {
      // Scaling by a power of two rounds nothing, and neither does dividing by the scale.
      assertThat(again).isEqualTo(epsilon);
    }
  }

  @Property
  void adaptiveNormIsRho(@ForAll("adaptiveCases") AdaptiveCase adaptive) {
    Case of = adaptive.of;
    Step step = perturb(adaptive);
    assertClose(
        norm(adaptive.unscaled(step.epsilon()), of.p), expectedRho(adaptive), of.tolerance());
    assertClose(step.perturbationNorm(), norm(step.epsilon(), of.p), of.tolerance());
  }

  @Property
  void adaptiveProductIsThatOfTheScaledGradient(@ForAll("adaptiveCases") AdaptiveCase adaptive) {
    Case of = adaptive.of;
    Step step = perturb(adaptive);
    double dualNorm = norm(adaptive.scaled(of.g), of.q());
    assertClose(step.gradientNorm(), dualNorm, of.tolerance());
    assertClose(dot(step.epsilon(), of.g), of.rho * dualNorm, of.tolerance());
    for (int i = 0; i < SIZE; i++) {
      if (step.epsilon()[i] != 0) {
        assertThat(Math.signum(step.epsilon()[i])).isEqualTo(Math.signum(of.g[i]));
      }
    }
  }

  @Property
  void adaptiveSharesAreThoseOfTheScaledGradient(@ForAll("adaptiveCases") AdaptiveCase adaptive) {
    Case of = adaptive.of;
    double[] epsilon = perturb(adaptive).epsilon();
    double[] unscaled = adaptive.unscaled(epsilon);
    double product = of.rho * norm(adaptive.scaled(of.g), of.q());
    for (int i = 0; i < SIZE && product > 0; i++) {
      if (of.p == Double.POSITIVE_INFINITY) {
        double expected = of.rho * Math.signum(of.g[i]) * adaptive.t(i);
        assertClose(epsilon[i], expected, of.tolerance());
      } else {
        double ofNorm = Math.pow(Math.abs(unscaled[i]) / of.rho, of.p);
        assertThat(ofNorm).isCloseTo(epsilon[i] * of.g[i] / product, within(of.tolerance()));
      }
    }
  }

  /** ρ, or 0 where T·g is 0 everywhere. */
  private static double expectedRho(AdaptiveCase adaptive) {
    return norm(adaptive.scaled(adaptive.of.g), 1) == 0 ? 0 : adaptive.of.rho;
  }

  // Examples.

  @Example
  void zeroGradientsGiveNoPerturbation() {
    for (Precision precision : Precision.values()) {
      for (double p : NORMS) {
        for (LinearModel<?> model :
            new LinearModel<?>[] {model(precision, p), model(precision, p, eta(p))}) {
          double[] negativeZeros = new double[SIZE];
          Arrays.fill(negativeZeros, -0.0);
          for (double[] zeros : new double[][] {new double[SIZE], negativeZeros}) {
            Step step = model.perturb(zeros, 0.5);
            assertThat(Arrays.stream(step.epsilon()).allMatch(x -> x == 0)).isTrue();
            assertThat(step.gradientNorm()).isZero();
            assertThat(step.perturbationNorm()).isZero();
          }
          if (precision == Precision.FLOAT32) {
            Map<String, byte[]> before = model.variables();
            model.train(new double[SIZE], 0.5);
            assertThat(Values.changed(before, model.variables())).isEmpty();
          }
        }
      }
    }
  }

  @Example
  void zeroRhoGivesNoPerturbation() {
    double[] g = new double[SIZE];
    Arrays.setAll(g, i -> i - 15);
    for (Precision precision : Precision.values()) {
      for (double p : NORMS) {
        Step step = model(precision, p).perturb(g, 0);
        assertThat(Arrays.stream(step.epsilon()).allMatch(x -> x == 0)).isTrue();
        assertThat(step.perturbationNorm()).isZero();
        assertClose(step.gradientNorm(), norm(g, dual(p)), precision.tolerance);
      }
    }
  }

  @Example
  void aRhoOfTheGraphDoesWhatAConstantDoes() {
    double[] g = new double[SIZE];
    Arrays.setAll(g, i -> Math.sin(i));
    for (Precision precision : Precision.values()) {
      for (double p : new double[] {2, 3}) {
        try (LinearModel<?> constant =
            new LinearModel<>(precision.type, builder -> builder.norm(p).rho(0.3f))) {
          Step expected = constant.perturb(g, Double.NaN);
          Step actual = model(precision, p).perturb(g, 0.3f);
          assertThat(actual.epsilon()).isEqualTo(expected.epsilon());
          assertThat(actual.gradientNorm()).isEqualTo(expected.gradientNorm());
          // TensorFlow may multiply by the reciprocal of a constant.
          assertClose(actual.perturbationNorm(), expected.perturbationNorm(), 0x1p-51);
        }
      }
    }
  }

  @Example
  void aZeroGradientLetsMomentumRollOn() {
    try (LinearModel<TFloat32> model =
        new LinearModel<>(
            TFloat32.class, builder -> builder, graph -> new Momentum(graph, 0.5f, 0.5f))) {
      double[] ones = new double[SIZE];
      Arrays.fill(ones, 1);
      model.train(ones, 0.1);
      assertThat(model.weights()).containsOnly(-0.5);
      model.train(new double[SIZE], 0.1);
      assertThat(model.weights()).containsOnly(-0.75);
    }
  }

  @Example
  void zeroWeightsAndNoEtaGiveNoAdaptivePerturbation() {
    for (Precision precision : Precision.values()) {
      for (double p : new double[] {1, 2, 10}) {
        double[] ones = new double[SIZE];
        Arrays.fill(ones, 1);
        LinearModel<?> model = model(precision, p, 0f);
        model.setWeights(new double[SIZE]);
        Step step = model.perturb(ones, 0.5);
        assertThat(step.epsilon()).containsOnly(0.0);
        assertThat(step.gradientNorm()).isZero();
        assertThat(step.perturbationNorm()).isZero();
      }
    }
  }

  @Example
  void twoNormOfAThreeFourFiveTriangle() {
    double[] g = new double[SIZE];
    g[0] = 3;
    g[20] = -4;
    Step step = model(Precision.FLOAT64, 2).perturb(g, 10);
    assertThat(step.gradientNorm()).isCloseTo(5, within(1e-14));
    assertThat(step.epsilon()[0]).isCloseTo(6, within(1e-14));
    assertThat(step.epsilon()[20]).isCloseTo(-8, within(1e-14));
  }

  /** p = 3, q = 3/2: ‖(1, 4)‖_q^q = 1 + 8 and ε = ρ (1, 2) / 9^(1/3). */
  @Example
  void threeNormByHand() {
    double[] g = new double[SIZE];
    g[3] = 1;
    g[30] = 4;
    Step step = model(Precision.FLOAT64, 3).perturb(g, 1);
    assertThat(step.gradientNorm()).isCloseTo(Math.cbrt(81), within(1e-14));
    assertThat(step.epsilon()[3]).isCloseTo(1 / Math.cbrt(9), within(1e-14));
    assertThat(step.epsilon()[30]).isCloseTo(2 / Math.cbrt(9), within(1e-14));
  }

  /** The neighbours of the largest entry are not ties, though they divide to 1 by it or nearly. */
  @Example
  void aNeighbourOfTheLargestIsNoTie() {
    for (float largest = 1.9f; largest > 1; largest -= 0.01f) {
      double[] g = new double[SIZE];
      g[0] = Math.nextDown(largest);
      g[7] = -largest;
      double[] epsilon = model(Precision.FLOAT32, 1).perturb(g, 1).epsilon();
      assertThat(epsilon[7]).isEqualTo(-1);
      assertThat(epsilon[0]).isZero();
    }
  }

  /** They may count as zero, but are never a reason to divide by zero or to leave the ball. */
  @Example
  void subnormalGradientsStayInTheNeighbourhood() {
    for (Precision precision : Precision.values()) {
      double[] g = new double[SIZE];
      g[2] = precision.minNormal / 4;
      g[9] = -precision.minNormal / 2;
      for (double p : NORMS) {
        for (LinearModel<?> model : List.of(model(precision, p), model(precision, p, eta(p)))) {
          Step step = model.perturb(g, 0.5);
          assertThat(norm(step.epsilon(), 1)).isFinite();
          assertThat(step.perturbationNorm())
              .isCloseTo(norm(step.epsilon(), p), within(1e-5))
              .isLessThan(2);
          assertThat(step.gradientNorm()).isBetween(0.0, precision.minNormal * 10);
        }
        double[] epsilon = model(precision, p).perturb(g, 0.5).epsilon();
        assertThat(norm(epsilon, p)).isLessThanOrEqualTo(0.5 * (1 + precision.tolerance));
      }
    }
  }

  /** Gradients whose quotient is below the smallest number, and for p = ∞ count all the same. */
  @Example
  void withPInfinityEveryGradientCountsWhateverTheOthersAre() {
    double[] g = new double[SIZE];
    g[0] = 1e25;
    g[7] = -1e-25;
    double[] epsilon = model(Precision.FLOAT32, Double.POSITIVE_INFINITY).perturb(g, 1).epsilon();
    assertThat(epsilon[0]).isEqualTo(1);
    assertThat(epsilon[7]).isEqualTo(-1);
  }

  @Example
  void largeAndSmallWeightsDoNotSpoilTheReportedNorm() {
    for (double size : new double[] {1e-5, 1e5}) {
      double[] w = new double[SIZE];
      Arrays.fill(w, size);
      double[] g = new double[SIZE];
      Arrays.setAll(g, i -> i + 1);
      for (double p : new double[] {1, 2, 10}) {
        LinearModel<?> model = model(Precision.FLOAT32, p, 0f);
        model.setWeights(w);
        Step step = model.perturb(g, 1);
        assertClose(norm(step.epsilon(), p), Precision.FLOAT32.held(size), 1e-5);
        assertThat(step.perturbationNorm())
            .as("perturbationNorm for p=%s and weights of %s", p, size)
            .isCloseTo(size, within(1e-5 * size));
      }
    }
  }

  @Example
  void aRhoOfTheGraphThatIsOutOfRangeFailsTheStepAndChangesNothing() {
    for (Precision precision : Precision.values()) {
      try (LinearModel<?> model =
          new LinearModel<>(
              precision.type, builder -> builder, graph -> new Momentum(graph, 0.5f, 0.5f))) {
        double[] ones = new double[SIZE];
        Arrays.fill(ones, 1);
        model.train(ones, 0.1);
        Map<String, byte[]> before = model.variables();
        for (double rho :
            new double[] {-0.1, -1e-30, Double.NaN, Double.POSITIVE_INFINITY, -1e30}) {
          assertThatThrownBy(() -> model.train(ones, rho))
              .hasMessageContaining("it must be finite and at least 0");
          assertThat(Values.changed(before, model.variables())).isEmpty();
        }
        model.train(ones, 0);
        assertThat(Values.changed(before, model.variables())).hasSize(2 * 5);
        assertThat(model.weights()).containsOnly(-1.25);
      }
    }
  }

  // What is generated.

  @Provide
  Arbitrary<Double> exponents() {
    return Arbitraries.doubles().between(-1, 1);
  }

  @Provide
  Arbitrary<Case> cases() {
    return cases(1);
  }

  @Provide
  Arbitrary<AdaptiveCase> adaptiveCases() {
    Arbitrary<Double> magnitudes =
        Arbitraries.doubles().between(-3, 2).map(exponent -> Math.pow(10, exponent));
    Arbitrary<double[]> weights =
        Arbitraries.frequencyOf(
                Tuple.of(4, magnitudes),
                Tuple.of(4, magnitudes.map(x -> -x)),
                Tuple.of(1, Arbitraries.just(0.0)))
            .array(double[].class)
            .ofSize(SIZE);
    // Weights and gradients together are to stay within the type.
    return Combinators.combine(cases(0.8), weights)
        .as((of, w) -> new AdaptiveCase(of, of.precision.held(w)));
  }

  /**
   * Gradients of every size that have entries of all magnitudes, ties for the largest, and zeros.
   *
   * @param ofExponent the part of the type's exponents to go through
   */
  private static Arbitrary<Case> cases(double ofExponent) {
    Arbitrary<Double> magnitudes =
        Arbitraries.doubles().between(-5, 0).map(exponent -> Math.pow(10, exponent));
    Arbitrary<Double> entries =
        Arbitraries.frequencyOf(
            Tuple.of(6, Arbitraries.doubles().between(-1, 1)),
            Tuple.of(3, magnitudes),
            Tuple.of(3, magnitudes.map(x -> -x)),
            Tuple.of(2, Arbitraries.of(-1.0, 1.0)),
            Tuple.of(2, Arbitraries.just(0.0)));
    Arbitrary<double[]> gradients =
        Combinators.combine(
                entries.array(double[].class).ofSize(SIZE),
                Arbitraries.frequency(
                    Tuple.of(8, SIZE), Tuple.of(1, 1), Tuple.of(1, 2), Tuple.of(1, 20)),
                Arbitraries.integers().between(0, SIZE - 1))
            .as(PerturbationPropertiesTest::onlySome);
    return Combinators.combine(
            Arbitraries.of(Precision.class),
            Arbitraries.of(Arrays.stream(NORMS).boxed().toList()),
            Arbitraries.doubles().between(-6, 3),
            Arbitraries.doubles().between(-ofExponent, ofExponent),
            gradients)
        .as(
            (precision, p, rhoExponent, exponent, g) -> {
              double scale = Math.pow(10, exponent * precision.maxExponent);
              double[] scaled = Arrays.stream(g).map(x -> x * scale).toArray();
              double rho = precision.held(Math.pow(10, rhoExponent));
              return new Case(precision, p, rho, precision.held(scaled));
            });
  }

  /** Keeps {@code count} entries from {@code first} on, and at least one that is not zero. */
  private static double[] onlySome(double[] entries, int count, int first) {
    double[] some = new double[SIZE];
    for (int k = 0; k < count; k++) {
      int i = (first + k) % SIZE;
      some[i] = entries[i];
    }
    if (Arrays.stream(some).allMatch(x -> Math.abs(x) < 1e-6)) {
      some[first] = 0.5;
    }
    return some;
  }

  private static double[] scaledByPowerOfTwo(Case of, double exponent) {
    double largest = norm(of.g, Double.POSITIVE_INFINITY);
    double smallest = Arrays.stream(of.g).map(Math::abs).filter(x -> x > 0).min().orElseThrow();
    int lowest = Math.getExponent(of.precision.minNormal) - Math.getExponent(smallest);
    int highest = (of.precision == Precision.FLOAT32 ? 110 : 1000) - Math.getExponent(largest);
    int shift = (int) Math.round(lowest + (exponent + 1) / 2 * (highest - lowest));
    return Arrays.stream(of.g).map(x -> timesPowerOfTwo(x, shift)).toArray();
  }

  private static double timesPowerOfTwo(double x, int shift) {
    int half = shift / 2;
    return Math.scalb(Math.scalb(x, half), shift - half);
  }

  /** A vector that could do better than {@code epsilon} if that were not the best. */
  private static double[] rival(int k, double[] epsilon, double[] g, Random random) {
    double[] rival = new double[SIZE];
    double largest = norm(g, Double.POSITIVE_INFINITY);
    if (k == 0) {
      Arrays.setAll(rival, i -> g[i] / largest);
    } else if (k == 1) {
      Arrays.setAll(rival, i -> Math.signum(g[i]));
    } else if (k == 2) {
      Arrays.setAll(rival, i -> Math.abs(g[i]) == largest ? Math.signum(g[i]) : 0);
    } else if (k == 3) {
      Arrays.setAll(rival, i -> Math.signum(g[i]) * Math.sqrt(Math.abs(g[i]) / largest));
    } else if (k < 12) {
      double noise = Math.pow(10, -4 * random.nextDouble());
      double size = norm(epsilon, Double.POSITIVE_INFINITY);
      Arrays.setAll(rival, i -> epsilon[i] / size * Math.exp(noise * random.nextGaussian()));
    } else {
      Arrays.setAll(rival, i -> random.nextGaussian());
    }
    return rival;
  }

  // Norms, in double and without powers of anything above 1.

  private static double dual(double p) {
    if (p == 1) {
      return Double.POSITIVE_INFINITY;
    }
    return p == Double.POSITIVE_INFINITY ? 1 : p / (p - 1);
  }

  private static double norm(double[] x, double p) {
    double largest = Arrays.stream(x).map(Math::abs).max().orElseThrow();
    if (largest == 0 || p == Double.POSITIVE_INFINITY) {
      return largest;
    }
    double sum = Arrays.stream(x).map(e -> Math.pow(Math.abs(e) / largest, p)).sum();
    return largest * Math.pow(sum, 1 / p);
  }

  private static double[] toNorm(double[] x, double p, double rho) {
    double norm = norm(x, p);
    return norm == 0 ? x : Arrays.stream(x).map(e -> e / norm * rho).toArray();
  }

  private static double dot(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }

  private static void assertClose(double actual, double expected, double tolerance) {
    assertThat(actual).isCloseTo(expected, within(tolerance * Math.abs(expected)));
  }
}
