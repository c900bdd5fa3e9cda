package org.samtf.train;

import java.util.List;
import java.util.Optional;
import org.samtf.internal.graph.Numbers;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.family.TNumber;

/**
 * Lion (Chen et al. 2023, "Symbolic Discovery of Optimization Algorithms", algorithm 2), with
 * schedules for its settings.
 *
 * <pre>
 * w ← w − η (sign(β₁m + (1−β₁)g) + λw)
 * m ← β₂m + (1−β₂)g
 * </pre>
 */
public final class Lion extends ScheduledOptimizer {

  /** The slot of m. */
  public static final String MOMENTUM = "m";

  private final double beta1;
  private final double beta2;

  private Lion(Builder builder) {
    super(builder);
    this.beta1 = builder.beta1;
    this.beta2 = builder.beta2;
  }

  /**
   * Starts the settings: learning rate 1e-4, β 0.9 and 0.99, no decay.
   *
   * @param graph the graph to optimize
   * @return a builder
   */
  public static Builder builder(Graph graph) {
    return new Builder(graph);
  }

  @Override
  List<String> slots() {
    return List.of(MOMENTUM);
  }

  @Override
  Op step(Ops at, Operand<TNumber> gradient, Output<TNumber> variable) {
    Variable<TNumber> m = slot(variable, MOMENTUM);
    Operand<TNumber> direction =
        at.math.sign(mixed(at, as(variable, beta1), as(variable, 1 - beta1), m, gradient));
    Operand<TNumber> next = mixed(at, as(variable, beta2), as(variable, 1 - beta2), m, gradient);
    Optional<Op> decayed = decayed(at, variable);
    Ops after = decayed.map(op -> at.withControlDependencies(List.of(op))).orElse(at);
    Op moved = after.train.applyGradientDescent(variable, as(variable, learningRate()), direction);
    // m is read for both before it changes.
    return at.withControlDependencies(List.of(moved)).assign(m, next);
  }

  private static Operand<TNumber> mixed(
      Ops at,
      Operand<TNumber> factor,
      Operand<TNumber> rest,
      Operand<TNumber> m,
      Operand<TNumber> gradient) {
    return at.math.add(at.math.mul(m, factor), at.math.mul(gradient, rest));
  }

  @Override
  public String toString() {
    return "Lion{beta1=" + beta1 + ", beta2=" + beta2 + "}";
  }

  /** The settings of a {@link Lion}. */
  public static final class Builder extends Settings<Builder> {
    private double beta1 = 0.9;
    private double beta2 = 0.99;

    private Builder(Graph graph) {
      super(graph, "Lion", 1e-4);
    }

    /**
     * β₁ and β₂.
     *
     * @param beta1 at least 0 and less than 1
     * @param beta2 at least 0 and less than 1
     * @return this builder
     * @throws IllegalArgumentException if one is out of range
     */
    public Builder betas(double beta1, double beta2) {
      this.beta1 = Numbers.fraction("beta1", beta1);
      this.beta2 = Numbers.fraction("beta2", beta2);
      return this;
    }

    /**
     * Makes the optimizer.
     *
     * @return an optimizer with these settings
     */
    public Lion build() {
      return new Lion(this);
    }
  }
}
