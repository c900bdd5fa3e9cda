package org.samtf;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.samtf.direction.AscentDirection;
import org.samtf.direction.DescentDirection;
import org.samtf.internal.graph.Arguments;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Reals;
import org.samtf.train.Schedule;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TNumber;
import org.tensorflow.types.family.TType;

/** The settings of a {@link SamOptimizer}. */
public final class SamOptimizerBuilder {
  /** The decay of the running mean and variance of the gradient: δ of AE-SAM's authors. */
  private static final double GRADIENT_DECAY = 0.9;

  private static final Pattern DEVICE =
      Pattern.compile("(/job:[\\w.-]+)?(/replica:\\d+)?(/task:\\d+)?/(device:)?[A-Za-z_]+:\\d+");

  final Graph graph;
  final Optimizer base;
  final SamSettings.Draft draft = new SamSettings.Draft();
  String name = SamOptimizer.NAME_DEFAULT;

  /** The condition that was given. */
  private String conditionSetting = "";

  SamOptimizerBuilder(Graph graph, Optimizer base) {
    this.graph = graph;
    this.base = base;
    rho(SamOptimizer.RHO_DEFAULT).norm(SamOptimizer.NORM_DEFAULT).l2(SamOptimizer.L2_DEFAULT);
  }

  /**
   * The size ρ of the neighbourhood: ‖ε‖_p = ρ.
   *
   * @param rho finite and not negative; {@link SamOptimizer#RHO_DEFAULT} by default. 0 trains as
   *     the wrapped optimizer alone does
   * @return this builder
   * @throws IllegalArgumentException if {@code rho} is negative, infinite or NaN
   */
  public SamOptimizerBuilder rho(float rho) {
    draft.rho = Rho.of(rho);
    return this;
  }

  /**
   * The size ρ of the neighbourhood as a value of the graph: a placeholder, a variable, a schedule.
   * A step in which it is negative or not finite fails and changes nothing.
   *
   * @param rho a scalar of a floating-point type
   * @return this builder
   * @throws IllegalArgumentException if {@code rho} is of another graph or type, or known not to be
   *     a scalar
   */
  public SamOptimizerBuilder rho(Operand<? extends TNumber> rho) {
    draft.rho = Rho.of(Arguments.ofGraph(graph, rho, "rho"));
    return this;
  }

