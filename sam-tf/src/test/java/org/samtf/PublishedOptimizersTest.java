package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.AdaDelta;
import org.tensorflow.framework.optimizers.AdaGrad;
import org.tensorflow.framework.optimizers.AdaGradDA;
import org.tensorflow.framework.optimizers.Adam;
import org.tensorflow.framework.optimizers.Adamax;
import org.tensorflow.framework.optimizers.Ftrl;
import org.tensorflow.framework.optimizers.GradientDescent;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.framework.optimizers.Nadam;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.framework.optimizers.Optimizers;
import org.tensorflow.framework.optimizers.RMSProp;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat64;

/**
 * The ten optimizers of TensorFlow Java 1.0.0, each ordered by {@link OrderedOptimizer}, against
 * the formula that TensorFlow Java computes and against the paper, both in plain double arithmetic.
 *
 * <p>Every error here is relative to how far the weights have moved since the start, which is
 * stricter than relative to the weights. Hyper-parameters are floats in TensorFlow Java, so the
 * rules get the double value of the float.
 */
class PublishedOptimizersTest {
  private static final int STEPS = 5;
  private static final int REPETITIONS = 50;

  /** All that TensorFlow computes in double; Nadam has its schedule in float32. */
  private static final double TOLERANCE = 1e-6;

  /**
   * Steps a repetition with the late gradient: the first, and one that needs what the first has
   * advanced.
   */
  private static final int LATE_STEPS = 2;

  /** Where the paper differs for a reason, by how much at least after the first such step. */
  private static final double DIFFERENT = 1e-3;

  /** First steps without order that are counted. */
  private static final int UNORDERED_STEPS = 20;

  private static final double RATE = 0.05f;
  private static final double BETA1 = 0.8f;
  private static final double BETA2 = 0.95f;

  /** One optimizer with one choice of hyper-parameters. */
  private record Case(
      String name,
      Function<Graph, Optimizer> optimizer,
      Function<double[], PublishedOptimizerRule> formula,
      Function<double[], PublishedOptimizerRule> paper,
      int stepsAsInPaper,
      double paperTolerance,
      boolean fromZero,
      String slotFromZero) {

    static Case of(
        String name,
        Function<Graph, Optimizer> optimizer,
        Function<double[], PublishedOptimizerRule> formula,
        Function<double[], PublishedOptimizerRule> paper,
        int stepsAsInPaper) {
      return new Case(name, optimizer, formula, paper, stepsAsInPaper, TOLERANCE, false, null);
    }

    /** The weights begin at 0, as in papers that begin there. */
    Case fromZeroWeights() {
      return new Case(
          name, optimizer, formula, paper, stepsAsInPaper, paperTolerance, true, slotFromZero);
    }

    /** This slot is set to 0 before the first step; TensorFlow Java starts it elsewhere. */
    Case withSlotFromZero(String slot) {
      return new Case(
          name, optimizer, formula, paper, stepsAsInPaper, paperTolerance, fromZero, slot);
    }

    /** For optimizers whose β powers are float32 variables. */
    Case withPaperTolerance(double tolerance) {
      return new Case(
          name, optimizer, formula, paper, stepsAsInPaper, tolerance, fromZero, slotFromZero);
    }

    PublishedOptimizerProblem problem(PublishedOptimizerProblem.Wrapper wrapper, boolean slow) {
      PublishedOptimizerProblem problem =
          new PublishedOptimizerProblem(optimizer, wrapper, fromZero, slow);
      if (slotFromZero != null) {
        problem.startSlotAt(slotFromZero, 0);
      }
      problem.reset();
      return problem;
    }

    @Override
    public String toString() {
      return name;
    }
  }

