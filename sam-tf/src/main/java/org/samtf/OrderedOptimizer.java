package org.samtf;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.samtf.internal.graph.Arguments;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Kernels;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.op.Ops;
import org.tensorflow.types.family.TType;

/**
 * Any TF-Java optimizer, with its step in a defined order.
 *
 * <p>TF-Java's Adam, Adamax and AdaGradDA keep step state (powers of β, a step count) that a step
 * reads and advances, and nothing in the graph says which comes first: the same training gives
 * other weights from run to run. Nadam and AdaGradDA advance some of it without waiting for the
 * gradients, so that it has moved on even if the step fails. Around them, this class makes each
 * step do what the optimizer's code says, in the order in which it says it. It also
 *
 * <ul>
 *   <li>assigns nothing before every gradient is there and finite: if one has a NaN or an infinity,
 *       {@code session.run} fails with a message that names the variable, and nothing has changed;
 *   <li>trains the variables that the loss reaches, where TF-Java fails when the graph has others;
 *   <li>orders n updates behind n gradients with n edges, where TF-Java has n².
 * </ul>
 *
 * <p>{@link SamOptimizer} does the same for its own step: this class is for training without SAM,
 * and for comparisons with it that are fair.
 *
 * <pre>{@code
 * Op train = new OrderedOptimizer(graph, new Adam(graph)).minimize(loss);
 * }</pre>
 */
public final class OrderedOptimizer extends WrappingOptimizer {

  private final VariableChoice frozen;

  /**
   * Creates the optimizer.
   *
   * @param graph the graph to optimize
   * @param base the optimizer whose step is ordered, made for the same graph
   * @throws IllegalArgumentException if {@code base} was made for another graph
   */
  public OrderedOptimizer(Graph graph, Optimizer base) {
    this(builder(graph, base));
  }

  private OrderedOptimizer(Builder builder) {
    super(builder.graph, builder.base, "Ordered", new FiniteRule(builder.finiteRule));
    frozen = builder.frozen;
  }

  /**
   * Starts the settings of an OrderedOptimizer; each has a default.
   *
   * @param graph the graph to optimize
   * @param base the optimizer whose step is ordered, made for the same graph
   * @return a builder
   * @throws IllegalArgumentException if {@code base} was made for another graph
   */
  public static Builder builder(Graph graph, Optimizer base) {
    return new Builder(graph, wrappable(graph, base));
  }

  /**
   * Adds the ops that compute the gradients of a loss.
   *
   * @param loss the loss, of a floating-point type; if it is not a scalar, the sum of its entries
   *     is meant
   * @return a gradient for every trainable variable that the loss reaches; they are there once all
   *     of them, and the loss, have been computed
   * @throws IllegalArgumentException if the loss reaches no trainable variable, or cannot be
   *     differentiated; or if a pattern of {@link Builder#freeze(String...)} matches none, or they
   *     match all
   */
  @Override
  public <T extends TType> List<GradAndVar<?>> computeGradients(Operand<?> loss) {
    Replica replica = new Replica(Arguments.ofGraph(graph, loss, "loss").asOutput());
    GraphScope scope = newStep();
    List<Output<?>> xs =
        TrainedVariables.of(List.of(replica), Optional.empty(), frozen, VariableChoice.none())
            .in(replica.forward);
    Optional<LossScale> scale = scaleOfLoss();
    Output<?>[] all =
        Differentiation.gradients(
            replica.loss,
            replica,
            scale.<Output<?>>map(s -> s.scaled(scope.ops(), replica.loss)).orElse(null),
            xs.toArray(new Output<?>[0]),
            scope,
            false,
            DeviceReads.none());
    List<Output<?>> variables = new ArrayList<>();
    List<Output<?>> gradients = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (int i = 0; i < all.length; i++) {
      if (all[i] != null) {
        variables.add(xs.get(i));
        gradients.add(gradient(scope, scale, all[i]));
        names.add(xs.get(i).op().name());
      }
    }
    if (gradients.isEmpty()) {
      throw TrainedVariables.withoutVariables(List.of(replica));
    }
    Barrier barrier =
        new Barrier(
            scope,
            gradients,
            Packing.of(!Kernels.hasGpu(), gradients, names),
            "gradient",
            finiteRule.notFinite,
            List.of(),
            List.of(loss));
    return release(new UpdateGradients(variables, barrier));
  }