  /**
   * The size ρ of the neighbourhood as a schedule. Its steps are counted in a variable that is
   * saved with the others. A step in which it is negative or not finite fails and changes nothing.
   *
   * @param rho the schedule
   * @return this builder
   */
  public SamOptimizerBuilder rho(Schedule rho) {
    draft.rho = Rho.of(Arguments.given(rho, "rho"));
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
  public SamOptimizerBuilder norm(double p) {
    draft.norm = SamSettings.norm(p);
    return this;
  }

  /**
   * Lets the neighbourhood scale with the weights: ‖ε/T‖_p = ρ with T = |w| + η (Kwon et al. 2021,
   * "ASAM"), with η = {@link SamOptimizer#ETA_DEFAULT}. Larger values of ρ are in place, the paper
   * has 0.5 to 2. Off by default.
   *
   * @return this builder
   */
  public SamOptimizerBuilder adaptive() {
    return adaptive(SamOptimizer.ETA_DEFAULT);
  }

  /**
   * As {@link #adaptive()}, with another η.
   *
   * @param eta η, finite and not negative
   * @return this builder
   * @throws IllegalArgumentException if {@code eta} is negative, infinite or NaN
   */
  public SamOptimizerBuilder adaptive(float eta) {
    draft.eta = Optional.of(Arguments.notNegative(eta, "eta"));
    return this;
  }

  /**
   * Variables that an {@link #adaptive} neighbourhood does not scale with: T = 1 for them. None by
   * default; in the code of ASAM's authors it is the biases.
   *
   * @param patterns of the names of variables, as for {@link #freeze(String...)}
   * @return this builder
   * @throws IllegalArgumentException if there is none, or one is no regular expression
   */
  public SamOptimizerBuilder doNotScale(String... patterns) {
    draft.notScaled = VariableChoice.matching("doNotScale", patterns);
    return this;
  }

  /**
   * The λ of the L2 term: the training objective is L(w+ε) + λ‖w‖₂², over all trained variables, so
   * that 2λw is added to each gradient. The term is not perturbed; for one that is, add it to the
   * loss.
   *
   * @param lambda finite and not negative; {@link SamOptimizer#L2_DEFAULT} by default
   * @return this builder
   * @throws IllegalArgumentException if {@code lambda} is negative, infinite or NaN
   */
  public SamOptimizerBuilder l2(float lambda) {
    draft.l2 = Arguments.notNegative(lambda, "l2");
    return this;
  }

  /**
   * The variables to train, of those that the loss reaches; all others stay as they are. All that
   * it reaches by default.
   *
   * @param variables what {@code tf.variable} returned, or the outputs of such ops
   * @return this builder
   * @throws IllegalArgumentException if there is none, or one is of another graph. One that the
   *     loss does not reach is found by {@code minimize}
   */
  public SamOptimizerBuilder trainable(Collection<? extends Operand<?>> variables) {
    Arguments.notEmpty(
        variables,
        "trainable",
        "name at least one variable, or none for all that the loss reaches");
    variables.forEach(variable -> Arguments.ofGraph(graph, variable, "trainable variable"));
    draft.trainable = Optional.of(List.copyOf(variables));
    return this;
  }

  /**
   * The variables to leave as they are, of those that would be trained otherwise: they are neither
   * updated nor perturbed. None by default.
   *
   * @param patterns of the names of variables: globs such as {@code conv*}, in which {@code *}
   *     stands for any characters and {@code ?} for one, or regular expressions such as {@code
   *     regex:conv[12]/.*}. {@code minimize} finds out if one matches no variable, or if nothing is
   *     left to train
   * @return this builder
   * @throws IllegalArgumentException if there is none, or one is no regular expression
   */
  public SamOptimizerBuilder freeze(String... patterns) {
    draft.frozen = VariableChoice.matching("freeze", patterns);
    return this;
  }

  /**
   * As {@link #freeze(String...)}, with a predicate.
   *
   * @param byName given the name of a variable's op, says whether to leave it as it is
   * @return this builder
   */
  public SamOptimizerBuilder freeze(Predicate<String> byName) {
    draft.frozen = VariableChoice.where("freeze", byName);
    return this;
  }

  /**
   * Which variables are updated but not perturbed, such as biases or those of batch normalization.
   * None by default. They do not count in the norm.
   *
   * @param patterns of the names of variables, as for {@link #freeze(String...)}
   * @return this builder
   * @throws IllegalArgumentException if there is none, or one is no regular expression
   */
  public SamOptimizerBuilder doNotPerturb(String... patterns) {
    draft.notPerturbed = VariableChoice.matching("doNotPerturb", patterns);
    return this;
  }

  /**
   * As {@link #doNotPerturb(String...)}, with a predicate.
   *
   * @param byName given the name of a variable's op, says whether to leave it unperturbed
   * @return this builder
   */
  public SamOptimizerBuilder doNotPerturb(Predicate<String> byName) {
    draft.notPerturbed = VariableChoice.where("doNotPerturb", byName);
    return this;
  }

  /**
   * Whether the second pass reads the variables themselves, which are assigned w+ε for it and w
   * afterwards.
   *
   * <p>That is for graphs with an op that takes a variable and not its value. What else reads the
   * variables while a step runs may then see w+ε, and after a step whose second pass failed they
   * hold w+ε until {@link SamOptimizer#undoPerturbation()} has been run. Two steps at once, from
   * two threads, ruin the weights for good.
   *
   * @param inPlace false by default
   * @return this builder
   */
  public SamOptimizerBuilder inPlace(boolean inPlace) {
    draft.inPlace = inPlace;
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
  public SamOptimizerBuilder name(String name) {
    GraphScope.requireValid(Arguments.given(name, "name"));
    this.name = name;
    return this;
  }

  /**
   * m-sharpness: cuts the batch into k parts of the same size; each has its own gradient, its own
   * perturbation and its own SAM gradient, and their mean is applied (Foret et al. 2021, section 3,
   * with m = batch size / k). The loss and the graph stay as they are: the parts are copies of the
   * forward ops that read slices.
   *
   * <p>The loss must be a mean over the batch; of a sum, the mean over the parts is the k-th part
   * of what it was, so multiply the learning rate by k or divide the loss by the batch size. Each
   * part draws its own dropout masks and has its own batch statistics. An op with a side effect
   * that the loss comes after, such as the assignment of a moving average, runs once, on the first
   * part; one that is run beside the loss reads the whole batch, which is then computed as well.
   *
   * <p>A step with a batch that k does not divide fails, with a message that has both numbers, and
   * changes nothing.
   *
   * <p>An input that has a row an example and was forgotten, such as the labels, is named where it
   * meets the batch row by row: by {@code minimize} if the shapes are known, else by the step,
   * which fails and changes nothing.
   *
   * @param k the number of parts, at least 1; 1 by default, which cuts nothing
   * @param batchInputs the tensors whose first axis is the batch, all of one size: placeholders,
   *     iterator outputs, whatever the model starts from
   * @return this builder
   * @throws IllegalArgumentException if {@code k} is less than 1, or no input is given
   */
  public SamOptimizerBuilder microBatches(int k, Operand<?>... batchInputs) {
    Arguments.atLeast(k, 1, "microBatches");
    List<Operand<?>> inputs = k > 1 ? inputs("microBatches", batchInputs) : List.of(batchInputs);
    draft.microBatches = Optional.of(new BatchCut.MicroBatches(k, inputs));
    return this;
  }

  /**
   * Whether one micro-batch comes after the other, so that the activations of only one are in
   * memory; of several {@link #devices}, in the memory of each. Otherwise TensorFlow may run them
   * at the same time. Without {@link #microBatches} {@code build} refuses this setting.
   *
   * @param sequential false by default
   * @return this builder
   */
  public SamOptimizerBuilder sequential(boolean sequential) {
    draft.sequential = sequential;
    return this;
  }

  /**
   * What each micro-batch reads in place of its slices of the batch inputs: such as images and
   * labels that the machine it is computed on has read itself, so that no example crosses the
   * network. The batch inputs themselves are then not read by the step.
   *
   * <p>Each part counts the same, whatever its number of examples. Put the ops that make a part's
   * inputs on the part's {@linkplain #devices device}. Without micro-batches {@code build} refuses
   * this setting.
   *
   * @param inputs for each part, one tensor for each of the batch inputs of {@link #microBatches},
   *     in their order, of the same type, with the examples on the first axis
   * @return this builder
   * @throws IllegalArgumentException from {@code build} if there are not as many, or one is of
   *     another type
   */
  public SamOptimizerBuilder partInputs(List<? extends List<? extends Operand<?>>> inputs) {
    List<List<Operand<?>>> all = new ArrayList<>();
    for (List<? extends Operand<?>> part : Arguments.given(inputs, "partInputs")) {
      all.add(inputs("partInputs", part.toArray(new Operand<?>[0])));
    }
    draft.partInputs = Optional.of(List.copyOf(all));
    return this;
  }

  /**
   * The devices that micro-batches are spread over, in turn: forward and backward ops, perturbation
   * and perturbed weights of a part are on its device. Without micro-batches {@code build} refuses
   * this setting.
   *
   * @param devices names such as {@code /device:GPU:1} or {@code /job:worker/task:1/device:GPU:0};
   *     if this setting is not given, TensorFlow chooses
   * @return this builder
   * @throws IllegalArgumentException if there is none, or one is no device name
   */
  public SamOptimizerBuilder devices(List<String> devices) {
    Arguments.notEmpty(devices, "devices", "name at least one, or leave devices out");
    for (String device : devices) {
      if (!DEVICE.matcher(device).matches()) {
        throw new IllegalArgumentException(
            "device is \""
                + device
                + "\"; write it as /device:GPU:0 or /job:worker/replica:0/task:0/device:CPU:1");
      }
    }
    draft.devices = List.copyOf(devices);
    return this;
  }

  /**
   * Computes the perturbation from some examples of the batch only, and the gradient at w+ε from
   * all of them, which costs less. {@link SamOptimizer#loss()} and {@link SamOptimizer#sharpness()}
   * are then those of these examples.
   *
   * @param m how many, at least 1; a step with a smaller batch fails
   * @param batchInputs the tensors whose first axis is the batch
   * @return this builder
   * @throws IllegalArgumentException if {@code m} is less than 1, or no input is given
   */
  public SamOptimizerBuilder ascentExamples(int m, Operand<?>... batchInputs) {
    Arguments.atLeast(m, 1, "ascentExamples");
    return ascentExamples("ascentExamples", ExampleSubset.first(m), batchInputs);
  }

  /**
   * As {@link #ascentExamples}, with a fraction of the batch.
   *
   * @param fraction more than 0 and at most 1; rounded to whole examples, at least one
   * @param batchInputs the tensors whose first axis is the batch
   * @return this builder
   * @throws IllegalArgumentException if {@code fraction} is out of range, or no input is given
   */
  public SamOptimizerBuilder ascentFraction(double fraction, Operand<?>... batchInputs) {
    if (!(fraction > 0 && fraction <= 1)) {
      throw new IllegalArgumentException(
          "ascentFraction is " + fraction + "; it must be more than 0 and at most 1");
    }
    return ascentExamples("ascentFraction", ExampleSubset.first(fraction), batchInputs);
  }

  private SamOptimizerBuilder ascentExamples(
      String setting, ExampleSubset examples, Operand<?>... batchInputs) {
    draft.ascentExamples =
        Optional.of(new BatchCut.AscentSubset(inputs(setting, batchInputs), examples));
    return this;
  }

  /**
   * Whether the examples of {@link #ascentExamples} are drawn in each step; otherwise they are the
   * first of the batch.
   *
   * @param random false by default
   * @return this builder
   */
  public SamOptimizerBuilder randomAscentExamples(boolean random) {
    draft.drawsAscentExamples = random;
    draft.ascentSeed = Optional.empty();
    return this;
  }

  /**
   * Draws the examples of {@link #ascentExamples} in each step, from a seed of the graph: the same
   * seed gives the same examples. With {@link #randomAscentExamples(boolean)} the state of the
   * generator is hidden in TensorFlow and cannot be saved; a run that is to be repeated, or resumed
   * from a checkpoint, needs this.
   *
   * @param seed two integers, as TensorFlow's stateless random ops take them; another value in each
   *     step, such as a constant and a counter of steps
   * @return this builder
   * @throws IllegalArgumentException if {@code seed} is of another graph, or is not a vector of two
   *     int32 or int64
   */
  public SamOptimizerBuilder randomAscentExamples(Operand<? extends TNumber> seed) {
    Arguments.ofGraph(graph, seed, "seed");
    Class<? extends TType> type = seed.asOutput().type();
    boolean integers = type == TInt32.class || type == TInt64.class;
    if (!integers || !seed.shape().isCompatibleWith(Shape.of(2))) {
      throw new IllegalArgumentException(
          "the seed of the ascent examples is \""
              + seed.op().name()
              + "\", "
              + type.getSimpleName()
              + " of shape "
              + seed.shape()
              + "; it must be a vector of two TInt32 or TInt64");
    }
    draft.drawsAscentExamples = true;
    draft.ascentSeed = Optional.of(seed);
    return this;
  }

  /**
   * Lets replicas, be they micro-batches or losses, have a perturbation in common, which is of the
   * mean of their gradients: the first {@code replicas} of them, the next as many, and so on; the
   * last group may be smaller.
   *
   * @param replicas at least 1; 1 by default, each has its own. {@link SamOptimizer#ALL_REPLICAS}
   *     for one perturbation for all
   * @return this builder
   * @throws IllegalArgumentException if {@code replicas} is less than 1
   */
  public SamOptimizerBuilder sharePerturbation(int replicas) {
    draft.replicasPerPerturbation = Arguments.atLeast(replicas, 1, "sharePerturbation");
    return this;
  }

  /**
   * Leaves the second pass out of the first steps: SAM late in training (Zhou et al. 2024,
   * "Sharpness-Aware Minimization Efficiently Selects Flatter Minima Late in Training", arXiv
   * 2410.10373). A step without it costs what the wrapped optimizer's does, and is its step.
   *
   * <p>Steps are counted in a variable, which is saved with the others. With {@link #every}, {@link
   * #atRandom}, {@link #when} or {@link #whenGradientIsLarge} both conditions have to hold.
   *
   * @param step the first step with a second pass, counted from 0; 0 by default
   * @return this builder
   * @throws IllegalArgumentException if {@code step} is negative
   */
  public SamOptimizerBuilder startAt(long step) {
    if (step < 0) {
      throw new IllegalArgumentException("startAt is " + step + "; it must be at least 0");
    }
    draft.start = step;
    return this;
  }

  /**
   * Runs the second pass in every k-th step, from the first on or from {@link #startAt}; the others
   * are the wrapped optimizer's. With {@link org.samtf.direction.DescentDirections#looking} it is
   * LookSAM.
   *
   * @param k at least 1; 1 by default
   * @return this builder
   * @throws IllegalArgumentException if {@code k} is less than 1, or there is another condition
   */
  public SamOptimizerBuilder every(int k) {
    Arguments.atLeast(k, 1, "every");
    return condition("every", start -> new Condition.Every(k, start));
  }

  /**
   * Runs the second pass by chance; the other steps are the wrapped optimizer's.
   *
   * @param probability more than 0 and at most 1
   * @param seed the same seed draws the same steps, also after a resume
   * @return this builder
   * @throws IllegalArgumentException if {@code probability} is out of range, or there is another
   *     condition
   */
  public SamOptimizerBuilder atRandom(double probability, long seed) {
    if (!(probability > 0 && probability <= 1)) {
      throw new IllegalArgumentException(
          "probability is " + probability + "; it must be more than 0 and at most 1");
    }
    return condition("atRandom", start -> new Condition.AtRandom(probability, seed));
  }

  /**
   * Runs the second pass where a value of the graph says so; the other steps are the wrapped
   * optimizer's.
   *
   * @param active a scalar, which must not be computed from what the step updates
   * @return this builder
   * @throws IllegalArgumentException if {@code active} is of another graph or known not to be a
   *     scalar, or there is another condition
   */
  public SamOptimizerBuilder when(Operand<TBool> active) {
    Arguments.ofGraph(graph, active, "active");
    if (active.shape().numDimensions() > 0) {
      throw new IllegalArgumentException(
          "active is \""
              + active.op().name()
              + "\" of shape "
              + active.shape()
              + "; it must be a scalar");
    }
    return condition("when", start -> new Condition.Given(active));
  }

  /**
   * AE-SAM: runs the second pass where the gradient is large against what it has been, since there
   * the loss is sharp (Jiang et al. 2023, "An Adaptive Policy to Employ Sharpness-Aware
   * Minimization", arXiv 2304.14647); the other steps are the wrapped optimizer's.
   *
   * <pre>
   * ‖g‖₂² ≥ μ + cσ,   μ and σ² the running mean and variance of ‖g‖₂², with a decay of 0.9
   * </pre>
   *
   * @param first c in the first step, finite; the authors have 1
   * @param last c in the last step, finite; the authors have −1. In between it is linear
   * @param steps the number of steps to the last one, at least 1
   * @return this builder
   * @throws IllegalArgumentException if a number is out of range, or there is another condition
   */
  public SamOptimizerBuilder whenGradientIsLarge(double first, double last, long steps) {
    return whenGradientIsLarge(first, last, steps, GRADIENT_DECAY);
  }

  /**
   * As above, with another decay of the running mean and variance.
   *
   * @param first c in the first step, finite
   * @param last c in the last step, finite
   * @param steps the number of steps to the last one, at least 1
   * @param decay at least 0 and less than 1
   * @return this builder
   * @throws IllegalArgumentException if a number is out of range, or there is another condition
   */
  public SamOptimizerBuilder whenGradientIsLarge(
      double first, double last, long steps, double decay) {
    boolean allowed = Double.isFinite(first) && Double.isFinite(last) && steps >= 1;
    if (!allowed || !(decay >= 0 && decay < 1)) {
      throw new IllegalArgumentException(
          "whenGradientIsLarge is from "
              + first
              + " to "
              + last
              + " in "
              + steps
              + " steps with decay "
              + decay
              + "; the factors must be finite, the steps at least 1, the decay at least 0 and"
              + " less than 1");
    }
    return condition(
        "whenGradientIsLarge", start -> new Condition.LargeGradient(first, last, steps, decay));
  }

  private SamOptimizerBuilder condition(String setting, Function<Long, Condition> condition) {
    if (!conditionSetting.isEmpty() && !conditionSetting.equals(setting)) {
      throw new IllegalArgumentException(
          conditionSetting + " and " + setting + " are both given; use one of them, with startAt");
    }
    conditionSetting = setting;
    draft.condition = Optional.of(condition);
    return this;
  }

  /**
   * What the perturbation goes along, in place of the gradient at w; the neighbourhood makes ε of
   * it.
   *
   * @param direction one of {@link org.samtf.direction.AscentDirections}, or one's own
   * @return this builder
   */
  public SamOptimizerBuilder ascent(AscentDirection direction) {
    draft.ascentDirection = Optional.of(Arguments.given(direction, "direction"));
    return this;
  }

  /**
   * What is made of the gradients at w and at w+ε for the wrapped optimizer to apply, in place of
   * the latter. With replicas it is made of their means.
   *
   * @param direction one of {@link org.samtf.direction.DescentDirections}, or one's own
   * @return this builder
   */
  public SamOptimizerBuilder descent(DescentDirection direction) {
    draft.descentDirection = Optional.of(Arguments.given(direction, "direction"));
    return this;
  }

  /**
   * Lets the neighbourhood's size follow the gradient: ρ_t = min(σ/‖g‖_q, ρ), so that the loss is
   * expected to rise by σ where ρ allows it (LE-SAM, arXiv 2605.10183). ρ is the largest size.
   *
   * @param sigma σ, more than 0 and finite
   * @return this builder
   * @throws IllegalArgumentException if {@code sigma} is out of range
   */
  public SamOptimizerBuilder expectedRise(float sigma) {
    if (!(sigma > 0 && sigma < Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "expectedRise is " + sigma + "; it must be more than 0 and finite");
    }
    draft.expectedRise = Optional.of((double) sigma);
    return this;
  }

  /**
   * How many steps the perturbation is made of: each is of size ρ over their number and goes along
   * the gradient where the steps before have come to, so that ‖ε‖_p ≤ ρ. Each costs a forward and
   * backward pass. With {@link #adaptive} all are scaled with the weights w.
   *
   * @param steps at least 1; 1 by default, which is SAM
   * @return this builder
   * @throws IllegalArgumentException if {@code steps} is less than 1
   */
  public SamOptimizerBuilder ascentSteps(int steps) {
    draft.ascentSteps = Arguments.atLeast(steps, 1, "ascentSteps");
    return this;
  }

  /**
   * Functional SAM: the update goes with the transposed Jacobian of the logits z at w+ε times ∂L/∂z
   * at w, which regularizes the network as a function and not the loss (Singh et al. 2025,
   * "Avoiding spurious sharpness minimization broadens applicability of SAM", arXiv 2502.02407);
   * for language models. The paper also scales ε with Adam's preconditioner; this does not.
   *
   * @param logits z, a floating-point tensor that the loss is computed from, and through which
   *     alone the loss depends on the weights; {@code minimize} finds out
   * @return this builder
   * @throws IllegalArgumentException if {@code logits} is of another graph or type
   */
  public SamOptimizerBuilder logits(Operand<? extends TNumber> logits) {
    Arguments.ofGraph(graph, logits, "logits");
    if (!Reals.isFloating(logits)) {
      throw new IllegalArgumentException(
          "logits are \""
              + logits.op().name()
              + "\" of "
              + logits.type().getSimpleName()
              + "; they must be of a floating-point type");
    }
    draft.logits = Optional.of(logits);
    return this;
  }

  /**
   * Whether a step also computes the loss at w where the {@link #ascent} direction needs no pass
   * there. It costs a forward pass a step.
   *
   * <p>Without it, what reads the weights beside the step, such as the user's own loss fetched in
   * the same run, may read them before or after the update. Moving averages of batch normalization
   * are to be made of {@link SamOptimizer#replicas}, which are then those at w+ε.
   *
   * @param lossAtWeights false by default
   * @return this builder
   */
  public SamOptimizerBuilder lossAtWeights(boolean lossAtWeights) {
    draft.lossAtWeights = lossAtWeights;
    return this;
  }

  /**
   * What a step does if a gradient has a NaN or an infinity, be it at w, at w+ε or what is applied.
   *
   * @param rule {@link NotFinite#FAIL} by default; with a loss scale {@link NotFinite#SKIP}, which
   *     is then the only one
   * @return this builder
   */
  public SamOptimizerBuilder notFinite(NotFinite rule) {
    draft.finiteRule.notFinite(rule);
    return this;
  }

  /**
   * Scales the loss, so that gradients in float16 are not too small for it (Micikevicius et al.
   * 2018, "Mixed Precision Training", section 3.2): both passes start from the gradient of scale ·
   * L, and their gradients are divided by the scale in float32 at least before anything is made of
   * them. The losses themselves are not multiplied. A step with a gradient that is not finite is
   * skipped ({@link NotFinite#SKIP}). Of weights in float32 the training is the same, bit for bit,
   * as far as no gradient is below 1.2e-38.
   *
   * @param scale a power of two from 1 to 2^126
   * @return this builder
   * @throws IllegalArgumentException if {@code scale} is something else, or there is a dynamic
   *     scale
   */
  public SamOptimizerBuilder lossScale(float scale) {
    draft.finiteRule.lossScaling(LossScaling.fixed(scale));
    return this;
  }

  /**
   * Scales the loss as far as the gradients allow, beginning with 2^15 and doubling every 2,000
   * steps; see {@link #dynamicLossScale(float, long)}.
   *
   * @return this builder
   * @throws IllegalArgumentException if there is a fixed scale
   */
  public SamOptimizerBuilder dynamicLossScale() {
    return dynamicLossScale(LossScaling.INITIAL_DEFAULT, LossScaling.GROWTH_INTERVAL_DEFAULT);
  }

  /**
   * As {@link #lossScale}, with a scale that follows the gradients: a step in which one is not
   * finite is skipped and halves the scale, down to 1; after so many others in a row it is doubled,
   * up to 2^126. The scale and the count are variables, which are saved with the others.
   *
   * @param initialScale a power of two from 1 to 2^126
   * @param growthInterval after how many steps it is doubled, at least 1
   * @return this builder
   * @throws IllegalArgumentException if one is something else, or there is a fixed scale
   */
  public SamOptimizerBuilder dynamicLossScale(float initialScale, long growthInterval) {
    draft.finiteRule.lossScaling(LossScaling.dynamic(initialScale, growthInterval));
    return this;
  }

  /** Whether the step is written for CPUs only. */
  SamOptimizerBuilder cpuOnly(boolean cpuOnly) {
    draft.cpuOnly = cpuOnly;
    return this;
  }

  private List<Operand<?>> inputs(String setting, Operand<?>... batchInputs) {
    List<Operand<?>> inputs = Arrays.asList(Arguments.given(batchInputs, setting));
    if (inputs.isEmpty()) {
      throw new IllegalArgumentException(
          setting + " has no batch inputs; name the tensors whose first axis is the batch");
    }
    inputs.forEach(input -> Arguments.ofGraph(graph, input, "batch input"));
    return List.copyOf(inputs);
  }

  /**
   * Makes the optimizer.
   *
   * @return a SamOptimizer with these settings
   * @throws IllegalArgumentException if settings do not go together, or one would have no effect
   */
  public SamOptimizer build() {
    return new SamOptimizer(this);
  }
}
