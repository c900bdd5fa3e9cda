package org.samtf;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.samtf.internal.graph.Arguments;
import org.samtf.internal.graph.GradientsOfItsOwn;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.op.Op;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TBool;
import org.tensorflow.types.family.TNumber;
import org.tensorflow.types.family.TType;

/**
 * Sharpness-Aware Minimization around any TF-Java optimizer.
 *
 * <p>A step looks for the perturbation ε(w) that raises the loss L the most within a neighbourhood
 * of the weights w, and lets the wrapped optimizer update w with the gradient from there:
 *
 * <pre>
 * ε(w) = argmax {L(w+ε) : ‖ε‖_p ≤ ρ}, to first order:
 *      = ρ · sign(g) · |g|^(q−1) / (‖g‖_q^q)^(1/p),   g = ∇L(w),  1/p + 1/q = 1
 * w ← base(w, ∇L(w+ε) + 2λw)
 * </pre>
 *
 * <p>(Foret et al. 2021, "Sharpness-Aware Minimization for Efficiently Improving Generalization",
 * equations 2 and 3.) Training so finds flat minima, which generalize better and resist wrong
 * labels; it costs a second forward and backward pass a step.
 *
 * <p>In a pipeline that has {@code base.minimize(loss)}, write
 *
 * <pre>{@code
 * Op train = new SamOptimizer(graph, base, 0.05f).minimize(loss);
 * }</pre>
 *
 * and run {@code train} as before. All of a step is in the graph and happens in one {@code
 * session.run}: nothing is fetched and fed back. The variables are never assigned w+ε, so whatever
 * reads them meanwhile sees w, and a step that fails changes nothing. Random ops are drawn once a
 * step and used in both passes; ops with a side effect, such as the moving averages of batch
 * normalization, run once, on the unperturbed pass.
 *
 * <p>The graph must be complete up to the loss when {@code minimize} is called. The optimizer is
 * not safe for use by several threads; running the graph is.
 */
public final class SamOptimizer extends WrappingOptimizer implements GradientsOfItsOwn {

  /** The size ρ of the neighbourhood if none is given; the paper's choice for CIFAR-10. */
  public static final float RHO_DEFAULT = 0.05f;

  /** The p of the norm that measures the neighbourhood if none is given. */
  public static final double NORM_DEFAULT = 2.0;

  /** The λ of the L2 term if none is given: no such term. */
  public static final float L2_DEFAULT = 0.0f;

  /** The name scope of the ops of a step if none is given. */
  public static final String NAME_DEFAULT = "Sam";

  /** The η of an adaptive neighbourhood if none is given; the choice of ASAM's authors. */
  public static final float ETA_DEFAULT = 0.01f;

  /** For {@link SamOptimizerBuilder#sharePerturbation}: all replicas share one perturbation. */
  public static final int ALL_REPLICAS = Integer.MAX_VALUE;

  private final SamSettings settings;
  private final String name;
  private Optional<SamStep> newest = Optional.empty();

  /**
   * SAM with ρ = {@link #RHO_DEFAULT} in the 2-norm.
   *
   * @param graph the graph to optimize
   * @param base the optimizer to wrap, made for the same graph
   * @throws IllegalArgumentException if {@code base} was made for another graph
   */
  public SamOptimizer(Graph graph, Optimizer base) {
    this(builder(graph, base));
  }

  /**
   * SAM in the 2-norm.
   *
   * @param graph the graph to optimize
   * @param base the optimizer to wrap, made for the same graph
   * @param rho the size of the neighbourhood, finite and not negative; 0 trains as {@code base}
   *     does
   * @throws IllegalArgumentException if {@code rho} is out of range, or {@code base} was made for
   *     another graph
   */
  public SamOptimizer(Graph graph, Optimizer base, float rho) {
    this(builder(graph, base).rho(rho));
  }

  SamOptimizer(SamOptimizerBuilder builder) {
    this(builder, new SamSettings(builder.draft));
  }

  private SamOptimizer(SamOptimizerBuilder builder, SamSettings settings) {
    super(builder.graph, builder.base, builder.name, settings.finiteRule);
    this.settings = settings;
    this.name = builder.name;
  }

