package org.samtf;

import java.util.Optional;
import org.samtf.internal.graph.Arguments;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.op.Op;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TNumber;

/**
 * SAM around a training step that is in the graph already: one that Python wrote with its
 * optimizer, for example, or that came with a loaded model.
 *
 * <pre>{@code
 * Op train = SamTrainOp.around(graph, trainOp).rho(0.05f).build().op();
 * }</pre>
 *
 * <p>The ops that update variables with gradients are found behind {@code trainOp}. All ops between
 * the weights and these gradients, forward and backward, clipping and decay among them, are copied
 * with reads of w+ε (Foret et al. 2021), and the updates are written again with the gradients from
 * there. What the step does besides, such as to count, is done once. TensorFlow is asked for no
 * gradient, so it does not matter whether Java has those that the step needs. With ρ = 0 the new
 * step is the old one, bit for bit, with all gradients there before the first update.
 *
 * <p>Found are the ops {@code Apply…}, {@code SparseApply…} and their kinds for resource variables,
 * as TensorFlow's optimizers write them. The old train op stays as it is.
 */
public final class SamTrainOp {

  private final Op op;
  private final Optional<SkippableStep> skippable;
  private final Operand<TNumber> gradientNorm;
  private final Operand<TNumber> perturbationNorm;

  SamTrainOp(
      Op op,
      Optional<SkippableStep> skippable,
      Operand<TNumber> gradientNorm,
      Operand<TNumber> perturbationNorm) {
    this.op = op;
    this.skippable = skippable;
    this.gradientNorm = gradientNorm;
    this.perturbationNorm = perturbationNorm;
  }

  /**
   * Starts the settings; each has a default.
   *
   * @param graph the graph
   * @param trainOp the op that runs a step
   * @return a builder
   * @throws IllegalArgumentException if {@code trainOp} is of another graph
   */
  public static Builder around(Graph graph, Op trainOp) {
    Arguments.given(graph, "graph");
    return new Builder(graph, Arguments.opOfGraph(graph, trainOp, "train op"));
  }

  /**
   * The op that runs a step of SAM.
   *
   * @return to be run in place of the train op
   */
  public Op op() {
    return op;
  }

  /**
   * The norm of the gradients, as the step would have applied them, that is dual to the
   * neighbourhood's.
   *
   * @return ‖∇L(w)‖_q, a scalar of float32, or float64 if a perturbed variable is
   */
  public Operand<? extends TNumber> gradientNorm() {
    return gradientNorm;
  }

  /**
   * The norm of the perturbation, computed from it.
   *
   * @return ‖ε‖_p, a scalar of float32, or float64 if a perturbed variable is
   */
  public Operand<? extends TNumber> perturbationNorm() {
    return perturbationNorm;
  }

  /**
   * Whether the step is skipped, a scalar: for {@link NotFinite#SKIP}. Fetch it in the run of
   * {@link #op}.
   *
   * @return true if a gradient is not finite
   * @throws IllegalStateException if steps are not skipped but fail
   */
  public Operand<TBool> skipped() {
    return skippable().skipped().orElseThrow();
  }

  /**
   * How many runs of the step were skipped, a scalar: for {@link NotFinite#SKIP}. In the run of
   * {@link #op} it is the number before that run. It is kept in a variable, which is saved and
   * exported with the others.
   *
   * @return the number of steps in which a gradient was not finite
   * @throws IllegalStateException if steps are not skipped but fail
   */
  public Operand<TInt64> skippedSteps() {
    return skippable().skippedBefore;
  }

  private SkippableStep skippable() {
    return skippable.orElseThrow(
        () ->
            new IllegalStateException(
                "steps fail if a gradient is not finite; build with notFinite(SKIP) to skip them"));
  }

  /** The settings of a {@link SamTrainOp}. */
  public static final class Builder {
    private final Graph graph;
    private final Op trainOp;
    private final SamSettings.Draft draft = new SamSettings.Draft();
    private String name = SamOptimizer.NAME_DEFAULT;

