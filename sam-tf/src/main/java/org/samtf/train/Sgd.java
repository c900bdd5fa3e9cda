package org.samtf.train;

import java.util.List;
import java.util.Optional;
import org.samtf.internal.graph.Numbers;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.train.ApplyMomentum;
import org.tensorflow.types.family.TNumber;

/**
 * Gradient descent with momentum, as PyTorch's {@code SGD} has it (Sutskever et al. 2013), with
 * schedules for its settings.
 *
 * <pre>
 * g ← g + λw              (coupled decay)
 * v ← μv + g
 * w ← w − η v             with Nesterov: w − η (g + μv)
 * w ← w − ηλ w            (decoupled decay, of w before the step)
 * </pre>
 */
public final class Sgd extends ScheduledOptimizer {

  /** The slot of v. */
  public static final String MOMENTUM = "momentum";

  private final double momentum;
  private final boolean nesterov;
  private final boolean decoupled;

  private Sgd(Builder builder) {
    super(builder);
    this.momentum = builder.momentum;
    this.nesterov = builder.nesterov;
    this.decoupled = builder.decoupled;
  }

  /**
   * Starts the settings: learning rate 0.01, no momentum, no decay.
   *
   * @param graph the graph to optimize
   * @return a builder
   */
  public static Builder builder(Graph graph) {
    return new Builder(graph);
  }

  @Override
  List<String> slots() {
    return momentum == 0 ? List.of() : List.of(MOMENTUM);
  }

  @Override
  Op step(Ops at, Operand<TNumber> gradient, Output<TNumber> variable) {
    Operand<TNumber> rate = as(variable, learningRate());
    Operand<TNumber> g = gradient;
    Ops after = at;
    if (decoupled) {
      Optional<Op> decayed = decayed(at, variable);
      if (decayed.isPresent()) {
        after = at.withControlDependencies(List.of(decayed.get()));
      }
    } else if (weightDecay(variable).isPresent()) {
      Operand<TNumber> decay = as(variable, weightDecay(variable).get());
      g = at.math.add(g, at.math.mul(variable, decay));
    }
    if (momentum == 0) {
      return after.train.applyGradientDescent(variable, rate, g);
    }
    return after.train.applyMomentum(
        variable,
        slot(variable, MOMENTUM),
        rate,
        g,
        as(variable, momentum),
        ApplyMomentum.useNesterov(nesterov));
  }

  @Override
  public String toString() {
    return "Sgd{momentum=" + momentum + ", nesterov=" + nesterov + "}";
  }

  /** The settings of an {@link Sgd}. */
  public static final class Builder extends Settings<Builder> {
    private double momentum;
    private boolean nesterov;
    private boolean decoupled;

    private Builder(Graph graph) {
      super(graph, "Sgd", 0.01);
    }

    /**
     * μ, the decay of the momentum.
     *
     * @param momentum at least 0 and less than 1; 0 by default, for none
     * @return this builder
     * @throws IllegalArgumentException if {@code momentum} is out of range
     */
    public Builder momentum(double momentum) {
      this.momentum = Numbers.fraction("momentum", momentum);
      return this;
    }

    /**
     * Whether to go with the momentum after the step; needs a momentum.
     *
     * @param nesterov false by default
     * @return this builder
     */
    public Builder nesterov(boolean nesterov) {
      this.nesterov = nesterov;
      return this;
    }

    /**
     * Whether the weight decay is beside the momentum (Loshchilov and Hutter 2019, "Decoupled
     * Weight Decay Regularization", algorithm 1) and not added to the gradient.
     *
     * @param decoupled false by default
     * @return this builder
     */
    public Builder decoupledDecay(boolean decoupled) {
      this.decoupled = decoupled;
      return this;
    }

    /**
     * Makes the optimizer.
     *
     * @return an optimizer with these settings
     * @throws IllegalArgumentException if Nesterov is given without a momentum
     */
    public Sgd build() {
      if (nesterov && momentum == 0) {
        throw new IllegalArgumentException(
            "nesterov is given without a momentum; add one or leave it out");
      }
      return new Sgd(this);
    }
  }
}