  /**
   * Starts the settings of a SamOptimizer; each has a default.
   *
   * @param graph the graph to optimize
   * @param base the optimizer to wrap, made for the same graph
   * @return a builder
   * @throws IllegalArgumentException if {@code base} was made for another graph, or is a
   *     SamOptimizer
   */
  public static SamOptimizerBuilder builder(Graph graph, Optimizer base) {
    return new SamOptimizerBuilder(graph, wrappable(graph, base));
  }

  /**
   * Adds the ops that compute the SAM gradients: ∇L(w+ε) + 2λw.
   *
   * <p>They can be changed, by clipping for example, before {@link #applyGradients}.
   *
   * @param loss L, of a floating-point type; if it is not a scalar, the sum of its entries is
   *     meant. With {@link SamOptimizerBuilder#microBatches} it must be a scalar
   * @return a gradient for every variable that is trained; they are there once both passes are
   *     finished and all gradients are finite
   * @throws IllegalArgumentException if the loss reaches no trainable variable, cannot be
   *     differentiated, or depends on the weights through an op that cannot run a second time in a
   *     step; the message names the op and says what to do
   */
  @Override
  public <T extends TType> List<GradAndVar<?>> computeGradients(Operand<?> loss) {
    return computeGradients(List.of(Arguments.given(loss, "loss")));
  }

  /**
   * Adds the ops that compute the SAM gradients of the mean of several losses, one a replica: each
   * has its own perturbation, unless they are to share it, and its ops are on the device of its
   * loss.
   *
   * @param losses one or more losses, as for {@link #computeGradients(Operand)}
   * @param <T> not used
   * @return as {@link #computeGradients(Operand)} does
   * @throws IllegalArgumentException as {@link #computeGradients(Operand)} does
   */
  public <T extends TType> List<GradAndVar<?>> computeGradients(List<? extends Operand<?>> losses) {
    Arguments.notEmpty(losses, "losses", "give at least one");
    List<Output<?>> outputs = new ArrayList<>();
    losses.forEach(loss -> outputs.add(Arguments.ofGraph(graph, loss, "loss").asOutput()));
    GraphScope scope = newStep();
    SamStep step =
        StepWriter.write(graph, settings, scope, outputs, new SlotMomenta(this), scaleOfLoss());
    newest = Optional.of(step);
    return release(step.update);
  }

  @Override
  List<Op> besidesUpdate(GraphScope at, List<Op> after) {
    return newest.map(step -> step.state.assign(at, step.gate, after)).orElse(List.of());
  }

  /**
   * A slot: of the wrapped optimizer, or of this one, which keeps some if a direction does.
   *
   * @param variable the variable
   * @param slotName the slot's name
   * @param <T> the type of both
   * @return the slot, if there is one
   */
  @Override
  public <T extends TType> Optional<Variable<T>> getSlot(Output<T> variable, String slotName) {
    return newest
        .flatMap(step -> step.state.slotOf(variable, slotName))
        .or(() -> super.getSlot(variable, slotName));
  }

  /**
   * Minimizes the mean of several losses, one a replica; see {@link #computeGradients(List)}.
   *
   * @param losses one or more losses
   * @return the op that runs the step
   * @throws IllegalArgumentException as {@link #computeGradients(Operand)} does
   */
  public Op minimize(List<? extends Operand<?>> losses) {
    return minimize(losses, getOptimizerName() + "-minimize");
  }

  /**
   * Minimizes the mean of several losses, one a replica; see {@link #computeGradients(List)}.
   *
   * @param losses one or more losses
   * @param name the name of the op that is returned
   * @return the op that runs the step
   * @throws IllegalArgumentException as {@link #computeGradients(Operand)} does
   */
  public Op minimize(List<? extends Operand<?>> losses, String name) {
    GraphScope.requireValid(Arguments.given(name, "name"));
    return applyGradients(computeGradients(losses), name);
  }

  /**
   * The loss at w of the newest step, a scalar. Fetch it in the run of the train op.
   *
   * @return L(w)
   * @throws IllegalStateException before {@code minimize} or {@code computeGradients}; or if the
   *     ascent direction needs no pass at w, and {@link SamOptimizerBuilder#lossAtWeights} is off
   */
  public Operand<? extends TNumber> loss() {
    return atWeights(step().measures.loss);
  }

  /**
   * The loss at w+ε of the newest step, a scalar.
   *
   * @return L(w+ε); NaN in a step without a second pass
   * @throws IllegalStateException before {@code minimize} or {@code computeGradients}
   */
  public Operand<? extends TNumber> perturbedLoss() {
    return step().measures.perturbedLoss;
  }