    private Builder(Graph graph, Op trainOp) {
      this.graph = graph;
      this.trainOp = trainOp;
      draft.rho = Rho.of(SamOptimizer.RHO_DEFAULT);
      draft.norm = SamOptimizer.NORM_DEFAULT;
    }

    /**
     * The size ρ of the neighbourhood: ‖ε‖_p = ρ.
     *
     * @param rho finite and not negative; {@link SamOptimizer#RHO_DEFAULT} by default
     * @return this builder
     * @throws IllegalArgumentException if {@code rho} is negative, infinite or NaN
     */
    public Builder rho(float rho) {
      draft.rho = Rho.of(rho);
      return this;
    }

    /**
     * The size ρ of the neighbourhood as a value of the graph; see {@link
     * SamOptimizerBuilder#rho(Operand)}.
     *
     * @param rho a scalar of a floating-point type
     * @return this builder
     * @throws IllegalArgumentException if {@code rho} is of another graph or type, or known not to
     *     be a scalar
     */
    public Builder rho(Operand<? extends TNumber> rho) {
      draft.rho = Rho.of(Arguments.ofGraph(graph, rho, "rho"));
      return this;
    }

    /**
     * The p of the norm that measures the neighbourhood.
     *
     * @param p from 1 to {@link Double#POSITIVE_INFINITY}; {@link SamOptimizer#NORM_DEFAULT} by
     *     default
     * @return this builder
     * @throws IllegalArgumentException if {@code p} is less than 1 or NaN
     */
    public Builder norm(double p) {
      draft.norm = SamSettings.norm(p);
      return this;
    }

    /**
     * Lets the neighbourhood scale with the weights; see {@link SamOptimizerBuilder#adaptive}.
     *
     * @param eta η, finite and not negative
     * @return this builder
     * @throws IllegalArgumentException if {@code eta} is negative, infinite or NaN
     */
    public Builder adaptive(float eta) {
      draft.eta = Optional.of(Arguments.notNegative(eta, "eta"));
      return this;
    }

    /**
     * Which variables are updated but not perturbed. None by default.
     *
     * @param patterns of the names of variables, as for {@link SamOptimizerBuilder#freeze}
     * @return this builder
     * @throws IllegalArgumentException if there is none, or one is no regular expression
     */
    public Builder doNotPerturb(String... patterns) {
      draft.notPerturbed = VariableChoice.matching("doNotPerturb", patterns);
      return this;
    }

    /**
     * What a step does if a gradient has a NaN or an infinity. One that is skipped changes nothing
     * but the count of {@link SamTrainOp#skippedSteps}, a new variable, which gets its initial
     * value from {@code session.initialize()}, or {@code LoadedModel.initialize()}. What the train
     * op assigns beside its updates, such as moving averages, is not assigned then either.
     *
     * <p>There is no loss scale here: the gradients of the step are those of its own loss, so
     * whoever writes that scales it, and divides them.
     *
     * @param rule {@link NotFinite#FAIL} by default
     * @return this builder
     */
    public Builder notFinite(NotFinite rule) {
      draft.finiteRule.notFinite(rule);
      return this;
    }

    /**
     * The name scope of the ops of a step, made unique in the graph.
     *
     * @param name an op name without slashes; {@link SamOptimizer#NAME_DEFAULT} by default
     * @return this builder
     * @throws IllegalArgumentException if it is no op name
     */
    public Builder name(String name) {
      GraphScope.requireValid(Arguments.given(name, "name"));
      this.name = name;
      return this;
    }

    /**
     * Writes the step.
     *
     * @return what to run
     * @throws IllegalArgumentException if no update is found, or an op is in the way that cannot be
     *     run a second time in a step, or that assigns before a gradient is known to be finite in a
     *     step that is to be skipped if not; the message names it
     */
    public SamTrainOp build() {
      SamSettings settings = new SamSettings(draft);
      return new TrainOpWriter(graph, settings, GraphScope.unique(graph, name))
          .write(Reals.unchecked(trainOp.op()));
    }
  }
}
