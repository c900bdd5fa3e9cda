package org.samtf.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.samtf.internal.graph.Arguments;
import org.samtf.internal.graph.EuclideanNorm;
import org.samtf.internal.graph.Kernels;
import org.samtf.internal.graph.NamePatterns;
import org.samtf.internal.graph.Numbers;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.family.TNumber;
import org.tensorflow.types.family.TType;

/**
 * LAMB (You et al. 2020, "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes",
 * algorithm 2, with φ the identity), with schedules for its settings: Adam whose step in each
 * variable is as long as the variable's weights, for large batches.
 *
 * <pre>
 * m ← β₁m + (1−β₁)g,   v ← β₂v + (1−β₂)g²
 * u = m/(1−β₁ᵗ) / (√(v/(1−β₂ᵗ)) + ε) + λw
 * w ← w − η · ‖w‖₂/‖u‖₂ · u
 * </pre>
 *
 * <p>A variable is a layer in this. The ratio is 1 where one of the norms is 0, and in variables
 * that {@link Builder#doNotAdapt} leaves out.
 */
public final class Lamb extends ScheduledOptimizer {

  /** The slot of m. */
  public static final String FIRST_MOMENT = "m";

  /** The slot of v. */
  public static final String SECOND_MOMENT = "v";

  private final double beta1;
  private final double beta2;
  private final double epsilon;
  private final List<String> notAdapted;
  private final boolean adaptsVectors;

  /** The names of the variables whose step is Adam's. */
  private Set<String> withoutRatio = Set.of();

  private Lamb(Builder builder) {
    super(builder);
    this.beta1 = builder.beta1;
    this.beta2 = builder.beta2;
    this.epsilon = builder.epsilon;
    this.notAdapted = builder.notAdapted;
    this.adaptsVectors = builder.adaptsVectors;
  }

  /**
   * Starts the settings: learning rate 0.001, β 0.9 and 0.999, ε 1e-6, weight decay 0.01.
   *
   * @param graph the graph to optimize
   * @return a builder
   */
  public static Builder builder(Graph graph) {
    return new Builder(graph);
  }

  @Override
  List<String> slots() {
    return List.of(FIRST_MOMENT, SECOND_MOMENT);
  }

  @Override
  protected void createSlots(List<Output<? extends TType>> variables) {
    super.createSlots(variables);
    List<String> names = new ArrayList<>();
    variables.forEach(variable -> names.add(nameOf(variable)));
    withoutRatio = NamePatterns.matching("doNotAdapt", notAdapted, names);
  }

  @Override
  Op step(Ops at, Operand<TNumber> gradient, Output<TNumber> variable) {
    Operand<TNumber> m = moved(at, variable, FIRST_MOMENT, beta1, gradient);
    Operand<TNumber> v = moved(at, variable, SECOND_MOMENT, beta2, at.math.square(gradient));
    Operand<TNumber> divisor =
        at.math.add(
            at.math.sqrt(at.math.div(v, as(variable, missing(beta2)))), as(variable, epsilon));
    Operand<TNumber> u = at.math.div(at.math.div(m, as(variable, missing(beta1))), divisor);
    Optional<Operand<TFloat64>> decay = weightDecay(variable);
    if (decay.isPresent()) {
      u = at.math.add(u, at.math.mul(variable, as(variable, decay.get())));
    }
    Operand<TNumber> rate = as(variable, learningRate());
    if (!withoutRatio.contains(nameOf(variable)) && (adaptsVectors || !isVector(variable))) {
      rate = at.math.mul(rate, ratio(at, variable, u));
    }
    return at.train.applyGradientDescent(variable, rate, u);
  }

  /** Moves a slot to βs + (1−β)x, and gives what it is then. */
  private Operand<TNumber> moved(
      Ops at, Output<TNumber> variable, String name, double beta, Operand<TNumber> x) {
    Variable<TNumber> slot = slot(variable, name);
    Operand<TNumber> next =
        at.math.add(at.math.mul(slot, as(variable, beta)), at.math.mul(x, as(variable, 1 - beta)));
    return at.assign(slot, next);
  }

