package org.samtf;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.samtf.LossGraph.Node;
import org.samtf.Trainables.Trainable;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
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
public final class SamOptimizer extends Optimizer {

  /** The size ρ of the neighbourhood if none is given; the paper's choice for CIFAR-10. */
  public static final float RHO_DEFAULT = 0.05f;

  /** The p of the norm that measures the neighbourhood if none is given. */
  public static final double NORM_DEFAULT = 2.0;

  /** The λ of the L2 term if none is given: no such term. */
  public static final float L2_DEFAULT = 0.0f;

  /** The name scope of the ops of a step if none is given. */
  public static final String NAME_DEFAULT = "Sam";

  private final Optimizer base;
  private final Builder settings;
  private final Ascent ascent;
  private final Set<Output<?>> released = new HashSet<>();
  private SamStep lastStep;

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

  private SamOptimizer(Builder settings) {
    super(settings.graph, settings.name);
    this.base = settings.base;
    this.settings = settings;
    Ascent dual = new HolderDual(settings.norm);
    this.ascent = settings.adaptive ? new Adaptive(dual, settings.eta) : dual;
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
  public static Builder builder(Graph graph, Optimizer base) {
    return new Builder(graph, Wrapped.checked(graph, base));
  }

  /**
   * Adds the ops that compute the SAM gradients: ∇L(w+ε) + 2λw.
   *
   * <p>They can be changed, by clipping for example, before {@link #applyGradients}.
   *
   * @param loss L, of a floating-point type; if it is not a scalar, the sum of its entries is meant
   * @return a gradient for every variable that is trained; they are there once both passes are
   *     finished and all gradients are finite
   * @throws IllegalArgumentException if the loss reaches no trainable variable, cannot be
   *     differentiated, or depends on the weights through an op that cannot run a second time in a
   *     step; the message names the op and says what to do
   */
  @Override
  public <T extends TType> List<GradAndVar<?>> computeGradients(Operand<?> loss) {
    graph.checkInput(loss);
    GraphScope scope = GraphScope.unique(graph, settings.name);
    GraphScope descent = scope.withSubScope("descent");
    LossGraph forward = new LossGraph(loss.asOutput());

    // The first pass: g = ∇L(w).
    List<Trainable> trained =
        Trainables.of(
            forward, loss.asOutput(), settings.trainable, scope.path() + "/ascent/gradients");
    List<Trainable> perturbed = perturbed(trained);
    Set<Node> perturbedNodes = new HashSet<>();
    perturbed.forEach(trainable -> perturbedNodes.add(trainable.node));
    TwinPlan plan = new TwinPlan(graph, forward, perturbedNodes, settings.inPlace);

    // The perturbation: ε(w).
    Perturbation perturbation = ascend(scope.withSubScope("ascent").ops(), perturbed);
    List<Operand<TNumber>> epsilons = perturbation.epsilons(scope.withSubScope("ascent").ops());

    // The second pass, on the twin: ∇L(w+ε).
    WeightsAtPerturbation weights =
        settings.inPlace
            ? WeightsAtPerturbation.inPlace(scope, perturbed, epsilons, allOf(trained, loss))
            : WeightsAtPerturbation.beside(scope, perturbed, epsilons);
    Twin twin =
        new Twin(
            scope.withSubScope("twin"),
            forward,
            plan,
            loss.asOutput(),
            weights.readAs(),
            weights.readAfter());
    Output<?>[] samGradients = gradientsOfTwin(twin, trained, weights, descent.path());

    // The update gradient: ∇L(w+ε) + 2λw.
    List<Op> secondPass = new ArrayList<>(List.of(twin.loss()));
    secondPass.addAll(List.of(samGradients));
    List<Op> after = new ArrayList<>(List.of(loss, twin.loss()));
    after.addAll(weights.restored(secondPass));
    Barrier barrier =
        new Barrier(
            descent,
            withL2(descent.ops(), samGradients, trained, after),
            names(trained),
            "gradient at w+epsilon",
            after);
    released.addAll(barrier.gradients());

    lastStep =
        new SamStep(
            scope,
            loss,
            twin.loss(),
            perturbation,
            epsilons,
            perturbed,
            settings.norm,
            weights.restore());
    List<GradAndVar<?>> gradsAndVars = new ArrayList<>();
    for (int i = 0; i < trained.size(); i++) {
      gradsAndVars.add(Update.pair(barrier.gradients().get(i), trained.get(i).variable));
    }
    return gradsAndVars;
  }

  /**
   * Adds the wrapped optimizer's update, as it would apply the gradients, in the order that {@link
   * OrderedOptimizer} describes.
   *
   * @param gradsAndVars pairs of gradient and variable
   * @param name the name of the op that is returned
   * @return the op that runs the step
   * @throws IllegalArgumentException if there is no gradient, or the name is no op name
   */
  @Override
  public Op applyGradients(List<GradAndVar<? extends TType>> gradsAndVars, String name) {
    GraphScope scope =
        lastStep != null ? lastStep.scope() : GraphScope.unique(graph, settings.name);
    return Update.apply(scope.withSubScope("update"), base, gradsAndVars, released, name);
  }

  /**
   * The loss at w of the newest step, a scalar. Fetch it in the run of the train op.
   *
   * @return L(w)
   * @throws IllegalStateException before {@code minimize} or {@code computeGradients}
   */
  public Operand<? extends TNumber> loss() {
    return step().loss();
  }

  /**
   * The loss at w+ε of the newest step, a scalar.
   *
   * @return L(w+ε)
   * @throws IllegalStateException before {@code minimize} or {@code computeGradients}
   */
  public Operand<? extends TNumber> perturbedLoss() {
    return step().perturbedLoss();
  }

  /**
   * How much the perturbation of the newest step raises the loss, a scalar of float32, or float64
   * if the loss is.
   *
   * @return L(w+ε) − L(w)
   * @throws IllegalStateException before {@code minimize} or {@code computeGradients}
   */
  public Operand<? extends TNumber> sharpness() {
    return step().sharpness();
  }

  /**
   * The norm of the gradient at w that is dual to the neighbourhood's norm, over all perturbed
   * variables; a scalar of float32, or float64 if a perturbed variable is.
   *
   * @return ‖∇L(w)‖_q, of T·∇L(w) if adaptive
   * @throws IllegalStateException before {@code minimize} or {@code computeGradients}
   */
  public Operand<? extends TNumber> gradientNorm() {
    return step().gradientNorm();
  }

  /**
   * The norm of the perturbation of the newest step, computed from it; a scalar of float32, or
   * float64 if a perturbed variable is.
   *
   * @return ‖ε‖_p: ρ, or 0 if the gradient is zero; other values if adaptive
   * @throws IllegalStateException before {@code minimize} or {@code computeGradients}
   */
  public Operand<? extends TNumber> perturbationNorm() {
    return step().perturbationNorm();
  }

  /**
   * The op that undoes half a step, for an optimizer built {@code inPlace}: run it once after a
   * step has failed. It assigns w to the variables if they hold w+ε, and does nothing if not.
   *
   * @return the op to run
   * @throws IllegalStateException before {@code minimize} or {@code computeGradients}, or if the
   *     optimizer was not built {@code inPlace}, when no step ever changes the variables by half
   */
  public Op restore() {
    if (!settings.inPlace) {
      throw new IllegalStateException(
          "only an optimizer built with inPlace(true) has something to restore");
    }
    return step().restore();
  }

  /** The newest step. */
  SamStep step() {
    if (lastStep == null) {
      throw new IllegalStateException("there is no step yet; call minimize(loss) first");
    }
    return lastStep;
  }

  /**
   * A slot of the wrapped optimizer.
   *
   * @param variable the variable
   * @param slotName the slot's name
   * @param <T> the type of both
   * @return the slot, if there is one
   */
  @Override
  public <T extends TType> Optional<Variable<T>> getSlot(Output<T> variable, String slotName) {
    return base.getSlot(variable, slotName);
  }

  /**
   * Not used: {@link #applyGradients} goes to the wrapped optimizer.
   *
   * @param <T> the type of the variable
   * @param dependencies not used
   * @param gradient not used
   * @param variable not used
   * @return nothing
   * @throws UnsupportedOperationException always
   */
  @Override
  protected <T extends TType> Op applyDense(
      Ops dependencies, Output<T> gradient, Output<T> variable) {
    throw Wrapped.appliesNothing();
  }

  @Override
  public String getOptimizerName() {
    return settings.name;
  }

  @Override
  public String toString() {
    return "SamOptimizer{base="
        + base
        + ", rho="
        + (settings.rhoOperand == null ? settings.rho : settings.rhoOperand.op().name())
        + ", norm="
        + settings.norm
        + (settings.adaptive ? ", eta=" + settings.eta : "")
        + ", l2="
        + settings.l2
        + ", inPlace="
        + settings.inPlace
        + '}';
  }

  private List<Trainable> perturbed(List<Trainable> trained) {
    List<Trainable> perturbed = new ArrayList<>();
    for (Trainable trainable : trained) {
      if (!settings.exclude.test(trainable.node.name)) {
        perturbed.add(trainable);
      }
    }
    if (perturbed.isEmpty()) {
      throw new IllegalArgumentException(
          "exclude takes all of the variables "
              + names(trained)
              + ", so that none is perturbed; exclude fewer, or train without SAM");
    }
    return perturbed;
  }

  private Perturbation ascend(Ops tf, List<Trainable> perturbed) {
    Reals reals = new Reals(tf);
    List<Operand<TNumber>> gradients = new ArrayList<>();
    List<Operand<?>> weights = new ArrayList<>();
    for (Trainable trainable : perturbed) {
      gradients.add(reals.cast(trainable.gradient, Reals.computeType(trainable.variable)));
      weights.add(trainable.variable);
    }
    Operand<TNumber> rho = rho(tf, reals, Reals.commonType(gradients));
    return ascent.perturb(tf, gradients, weights, names(perturbed), rho);
  }

  private Operand<TNumber> rho(Ops tf, Reals reals, Class<TNumber> type) {
    if (settings.rhoOperand == null) {
      return reals.constant(settings.rho, type);
    }
    Operand<TNumber> rho = reals.cast(settings.rhoOperand, type);
    // The square root of a negative number is a NaN.
    Op allowed =
        tf.debugging.checkNumerics(
            tf.math.sqrt(rho), "Sam: rho is negative or not finite; it must be at least 0");
    return tf.withName("rho").withControlDependencies(List.of(allowed)).identity(rho);
  }

  private static List<Op> allOf(List<Trainable> trained, Op loss) {
    List<Op> ops = new ArrayList<>();
    trained.forEach(trainable -> ops.add(trainable.gradient));
    ops.add(loss);
    return ops;
  }

  private Output<?>[] gradientsOfTwin(
      Twin twin, List<Trainable> trained, WeightsAtPerturbation weights, String path) {
    Output<?>[] xs = new Output<?>[trained.size()];
    for (int i = 0; i < xs.length; i++) {
      Trainable trainable = trained.get(i);
      xs[i] = weights.readAs().getOrDefault(trainable.node, trainable.variable);
    }
    return Trainables.gradients(graph, twin.loss(), xs, path + "/gradients");
  }

  private List<Output<?>> withL2(
      Ops tf, Output<?>[] gradients, List<Trainable> trained, List<Op> after) {
    if (settings.l2 == 0) {
      return List.of(gradients);
    }
    // In place, the variables hold w again only once they are restored.
    Ops read = settings.inPlace ? tf.withControlDependencies(after) : tf;
    List<Output<?>> sums = new ArrayList<>();
    Map<Class<?>, Operand<TNumber>> factors = new LinkedHashMap<>();
    for (int i = 0; i < gradients.length; i++) {
      Operand<TNumber> weight = Reals.unchecked(trained.get(i).variable);
      Operand<TNumber> factor =
          factors.computeIfAbsent(
              weight.type(),
              type -> tf.dtypes.cast(tf.constant(2 * settings.l2), Reals.unchecked(type)));
      sums.add(
          tf.withName("gradient")
              .math
              .add(Reals.<Operand<TNumber>>unchecked(gradients[i]), read.math.mul(factor, weight))
              .asOutput());
    }
    return sums;
  }

  private static List<String> names(List<Trainable> trainables) {
    List<String> names = new ArrayList<>();
    trainables.forEach(trainable -> names.add(trainable.node.name));
    return names;
  }

  /** The settings of a {@link SamOptimizer}. */
  public static final class Builder {
    private final Graph graph;
    private final Optimizer base;
    private float rho = RHO_DEFAULT;
    private Operand<? extends TNumber> rhoOperand;
    private double norm = NORM_DEFAULT;
    private boolean adaptive;
    private float eta;
    private float l2 = L2_DEFAULT;
    private Collection<? extends Operand<?>> trainable;
    private Predicate<String> exclude = name -> false;
    private boolean inPlace;
    private String name = NAME_DEFAULT;

    private Builder(Graph graph, Optimizer base) {
      this.graph = graph;
      this.base = base;
    }

    /**
     * The size ρ of the neighbourhood: ‖ε‖_p = ρ.
     *
     * @param rho finite and not negative; {@link SamOptimizer#RHO_DEFAULT} by default. 0 trains as
     *     the wrapped optimizer alone does
     * @return this builder
     * @throws IllegalArgumentException if {@code rho} is negative, infinite or NaN
     */
    public Builder rho(float rho) {
      if (!(rho >= 0) || Float.isInfinite(rho)) {
        throw new IllegalArgumentException("rho is " + rho + "; it must be finite and at least 0");
      }
      this.rho = rho;
      this.rhoOperand = null;
      return this;
    }

    /**
     * The size ρ of the neighbourhood as a value of the graph: a placeholder, a variable, a
     * schedule. A step in which it is negative or not finite fails and changes nothing.
     *
     * @param rho a scalar of a floating-point type
     * @return this builder
     * @throws IllegalArgumentException if {@code rho} is of another graph or type, or known not to
     *     be a scalar
     */
    public Builder rho(Operand<? extends TNumber> rho) {
      graph.checkInput(rho);
      int rank = rho.shape().numDimensions();
      if (!Reals.isFloating(rho) || rank > 0) {
        throw new IllegalArgumentException(
            "rho is \""
                + rho.op().name()
                + "\", "
                + rho.type().getSimpleName()
                + " of shape "
                + rho.shape()
                + "; it must be a scalar of a floating-point type");
      }
      this.rhoOperand = rho;
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
      if (!(p >= 1)) {
        throw new IllegalArgumentException(
            "norm is " + p + "; p must be at least 1, and may be Double.POSITIVE_INFINITY");
      }
      this.norm = p;
      return this;
    }

    /**
     * Lets the neighbourhood scale with the weights: ‖ε/T‖_p = ρ with T = |w| + η (Kwon et al.
     * 2021, "ASAM"). Larger values of ρ are in place, the paper has 0.5 to 2. Off by default.
     *
     * @param eta η, finite and not negative; the paper has 0.01
     * @return this builder
     * @throws IllegalArgumentException if {@code eta} is negative, infinite or NaN
     */
    public Builder adaptive(float eta) {
      if (!(eta >= 0) || Float.isInfinite(eta)) {
        throw new IllegalArgumentException("eta is " + eta + "; it must be finite and at least 0");
      }
      this.adaptive = true;
      this.eta = eta;
      return this;
    }

    /**
     * The λ of the L2 term: the training objective is L(w+ε) + λ‖w‖₂², over all trained variables,
     * so that 2λw is added to each gradient. The term is not perturbed; for one that is, add it to
     * the loss.
     *
     * @param lambda finite and not negative; {@link SamOptimizer#L2_DEFAULT} by default
     * @return this builder
     * @throws IllegalArgumentException if {@code lambda} is negative, infinite or NaN
     */
    public Builder l2(float lambda) {
      if (!(lambda >= 0) || Float.isInfinite(lambda)) {
        throw new IllegalArgumentException(
            "l2 is " + lambda + "; it must be finite and at least 0");
      }
      this.l2 = lambda;
      return this;
    }

    /**
     * The variables to train, of those that the loss reaches; all others stay as they are. All that
     * it reaches by default.
     *
     * @param variables what {@code tf.variable} returned, or the outputs of such ops
     * @return this builder
     * @throws IllegalArgumentException if one is of another graph. One that the loss does not reach
     *     is found by {@code minimize}
     */
    public Builder trainable(Collection<? extends Operand<?>> variables) {
      variables.forEach(variable -> graph.checkInput(variable));
      this.trainable = List.copyOf(variables);
      return this;
    }

    /**
     * Which variables are updated but not perturbed, such as biases or those of batch
     * normalization. None by default. They do not count in the norm.
     *
     * @param byName given the name of a variable's op, says whether to exclude it
     * @return this builder
     */
    public Builder exclude(Predicate<String> byName) {
      this.exclude = byName;
      return this;
    }

    /**
     * Whether the second pass reads the variables themselves, which are assigned w+ε for it and w
     * afterwards.
     *
     * <p>That is for graphs with an op that takes a variable and not its value. What else reads the
     * variables while a step runs may then see w+ε, and after a step whose second pass failed they
     * hold w+ε until {@link SamOptimizer#restore()} has been run.
     *
     * @param inPlace false by default
     * @return this builder
     */
    public Builder inPlace(boolean inPlace) {
      this.inPlace = inPlace;
      return this;
    }

    /**
     * The name scope of the ops of a step, made unique in the graph. The train op of {@code
     * minimize(loss)} is called {@code NAME-minimize}.
     *
     * @param name an op name without slashes; {@link SamOptimizer#NAME_DEFAULT} by default
     * @return this builder
     * @throws IllegalArgumentException if it is no op name
     */
    public Builder name(String name) {
      GraphScope.requireValid(name);
      this.name = name;
      return this;
    }

    /**
     * Makes the optimizer.
     *
     * @return a SamOptimizer with these settings
     */
    public SamOptimizer build() {
      Builder settings = new Builder(graph, base);
      settings.rho = rho;
      settings.rhoOperand = rhoOperand;
      settings.norm = norm;
      settings.adaptive = adaptive;
      settings.eta = eta;
      settings.l2 = l2;
      settings.trainable = trainable;
      settings.exclude = exclude;
      settings.inPlace = inPlace;
      settings.name = name;
      return new SamOptimizer(settings);
    }
  }
}