  /**
   * How much the perturbation of the newest step raises the loss, a scalar of float32, or float64
   * if the loss is.
   *
   * @return L(w+ε) − L(w); NaN in a step without a second pass
   * @throws IllegalStateException as {@link #loss()} does
   */
  public Operand<? extends TNumber> sharpness() {
    return atWeights(step().measures.sharpness);
  }

  private static Operand<TNumber> atWeights(Optional<Operand<TNumber>> value) {
    return value.orElseThrow(
        () ->
            new IllegalStateException(
                "this ascent direction needs no pass at w, so a step has no loss there; fetch"
                    + " perturbedLoss(), or build with lossAtWeights(true)"));
  }

  /**
   * Whether the newest step has a second pass, a scalar: false in the steps that a condition such
   * as {@link SamOptimizerBuilder#every} leaves it out of.
   *
   * @return whether w+ε is looked at
   * @throws IllegalStateException before {@code minimize} or {@code computeGradients}
   */
  public Operand<TBool> active() {
    return step().active;
  }

  /**
   * The norm of the gradient at w that is dual to the neighbourhood's norm, over all perturbed
   * variables; a scalar of float32, or float64 if a perturbed variable is.
   *
   * @return ‖∇L(w)‖_q, of T·∇L(w) if adaptive; of another {@link SamOptimizerBuilder#ascent}
   *     direction its norm; NaN in a step without a second pass
   * @throws IllegalStateException before {@code minimize} or {@code computeGradients}
   */
  public Operand<? extends TNumber> gradientNorm() {
    return step().measures.gradientNorm;
  }

  /**
   * The norm of the perturbation of the newest step, computed from it; a scalar of float32, or
   * float64 if a perturbed variable is.
   *
   * @return ‖ε‖_p: ρ, or 0 if the gradient is zero; other values if adaptive; NaN in a step without
   *     a second pass
   * @throws IllegalStateException before {@code minimize} or {@code computeGradients}
   */
  public Operand<? extends TNumber> perturbationNorm() {
    return step().measures.perturbationNorm;
  }

  /**
   * A tensor that the loss is computed from, as each replica of the newest step has it at w: with
   * micro-batches the copy of each part, with ascent examples the copy that reads these. To read
   * the tensor itself would compute the whole batch once more. Of a step without a pass at w, which
   * some {@link SamOptimizerBuilder#ascent} directions have, it is that at w+ε.
   *
   * <p>It is what to compute moving averages of batch normalization from, for example: fetch it, or
   * assign what is made of it, in the run of the train op and before the update, which is to say
   * that it must not read the weights itself.
   *
   * @param tensor a tensor of this graph
   * @param <T> its type
   * @return one tensor a replica, in their order; {@code tensor} itself where there is no copy of
   *     it, as with losses of the user's own
   * @throws IllegalStateException before {@code minimize} or {@code computeGradients}
   * @throws IllegalArgumentException if {@code tensor} is of another graph
   */
  public <T extends TType> List<Operand<T>> replicas(Operand<T> tensor) {
    Output<T> output = Arguments.ofGraph(graph, tensor, "tensor").asOutput();
    List<Operand<T>> tensors = new ArrayList<>();
    for (UnaryOperator<Output<?>> replica : step().replicas) {
      tensors.add(Reals.unchecked(replica.apply(output)));
    }
    return tensors;
  }

  /**
   * The op that undoes half a step, for an optimizer built {@code inPlace}: run it once after a
   * step has failed. It assigns w to the variables if they hold w+ε, and does nothing if not.
   *
   * @return the op to run
   * @throws IllegalStateException before {@code minimize} or {@code computeGradients}, or if the
   *     optimizer was not built {@code inPlace}, when no step ever changes the variables by half
   */
  public Op undoPerturbation() {
    if (!settings.inPlace) {
      throw new IllegalStateException(
          "only an optimizer built with inPlace(true) has a perturbation to undo");
    }
    return step().undo.orElseThrow();
  }

  /** The newest step. */
  SamStep step() {
    return newest.orElseThrow(
        () -> new IllegalStateException("there is no step yet; call minimize(loss) first"));
  }

  @Override
  public String getOptimizerName() {
    return name;
  }

  @Override
  public String toString() {
    return "SamOptimizer{base=" + base + ", " + settings + "}";
  }
}
