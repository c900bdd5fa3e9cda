package org.samtf.train;

import java.util.List;
import java.util.Optional;
import org.samtf.internal.graph.Numbers;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.train.ApplyAdam;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.family.TNumber;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019, "Decoupled Weight Decay
 * Regularization", algorithm 2), as PyTorch's {@code AdamW} has it, with schedules for its
 * settings.
 *
 * <pre>
 * w ← w − ηλ w
 * m ← β₁m + (1−β₁)g,   v ← β₂v + (1−β₂)g²
 * w ← w − η · m/(1−β₁ᵗ) / (√(v/(1−β₂ᵗ)) + ε)
 * </pre>
 *
 * <p>With a weight decay of 0 it is Adam (Kingma and Ba 2014, algorithm 1), with ε as in the paper.
 */
public final class AdamW extends ScheduledOptimizer {

  /** The slot of m. */
  public static final String FIRST_MOMENT = "m";

  /** The slot of v. */
  public static final String SECOND_MOMENT = "v";

  private final double beta1;
  private final double beta2;
  private final double epsilon;

  private AdamW(Builder builder) {
    super(builder);
    this.beta1 = builder.beta1;
    this.beta2 = builder.beta2;
    this.epsilon = builder.epsilon;
  }

  /**
   * Starts the settings: learning rate 0.001, β 0.9 and 0.999, ε 1e-8, weight decay 0.01.
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
  Op step(Ops at, Operand<TNumber> gradient, Output<TNumber> variable) {
    Optional<Op> decayed = decayed(at, variable);
    Ops after = decayed.map(op -> at.withControlDependencies(List.of(op))).orElse(at);
    Operand<TFloat64> power1 = power(beta1);
    Operand<TFloat64> power2 = power(beta2);
    // The op adds ε to √v, which is not divided by √(1−β₂ᵗ) yet.
    Operand<TFloat64> scaled =
        value(
            "epsilon",
            () ->
                tf.math.mul(
                    tf.constant(epsilon), tf.math.sqrt(tf.math.sub(tf.constant(1.0), power2))));
    return after.train.applyAdam(
        variable,
        slot(variable, FIRST_MOMENT),
        slot(variable, SECOND_MOMENT),
        as(variable, power1),
        as(variable, power2),
        as(variable, learningRate()),
        as(variable, beta1),
        as(variable, beta2),
        as(variable, scaled),
        gradient,
        new ApplyAdam.Options[0]);
  }

  /** βᵗ. */
  private Operand<TFloat64> power(double beta) {
    return value("power " + beta, () -> tf.math.pow(tf.constant(beta), stepNumber()));
  }

  @Override
  public String toString() {
    return "AdamW{beta1=" + beta1 + ", beta2=" + beta2 + ", epsilon=" + epsilon + "}";
  }

  /** The settings of an {@link AdamW}. */
  public static final class Builder extends Settings<Builder> {
    private double beta1 = 0.9;
    private double beta2 = 0.999;
    private double epsilon = 1e-8;

    private Builder(Graph graph) {
      super(graph, "AdamW", 0.001);
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
     * Makes the optimizer.
     *
     * @return an optimizer with these settings
     */
    public AdamW build() {
      return new AdamW(this);
    }
  }
}