  /** 1 − βᵗ, by which a moment is too small. */
  private Operand<TFloat64> missing(double beta) {
    return value(
        "missing " + beta,
        () -> tf.math.sub(tf.constant(1.0), tf.math.pow(tf.constant(beta), stepNumber())));
  }

  /** ‖w‖/‖u‖. */
  private static Operand<TNumber> ratio(Ops at, Output<TNumber> variable, Operand<TNumber> u) {
    Class<TNumber> type = Reals.computeType(variable);
    Reals reals = new Reals(at);
    Operand<TNumber> ofWeights = norm(at, reals.cast(variable, type), type);
    Operand<TNumber> ofStep = norm(at, reals.cast(u, type), type);
    Operand<TNumber> zero = reals.constant(0, type);
    Operand<TBool> both =
        at.math.logicalAnd(at.math.greater(ofWeights, zero), at.math.greater(ofStep, zero));
    Operand<TNumber> one = reals.constant(1, type);
    // Not divided by zero where the ratio is not taken.
    Operand<TNumber> ratio = at.math.div(ofWeights, at.select(both, ofStep, one));
    return reals.cast(at.select(both, ratio, one), Reals.unchecked(variable.type()));
  }

  private static Operand<TNumber> norm(Ops at, Operand<TNumber> x, Class<TNumber> type) {
    return EuclideanNorm.of(at, List.of(x), type, !Kernels.hasGpu());
  }

  @Override
  public String toString() {
    return "Lamb{beta1=" + beta1 + ", beta2=" + beta2 + ", epsilon=" + epsilon + "}";
  }

  /** The settings of a {@link Lamb}. */
  public static final class Builder extends Settings<Builder> {
    private double beta1 = 0.9;
    private double beta2 = 0.999;
    private double epsilon = 1e-6;
    private List<String> notAdapted = List.of();
    private boolean adaptsVectors = true;

    private Builder(Graph graph) {
      super(graph, "Lamb", 0.001);
      weightDecay(0.01);
    }

    /**
     * The decays of the two moments.
     *
     * @param beta1 β₁, at least 0 and less than 1
     * @param beta2 β₂, at least 0 and less than 1
     * @return this builder
     * @throws IllegalArgumentException if one is out of range
     */
    public Builder betas(double beta1, double beta2) {
      this.beta1 = Numbers.fraction("beta1", beta1);
      this.beta2 = Numbers.fraction("beta2", beta2);
      return this;
    }

    /**
     * ε, which keeps the divisor from zero.
     *
     * @param epsilon more than 0 and finite
     * @return this builder
     * @throws IllegalArgumentException if {@code epsilon} is out of range
     */
    public Builder epsilon(double epsilon) {
      this.epsilon = Numbers.positive("epsilon", epsilon);
      return this;
    }

    /**
     * Variables whose step has Adam's length, such as biases and those of batch normalization. None
     * by default.
     *
     * @param patterns of the names of variables, as for {@link #doNotDecay}
     * @return this builder
     * @throws IllegalArgumentException if one is no regular expression
     */
    public Builder doNotAdapt(String... patterns) {
      this.notAdapted = List.of(Arguments.noneNull(patterns, "doNotAdapt"));
      notAdapted.forEach(pattern -> NamePatterns.compile("doNotAdapt", pattern));
      return this;
    }

    /**
     * Gives all variables with fewer than two axes a step of Adam's length. They have the ratio by
     * default.
     *
     * @return this builder
     */
    public Builder doNotAdaptVectors() {
      this.adaptsVectors = false;
      return this;
    }

    /**
     * Makes the optimizer.
     *
     * @return an optimizer with these settings
     */
    public Lamb build() {
      return new Lamb(this);
    }
  }
}