  /** Divided by the scale in float32 at least, and then of the variable's type. */
  private static Output<?> gradient(
      GraphScope scope, Optional<LossScale> scale, Output<?> computed) {
    if (scale.isEmpty()) {
      return computed;
    }
    Ops tf = scope.withDeviceString(((GraphOperation) computed.op()).device()).ops();
    Output<?> unscaled = scale.get().unscaled(tf, computed);
    return new Reals(tf).cast(unscaled, Reals.unchecked(computed.type())).asOutput();
  }

  @Override
  public String getOptimizerName() {
    return "Ordered" + base.getOptimizerName();
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("OrderedOptimizer{base=").append(base);
    if (!frozen.isNone()) {
      text.append(", freeze=").append(frozen);
    }
    finiteRule.appendTo(text);
    return text.append('}').toString();
  }

  /** The settings of an {@link OrderedOptimizer}. */
  public static final class Builder {
    private final Graph graph;
    private final Optimizer base;
    private final FiniteRule.Draft finiteRule = new FiniteRule.Draft();
    private VariableChoice frozen = VariableChoice.none();

    private Builder(Graph graph, Optimizer base) {
      this.graph = graph;
      this.base = base;
    }

    /**
     * The variables to leave as they are, of those that would be trained otherwise. None by
     * default.
     *
     * @param patterns of the names of variables, as for {@link SamOptimizerBuilder#freeze}
     * @return this builder
     * @throws IllegalArgumentException if there is none, or one is no regular expression
     */
    public Builder freeze(String... patterns) {
      frozen = VariableChoice.matching("freeze", patterns);
      return this;
    }

    /**
     * As {@link #freeze(String...)}, with a predicate.
     *
     * @param byName given the name of a variable's op, says whether to leave it as it is
     * @return this builder
     */
    public Builder freeze(Predicate<String> byName) {
      frozen = VariableChoice.where("freeze", byName);
      return this;
    }

    /**
     * What a step does if a gradient has a NaN or an infinity.
     *
     * @param rule {@link NotFinite#FAIL} by default; with a loss scale {@link NotFinite#SKIP},
     *     which is then the only one
     * @return this builder
     */
    public Builder notFinite(NotFinite rule) {
      finiteRule.notFinite(rule);
      return this;
    }

    /**
     * Scales the loss, so that gradients in float16 are not too small for it; see {@link
     * SamOptimizerBuilder#lossScale}.
     *
     * @param scale a power of two from 1 to 2^126
     * @return this builder
     * @throws IllegalArgumentException if {@code scale} is something else, or there is a dynamic
     *     scale
     */
    public Builder lossScale(float scale) {
      finiteRule.lossScaling(LossScaling.fixed(scale));
      return this;
    }

    /**
     * Scales the loss as far as the gradients allow; see {@link
     * SamOptimizerBuilder#dynamicLossScale()}.
     *
     * @return this builder
     * @throws IllegalArgumentException if there is a fixed scale
     */
    public Builder dynamicLossScale() {
      return dynamicLossScale(LossScaling.INITIAL_DEFAULT, LossScaling.GROWTH_INTERVAL_DEFAULT);
    }

    /**
     * Scales the loss as far as the gradients allow; see {@link
     * SamOptimizerBuilder#dynamicLossScale(float, long)}.
     *
     * @param initialScale a power of two from 1 to 2^126
     * @param growthInterval at least 1
     * @return this builder
     * @throws IllegalArgumentException if one is something else, or there is a fixed scale
     */
    public Builder dynamicLossScale(float initialScale, long growthInterval) {
      finiteRule.lossScaling(LossScaling.dynamic(initialScale, growthInterval));
      return this;
    }

    /**
     * Makes the optimizer.
     *
     * @return an OrderedOptimizer with these settings
     * @throws IllegalArgumentException if settings do not go together
     */
    public OrderedOptimizer build() {
      return new OrderedOptimizer(this);
    }
  }
}