  static List<Case> cases() {
    return List.of(
        Case.of(
            "GradientDescent, defaults",
            GradientDescent::new,
            w -> new PublishedOptimizerFormulas.Momentum(w, 0.01f, 0, false),
            w -> new PublishedOptimizerPapers.GradientDescent(w, 0.01f),
            STEPS),
        Case.of(
            "GradientDescent",
            g -> new GradientDescent(g, 0.05f),
            w -> new PublishedOptimizerFormulas.Momentum(w, RATE, 0, false),
            w -> new PublishedOptimizerPapers.GradientDescent(w, RATE),
            STEPS),
        // The default momentum is 0: gradient descent with a slot.
        Case.of(
            "Momentum, defaults",
            Momentum::new,
            w -> new PublishedOptimizerFormulas.Momentum(w, 0.01f, 0, false),
            w -> new PublishedOptimizerPapers.GradientDescent(w, 0.01f),
            STEPS),
        Case.of(
            "Momentum",
            g -> new Momentum(g, 0.05f, 0.9f),
            w -> new PublishedOptimizerFormulas.Momentum(w, RATE, 0.9f, false),
            w -> new PublishedOptimizerPapers.ClassicalMomentum(w, RATE, 0.9f),
            STEPS),
        Case.of(
            "Momentum, Nesterov: the variable is the look-ahead point",
            g -> new Momentum(g, 0.05f, 0.9f, true),
            w -> new PublishedOptimizerFormulas.Momentum(w, RATE, 0.9f, true),
            w -> new PublishedOptimizerPapers.NesterovMomentum(w, RATE, 0.9f, true),
            STEPS),
        Case.of(
            "Momentum, Nesterov: the variable is not the paper's θ",
            g -> new Momentum(g, 0.05f, 0.9f, true),
            w -> new PublishedOptimizerFormulas.Momentum(w, RATE, 0.9f, true),
            w -> new PublishedOptimizerPapers.NesterovMomentum(w, RATE, 0.9f, false),
            0),
        Case.of(
            "AdaGrad, defaults: the accumulator begins at 0.01",
            AdaGrad::new,
            w -> new PublishedOptimizerFormulas.AdaGrad(w, 0.001f, 0.01f),
            w -> new PublishedOptimizerPapers.AdaGrad(w, 0.001f, 0),
            0),
        Case.of(
            "AdaGrad: the accumulator is not the paper's δ",
            g -> new AdaGrad(g, 0.05f, 0.3f),
            w -> new PublishedOptimizerFormulas.AdaGrad(w, RATE, 0.3f),
            w -> new PublishedOptimizerPapers.AdaGrad(w, RATE, Math.sqrt(0.3f)),
            0),
        Case.of(
            "AdaGrad, accumulator from 0",
            g -> new AdaGrad(g, 0.05f, 0),
            w -> new PublishedOptimizerFormulas.AdaGrad(w, RATE, 0),
            w -> new PublishedOptimizerPapers.AdaGrad(w, RATE, 0),
            STEPS),
        Case.of(
            "AdaGradDA, defaults",
            AdaGradDA::new,
            w -> new PublishedOptimizerFormulas.AdaGradDA(w, 0.001f, 0.1f, 0, 0),
            w -> new PublishedOptimizerPapers.AdaGradDualAveraging(w, 0.001f, 0, 0, 0),
            0),
        Case.of(
                "AdaGradDA, from 0, no l1 and l2",
                g -> new AdaGradDA(g, 0.05f, 1e-20f, 0, 0),
                w -> new PublishedOptimizerFormulas.AdaGradDA(w, RATE, 1e-20f, 0, 0),
                w -> new PublishedOptimizerPapers.AdaGradDualAveraging(w, RATE, 0, 0, 0),
                STEPS)
            .fromZeroWeights(),
        Case.of(
                "AdaGradDA, from 0, l1: the counter goes 1, 3, 5, …",
                g -> new AdaGradDA(g, 0.05f, 1e-20f, 0.2f, 0),
                w -> new PublishedOptimizerFormulas.AdaGradDA(w, RATE, 1e-20f, 0.2f, 0),
                w -> new PublishedOptimizerPapers.AdaGradDualAveraging(w, RATE, 0, 0.2f, 0),
                1)
            .fromZeroWeights(),
        Case.of(
                "AdaGradDA, from 0, l1 and l2: the counter goes 1, 3, 5, …",
                g -> new AdaGradDA(g, 0.05f, 1e-20f, 0.1f, 0.7f),
                w -> new PublishedOptimizerFormulas.AdaGradDA(w, RATE, 1e-20f, 0.1f, 0.7f),
                w -> new PublishedOptimizerPapers.AdaGradDualAveraging(w, RATE, 0, 0.1f, 0.7f),
                1)
            .fromZeroWeights(),
        Case.of(
            "AdaDelta, defaults: a learning rate of 0.001 on top",
            AdaDelta::new,
            w -> new PublishedOptimizerFormulas.AdaDelta(w, 0.001f, 0.95f, 1e-7f),
            w -> new PublishedOptimizerPapers.AdaDelta(w, 0.95f, 1e-7f),
            0),
        Case.of(
            "AdaDelta, with a name: another default epsilon",
            g -> new AdaDelta(g, "named", 1),
            w -> new PublishedOptimizerFormulas.AdaDelta(w, 1, 0.95f, 1e-8f),
            w -> new PublishedOptimizerPapers.AdaDelta(w, 0.95f, 1e-8f),
            STEPS),
        Case.of(
            "AdaDelta, learning rate 1",
            g -> new AdaDelta(g, 1, 0.9f, 1e-3f),
            w -> new PublishedOptimizerFormulas.AdaDelta(w, 1, 0.9f, 1e-3f),
            w -> new PublishedOptimizerPapers.AdaDelta(w, 0.9f, 1e-3f),
            STEPS),
        Case.of(
                "Adam, defaults",
                Adam::new,
                w -> new PublishedOptimizerFormulas.Adam(w, 0.001f, 0.9f, 0.999f, 1e-8f),
                w -> new PublishedOptimizerPapers.Adam(w, 0.001f, 0.9f, 0.999f, 1e-8f),
                STEPS)
            .withPaperTolerance(2e-5),
        Case.of(
                "Adam",
                g -> new Adam(g, 0.05f, 0.8f, 0.95f, 1e-8f),
                w -> new PublishedOptimizerFormulas.Adam(w, RATE, 0.8f, 0.95f, 1e-8f),
                w -> new PublishedOptimizerPapers.Adam(w, RATE, BETA1, BETA2, 1e-8f),
                STEPS)
            .withPaperTolerance(2e-6),
        Case.of(
            "Adam, a large epsilon: it is the paper's ε̂",
            g -> new Adam(g, 0.05f, 0.8f, 0.95f, 0.1f),
            w -> new PublishedOptimizerFormulas.Adam(w, RATE, 0.8f, 0.95f, 0.1f),
            w -> new PublishedOptimizerPapers.Adam(w, RATE, BETA1, BETA2, 0.1f),
            0),
        Case.of(
                "Adamax, defaults",
                Adamax::new,
                w -> new PublishedOptimizerFormulas.Adamax(w, 0.001f, 0.9f, 0.999f, 1e-7f),
                w -> new PublishedOptimizerPapers.Adamax(w, 0.001f, 0.9f, 0.999f),
                STEPS)
            .withPaperTolerance(2e-6),
        Case.of(
            "Adamax",
            g -> new Adamax(g, 0.05f, 0.8f, 0.95f, 1e-9f),
            w -> new PublishedOptimizerFormulas.Adamax(w, RATE, 0.8f, 0.95f, 1e-9f),
            w -> new PublishedOptimizerPapers.Adamax(w, RATE, BETA1, BETA2),
            STEPS),
        Case.of(
            "Adamax, a large epsilon: the paper has none",
            g -> new Adamax(g, 0.05f, 0.8f, 0.95f, 0.1f),
            w -> new PublishedOptimizerFormulas.Adamax(w, RATE, 0.8f, 0.95f, 0.1f),
            w -> new PublishedOptimizerPapers.Adamax(w, RATE, BETA1, BETA2),
            0),
        Case.of(
            "Nadam, defaults: the step number stays 1",
            Nadam::new,
            w -> new PublishedOptimizerFormulas.Nadam(w, 0.001f, 0.9f, 0.999f, 1e-8f),
            w -> new PublishedOptimizerPapers.Nadam(w, 0.001f, 0.9f, 0.999f, 1e-8f, false),
            1),
        Case.of(
            "Nadam: the step number stays 1",
            g -> new Nadam(g, 0.05f, 0.8f, 0.95f, 1e-3f),
            w -> new PublishedOptimizerFormulas.Nadam(w, RATE, 0.8f, 0.95f, 1e-3f),
            w -> new PublishedOptimizerPapers.Nadam(w, RATE, BETA1, BETA2, 1e-3f, false),
            1),
        Case.of(
            "Nadam: the first moment decays by β₁, not by the schedule",
            g -> new Nadam(g, 0.05f, 0.8f, 0.95f, 1e-3f),
            w -> new PublishedOptimizerFormulas.Nadam(w, RATE, 0.8f, 0.95f, 1e-3f),
            w -> new PublishedOptimizerPapers.Nadam(w, RATE, BETA1, BETA2, 1e-3f, true),
            0),
        Case.of(
            "Ftrl, defaults: neither weights nor accumulator begin at 0, and β is 0",
            Ftrl::new,
            w -> new PublishedOptimizerFormulas.Ftrl(w, 0.001f, -0.5, 0.1f, 0, 0, 0),
            w -> new PublishedOptimizerPapers.Ftrl(w, 0.001f, 1, 0, 0),
            0),
        Case.of(
                "Ftrl, from 0: the paper with β = 0 and twice l2",
                g -> new Ftrl(g, 0.05f, -0.5f, 0, 0.2f, 0.3f, 0),
                w -> new PublishedOptimizerFormulas.Ftrl(w, RATE, -0.5, 0, 0.2f, 0.3f, 0),
                w -> new PublishedOptimizerPapers.Ftrl(w, RATE, 0, 0.2f, 2 * (double) 0.3f),
                STEPS)
            .fromZeroWeights(),
        Case.of(
                "Ftrl, from 0: l2 is not the paper's λ₂",
                g -> new Ftrl(g, 0.05f, -0.5f, 0, 0.2f, 0.3f, 0),
                w -> new PublishedOptimizerFormulas.Ftrl(w, RATE, -0.5, 0, 0.2f, 0.3f, 0),
                w -> new PublishedOptimizerPapers.Ftrl(w, RATE, 0, 0.2f, 0.3f),
                0)
            .fromZeroWeights(),
        Case.of(
            "Ftrl, all knobs",
            g -> new Ftrl(g, 0.05f, -0.7f, 0.2f, 0.15f, 0.3f, 0.1f),
            w -> new PublishedOptimizerFormulas.Ftrl(w, RATE, -0.7f, 0.2f, 0.15f, 0.3f, 0.1f),
            w -> new PublishedOptimizerPapers.Ftrl(w, RATE, 0, 0.15f, 0.3f),
            0),
        Case.of(
            "RMSProp, defaults: the mean square begins at 1",
            RMSProp::new,
            w -> new PublishedOptimizerFormulas.RmsProp(w, 0.001f, 0.9f, 0, 1e-10f, false, 1),
            w -> new PublishedOptimizerPapers.RmsProp(w, 0.001f, 0.9f),
            0),
        Case.of(
                "RMSProp, defaults, mean square from 0",
                RMSProp::new,
                w -> new PublishedOptimizerFormulas.RmsProp(w, 0.001f, 0.9f, 0, 1e-10f, false, 0),
                w -> new PublishedOptimizerPapers.RmsProp(w, 0.001f, 0.9f),
                STEPS)
            .withSlotFromZero(RMSProp.RMS),
        Case.of(
            "RMSProp, momentum",
            g -> new RMSProp(g, 0.05f, 0.8f, 0.7f, 1e-3f, false),
            w -> new PublishedOptimizerFormulas.RmsProp(w, RATE, 0.8f, 0.7f, 1e-3f, false, 1),
            w -> new PublishedOptimizerPapers.GravesRmsProp(w, RATE, 0.8f, 0.7f, 1e-3f, false),
            0),
        Case.of(
                "RMSProp, momentum, mean square from 0",
                g -> new RMSProp(g, 0.05f, 0.8f, 0.7f, 1e-3f, false),
                w -> new PublishedOptimizerFormulas.RmsProp(w, RATE, 0.8f, 0.7f, 1e-3f, false, 0),
                w -> new PublishedOptimizerPapers.GravesRmsProp(w, RATE, 0.8f, 0.7f, 1e-3f, false),
                STEPS)
            .withSlotFromZero(RMSProp.RMS),
        Case.of(
            "RMSProp, centered, momentum",
            g -> new RMSProp(g, 1e-4f, 0.95f, 0.9f, 1e-4f, true),
            w -> new PublishedOptimizerFormulas.RmsProp(w, 1e-4f, 0.95f, 0.9f, 1e-4f, true, 1),
            w -> new PublishedOptimizerPapers.GravesRmsProp(w, 1e-4f, 0.95f, 0.9f, 1e-4f, true),
            0),
        Case.of(
                "RMSProp, centered, momentum, mean square from 0",
                g -> new RMSProp(g, 1e-4f, 0.95f, 0.9f, 1e-4f, true),
                w -> new PublishedOptimizerFormulas.RmsProp(w, 1e-4f, 0.95f, 0.9f, 1e-4f, true, 0),
                w -> new PublishedOptimizerPapers.GravesRmsProp(w, 1e-4f, 0.95f, 0.9f, 1e-4f, true),
                STEPS)
            .withSlotFromZero(RMSProp.RMS));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void computesItsFormula(Case optimizer) {
    try (PublishedOptimizerProblem problem = optimizer.problem(OrderedOptimizer::new, false)) {
      PublishedOptimizerRule formula = optimizer.formula().apply(problem.start());
      for (int step = 1; step <= STEPS; step++) {
        problem.step();
        advance(formula);
        assertThat(error(problem, formula)).as("step %d", step).isLessThan(TOLERANCE);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void agreesWithThePaperAsLongAsDocumented(Case optimizer) {
    try (PublishedOptimizerProblem problem = optimizer.problem(OrderedOptimizer::new, false)) {
      PublishedOptimizerRule paper = optimizer.paper().apply(problem.start());
      for (int step = 1; step <= optimizer.stepsAsInPaper(); step++) {
        problem.step();
        advance(paper);
        assertThat(error(problem, paper))
            .as("step %d", step)
            .isLessThan(optimizer.paperTolerance());
      }
      if (optimizer.stepsAsInPaper() < STEPS) {
        problem.step();
        advance(paper);
        assertThat(error(problem, paper))
            .as("step %d", optimizer.stepsAsInPaper() + 1)
            .isGreaterThan(DIFFERENT);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void computesItsFormulaEveryTimeWhenOneGradientIsLate(Case optimizer) {
    try (PublishedOptimizerProblem problem = optimizer.problem(OrderedOptimizer::new, true)) {
      PublishedOptimizerRule formula = optimizer.formula().apply(problem.start());
      for (int step = 1; step <= LATE_STEPS; step++) {
        advance(formula);
      }
      for (int repetition = 0; repetition < REPETITIONS; repetition++) {
        problem.reset();
        for (int step = 1; step <= LATE_STEPS; step++) {
          problem.step();
        }
        assertThat(error(problem, formula)).as("repetition %d", repetition).isLessThan(TOLERANCE);
      }
    }
  }

  /** Shows that the late gradient of the test above finds an optimizer that is not ordered. */
  @ParameterizedTest
  @MethodSource("racing")
  void withoutOrderTheFirstStepIsWrongWhenOneGradientIsLate(Case optimizer) {
    assertThat(wrongFirstStepsWithoutOrder(optimizer)).isGreaterThan(UNORDERED_STEPS / 2);
  }

  static List<Case> racing() {
    return named("Adam, defaults", "Adamax, defaults", "AdaGradDA, from 0, l1: the counter");
  }

  /** Nadam's β powers race too, but nothing reads them; AdaGradDA reads T for l1 and l2 only. */
  @ParameterizedTest
  @MethodSource("racingForNothing")
  void withoutOrderTheFirstStepIsRightWhereNothingReadsWhatRaces(Case optimizer) {
    assertThat(wrongFirstStepsWithoutOrder(optimizer)).isZero();
  }

  static List<Case> racingForNothing() {
    return named("Nadam, defaults", "AdaGradDA, defaults");
  }

  private static List<Case> named(String... prefixes) {
    return Arrays.stream(prefixes)
        .map(
            prefix ->
                cases().stream().filter(c -> c.name().startsWith(prefix)).findFirst().orElseThrow())
        .toList();
  }

  private static int wrongFirstStepsWithoutOrder(Case optimizer) {
    int wrong = 0;
    try (PublishedOptimizerProblem problem = optimizer.problem((graph, base) -> base, true)) {
      PublishedOptimizerRule formula = optimizer.formula().apply(problem.start());
      advance(formula);
      for (int repetition = 0; repetition < UNORDERED_STEPS; repetition++) {
        problem.reset();
        problem.step();
        if (error(problem, formula) > TOLERANCE) {
          wrong++;
        }
      }
    }
    return wrong;
  }

  /** |G| < √(k + G²), so after one step no weight is larger than the learning rate. */
  @Test
  void adaGradDaForgetsTheStartInItsFirstStep() {
    try (PublishedOptimizerProblem problem =
        new PublishedOptimizerProblem(AdaGradDA::new, OrderedOptimizer::new, false, false)) {
      problem.reset();
      assertThat(Arrays.stream(problem.start())).allMatch(w -> Math.abs(w) > 0.3);
      problem.step();
      assertThat(Arrays.stream(problem.weights())).allMatch(w -> Math.abs(w) < 0.001f);
    }
  }

  /**
   * The first step multiplies the start by 1 − √(k/(k + g²)): a small gradient all but erases it.
   */
  @Test
  void ftrlShrinksTheStartInItsFirstStep() {
    double initial = 0.1f;
    try (PublishedOptimizerProblem problem =
        new PublishedOptimizerProblem(Ftrl::new, OrderedOptimizer::new, false, false)) {
      problem.reset();
      problem.step();
      double[] start = problem.start();
      double[] g = PublishedOptimizerProblem.gradient(start);
      double[] weights = problem.weights();
      for (int i = 0; i < start.length; i++) {
        double root = Math.sqrt(initial + g[i] * g[i]);
        double expected = (1 - Math.sqrt(initial) / root) * start[i] - 0.001f * g[i] / root;
        assertThat(weights[i]).isCloseTo(expected, within(1e-9));
      }
    }
  }

  /** 0 · 1/√0: only an initial accumulator above 0 keeps a weight without gradient alive. */
  @Test
  void adaGradWithoutAccumulatorTurnsAWeightWithoutGradientIntoNaN() {
    assertThat(quadraticStep(g -> new AdaGrad(g, 0.1f, 0))).isNaN();
    assertThat(quadraticStep(AdaGrad::new)).isZero();
  }

  private static double quadraticStep(Function<Graph, Optimizer> optimizer) {
    return lastStep(optimizer, (tf, w) -> tf.math.mul(w, w), 1);
  }

  /**
   * On a constant gradient the published Nadam moves by the learning rate. The one of TensorFlow
   * Java divides v by 1 − β₂ for ever, which ends at √(1 − β₂) of it: 1/32 with the default β₂.
   */
  @Test
  void nadamSlowsDownToTheRootOfOneMinusBeta2() {
    double rate = 0.01f;
    double beta2 = 0.9f;
    int steps = 300;
    BiFunction<Ops, Operand<TFloat64>, Operand<TFloat64>> linear =
        (tf, w) -> tf.math.mul(w, tf.constant(1.0));
    double moved = lastStep(g -> new Nadam(g, 0.01f, 0.9f, 0.9f, 1e-8f), linear, steps);
    assertThat(moved).isCloseTo(-rate * Math.sqrt(1 - beta2), withinPercentage(0.01));

    PublishedOptimizerRule paper =
        new PublishedOptimizerPapers.Nadam(new double[1], rate, 0.9f, beta2, 1e-8f, false);
    double before = 0;
    for (int step = 1; step <= steps; step++) {
      before = paper.weights()[0];
      paper.step(new double[] {1});
    }
    assertThat(paper.weights()[0] - before).isCloseTo(-rate, withinPercentage(0.1));
  }

  /** How far the last of some steps moves a scalar that begins at 0. */
  private static double lastStep(
      Function<Graph, Optimizer> optimizer,
      BiFunction<Ops, Operand<TFloat64>, Operand<TFloat64>> lossOf,
      int steps) {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Variable<TFloat64> w = tf.variable(Shape.scalar(), TFloat64.class);
      tf.withInitScope().assign(w, tf.constant(0.0));
      Op train = new OrderedOptimizer(graph, optimizer.apply(graph)).minimize(lossOf.apply(tf, w));
      try (Session session = new Session(graph)) {
        session.initialize();
        double before = 0;
        double now = 0;
        for (int step = 1; step <= steps; step++) {
          session.runner().addTarget(train).run().close();
          before = now;
          try (Result result = session.runner().fetch(w).run()) {
            now = ((TFloat64) result.get(0)).getDouble();
          }
        }
        return now - before;
      }
    }
  }

  /** What docs/optimizers.md says of the state that each optimizer keeps. */
  @ParameterizedTest
  @MethodSource("slots")
  void keepsTheDocumentedState(Optimizers optimizer, Set<String> state) {
    Set<String> found = new TreeSet<>();
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Variable<TFloat64> w = tf.withName("w").variable(Shape.scalar(), TFloat64.class);
      tf.withInitScope().assign(w, tf.constant(0.0));
      new OrderedOptimizer(graph, optimizer.createOptimizer(graph)).minimize(tf.math.mul(w, w));
      graph
          .operations()
          .forEachRemaining(
              op -> {
                if (op.type().equals(Optimizer.VARIABLE_V2) && !op.name().equals("w")) {
                  found.add(op.name());
                }
              });
    }
    assertThat(found).isEqualTo(state);
  }

  static List<Arguments> slots() {
    return List.of(
        arguments(Optimizers.ADADELTA, Set.of("w-accum", "w-accum_update")),
        arguments(Optimizers.ADAGRAD, Set.of("w-accumulator")),
        arguments(
            Optimizers.ADAGRAD_DA,
            Set.of(
                "w-gradient_accumulator",
                "w-gradient_squared_accumulator",
                "adagrad-da-global-step")),
        arguments(Optimizers.ADAM, Set.of("w-m", "w-v", "beta1_power", "beta2_power")),
        arguments(Optimizers.ADAMAX, Set.of("w-m", "w-v", "beta1_power")),
        arguments(Optimizers.FTRL, Set.of("w-gradient_accumulator", "w-linear_accumulator")),
        arguments(
            Optimizers.NADAM,
            Set.of("w-m", "w-v", "w-momentum", "beta1_power", "beta2_power", "momentum")),
        arguments(Optimizers.RMSPROP, Set.of("w-rms", "w-momentum")),
        arguments(Optimizers.MOMENTUM, Set.of("w-momentum")),
        arguments(Optimizers.GRADIENT_DESCENT, Set.of()));
  }

  static void advance(PublishedOptimizerRule rule) {
    rule.step(PublishedOptimizerProblem.gradient(rule.gradientPoint()));
  }

  /** The largest difference, as a share of the largest way that a weight has gone. */
  static double error(PublishedOptimizerProblem problem, PublishedOptimizerRule rule) {
    double[] actual = problem.weights();
    double[] expected = rule.weights();
    double[] start = problem.start();
    double moved = 0;
    double difference = 0;
    for (int i = 0; i < start.length; i++) {
      if (!Double.isFinite(actual[i])) {
        return Double.POSITIVE_INFINITY;
      }
      moved = Math.max(moved, Math.abs(expected[i] - start[i]));
      difference = Math.max(difference, Math.abs(actual[i] - expected[i]));
    }
    return difference / moved;
  }
}
