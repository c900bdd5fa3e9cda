package org.samtf.train;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.samtf.internal.graph.Arguments;
import org.samtf.internal.graph.Assignments;
import org.samtf.internal.graph.GraphCopy;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.NamePatterns;
import org.samtf.internal.graph.Node;
import org.samtf.internal.graph.Numbers;
import org.samtf.internal.graph.OpKinds;
import org.samtf.internal.graph.Reals;
import org.samtf.internal.graph.Twin;
import org.samtf.internal.graph.TwinPlan;
import org.samtf.internal.graph.Upstream;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TNumber;
import org.tensorflow.types.family.TType;

/**
 * An average of the weights of a training, which often does better than the last weights: an
 * exponential one (EMA; Polyak and Juditsky 1992), or the mean of some of them (SWA; Izmailov et
 * al. 2018, "Averaging Weights Leads to Wider Optima and Better Generalization").
 *
 * <pre>{@code
 * WeightAverage average = WeightAverage.ema(graph, 0.999).build();
 * Optimizer base = average.around(AdamW.builder(graph).build());
 * Op train = new SamOptimizer(graph, base, 0.05f).minimize(loss);
 * Operand<TFloat32> validation = average.at(inferenceLoss);
 * }</pre>
 *
 * <p>The averages are variables, which each step moves after its update, towards the weights that
 * it has come to: a ← a + r(w − a). The first r is 1. A step that fails moves none. They are saved
 * and resumed with the other variables. That of a float16 or bfloat16 variable is in float32.
 *
 * <p>Training does not see them. {@link #at} gives any tensor of the graph as it is at the
 * averages, and {@link #values} what to export in place of the weights. Until weights have been
 * averaged, both give the weights themselves.
 *
 * <p>Moving averages of batch normalization belong to the weights that they were collected with:
 * those of the averages have to be collected anew, by {@link #statistics}.
 */
public final class WeightAverage {

  /** The slot of the average, of the optimizer that {@link #around} gives. */
  public static final String AVERAGE = "average";

  private final Graph graph;
  private final AverageRule rule;
  private final AverageTimes times;
  private final List<String> patterns;
  private final String name;
  private final String text;

  private Optional<GraphScope> scope = Optional.empty();
  private Optional<Variable<TInt64>> counter = Optional.empty();

  /** By variable. */
  private final Map<Output<?>, Variable<TNumber>> averages = new LinkedHashMap<>();

  /** What to read in place of a variable; written when it is first asked for. */
  private final Map<Output<?>, Output<?>> reads = new LinkedHashMap<>();

  private Optional<BatchStatistics> statistics = Optional.empty();

  private WeightAverage(Builder builder, AverageRule rule) {
    this.graph = builder.graph;
    this.rule = rule;
    this.times = new AverageTimes(builder.first, builder.every);
    this.patterns = builder.patterns;
    this.name = builder.name;
    this.text = builder.text();
  }

  /**
   * Starts an exponential moving average: a ← da + (1−d)w, and a = w at first, as PyTorch's {@code
   * AveragedModel} and Keras's {@code use_ema} have it.
   *
   * @param graph the graph of the weights
   * @param decay d, at least 0 and less than 1, such as 0.999
   * @return a builder
   * @throws IllegalArgumentException if {@code decay} is out of range
   */
  public static Builder ema(Graph graph, double decay) {
    return new Builder(graph, Optional.of(Numbers.fraction("decay", decay)));
  }

  /**
   * Starts a mean of weights, all with the same share, as PyTorch's {@code swa_utils} have it. Say
   * with {@link Builder#startAt} and {@link Builder#every} of which.
   *
   * @param graph the graph of the weights
   * @return a builder
   */
  public static Builder swa(Graph graph) {
    return new Builder(graph, Optional.empty());
  }

  /**
   * An optimizer whose steps move the averages of the variables that it trains. It goes inside
   * {@code SamOptimizer} and {@code OrderedOptimizer}, around or inside {@link Clipped}.
   *
   * @param base the optimizer to wrap, made for the same graph
   * @return the optimizer
   * @throws IllegalArgumentException if {@code base} is of another graph, or a SamOptimizer
   */
  public Optimizer around(Optimizer base) {
    return new AveragingOptimizer(graph, base, this);
  }

  /**
   * A step that moves the averages after another one: for a step that no optimizer of TF-Java's
   * wrote, such as one that a graph was loaded with.
   *
   * @param step the op that runs it
   * @param variables what it trains
   * @return the op that runs both
   * @throws IllegalArgumentException if one of them is no floating-point variable of this graph, or
   *     there is none
   */
  public Op after(Op step, Collection<? extends Operand<?>> variables) {
    Arguments.opOfGraph(graph, step, "step");
    List<Output<?>> outputs = new ArrayList<>();
    for (Operand<?> variable : Arguments.notEmpty(variables, "variables", "give at least one")) {
      outputs.add(requireVariable(graph, variable, "variable"));
    }
    return write(step, outputs, name + "-step");
  }

  /** The variable, if it is one with floating-point values. */
  static Output<?> requireVariable(Graph graph, Operand<?> given, String what) {
    Output<?> output = Arguments.ofGraph(graph, given, what).asOutput();
    GraphOperation op = (GraphOperation) output.op();
    if (!OpKinds.isVariable(op.type()) || !Reals.isFloating(output)) {
      throw new IllegalArgumentException(
          what
              + " \""
              + op.name()
              + "\" ("
              + op.type()
              + ") is no floating-point variable; give what tf.variable made");
    }
    return output;
  }

  /** Adds what moves the averages of variables after an update. */
  Op write(Op update, List<Output<?>> trained, String stepName) {
    GraphScope at = scope().withSubScope("update");
    Ops tf = at.ops();
    List<Output<?>> variables = chosen(trained);
    Variable<TInt64> steps = counter();
    Operand<TFloat64> number = tf.math.add(tf.dtypes.cast(steps, TFloat64.class), tf.constant(1.0));
    AverageTimes.InStep now = times.new InStep(at, number);
    Operand<TFloat64> rate = rule.rate(tf, now.number);
    Map<Class<?>, Operand<TNumber>> rates = new HashMap<>();
    List<Op> moved = new ArrayList<>();
    for (Output<?> variable : variables) {
      Variable<TNumber> average = average(variable);
      Operand<TNumber> typed =
          rates.computeIfAbsent(average.type(), type -> tf.dtypes.cast(rate, average.type()));
      moved.add(move(at, now, update, variable, average, typed));
    }
    List<Op> over = now.over(moved);
    Ops counting = at.withControlDependencies(with(over, update)).ops();
    over.add(counting.assignAdd(steps, counting.constant(1L)));
    over.add(update);
    return noOp(stepName, over);
  }

  private static List<Op> with(List<Op> ops, Op other) {
    List<Op> all = new ArrayList<>(ops);
    all.add(other);
    return all;
  }

  /** a ← a − r(a − w), with w as the update has left it. */
  private static Op move(
      GraphScope at,
      AverageTimes.InStep now,
      Op update,
      Output<?> variable,
      Variable<TNumber> average,
      Operand<TNumber> rate) {
    Ops tf = at.withDeviceString(((GraphOperation) variable.op()).device()).ops();
    // A read on another device would be sent before the update.
    Operand<TNumber> weights = readBeside(tf, update, variable);
    Operand<TNumber> typed = new Reals(tf).cast(now.in(tf, weights), average.asOutput().type());
    return tf.train.applyGradientDescent(average, rate, tf.math.sub(average, typed));
  }

  private static Operand<TNumber> readBeside(Ops tf, Op after, Output<?> variable) {
    GraphScope scope = (GraphScope) tf.scope();
    return Reals.unchecked(
        scope
            .env()
            .opBuilder("Identity", scope.uniqueName("weights"), scope)
            .addInput(variable)
            .addControlInput(after.op())
            .setAttr(
                GraphCopy.COLOCATION,
                new String[] {GraphCopy.COLOCATED_WITH + variable.op().name()})
            .build()
            .output(0));
  }

  private Op noOp(String wanted, List<Op> after) {
    String free = wanted;
    for (int i = 1; graph.operation(free) != null; i++) {
      free = wanted + "_" + i;
    }
    GraphOperation op =
        graph.opBuilder(OpKinds.NO_OP, free, scope().withControlDependencies(after)).build();
    return () -> op;
  }

  /** Those of the trained variables that are averaged. */
  private List<Output<?>> chosen(List<Output<?>> trained) {
    Map<String, Output<?>> byName = new LinkedHashMap<>();
    for (Output<?> variable : trained) {
      // One with a slash in its name is handed on by reference under another.
      Set<GraphOperation> behind = Assignments.variablesBehind((GraphOperation) variable.op());
      GraphOperation op = behind.size() == 1 ? behind.iterator().next() : null;
      if (op == null || !OpKinds.isVariable(op.type())) {
        throw new IllegalArgumentException(
            "what is trained as \"" + variable.op().name() + "\" is no variable of tf.variable");
      }
      byName.put(op.name(), op.output(0));
    }
    if (!patterns.isEmpty()) {
      byName.keySet().retainAll(NamePatterns.matching("variables", patterns, byName.keySet()));
    }
    return List.copyOf(byName.values());
  }

  private GraphScope scope() {
    if (scope.isEmpty()) {
      scope = Optional.of(GraphScope.unique(graph, name));
    }
    return scope.get();
  }

  private Variable<TInt64> counter() {
    if (counter.isEmpty()) {
      Ops tf = scope().ops();
      counter = Optional.of(tf.withName("steps").variable(tf.constant(0L)));
    }
    return counter.get();
  }

  private Variable<TNumber> average(Output<?> variable) {
    return averages.computeIfAbsent(variable, v -> zeros(v, scope()));
  }

  /** A variable of the same shape, named after it, whose values are computed with. */
  static Variable<TNumber> zeros(Output<?> variable, GraphScope at) {
    Ops tf = at.withDeviceString(((GraphOperation) variable.op()).device()).ops();
    Operand<TNumber> zeros =
        tf.zeros(tf.constant(variable.shape().asArray()), Reals.computeType(variable));
    return tf.withName(variable.op().name()).variable(zeros);
  }

  /** The average of a variable that is given as the optimizer had it. */
  Optional<Variable<TNumber>> slot(Output<?> variable) {
    Set<GraphOperation> behind = Assignments.variablesBehind((GraphOperation) variable.op());
    return behind.size() == 1
        ? Optional.ofNullable(averages.get(behind.iterator().next().output(0)))
        : Optional.empty();
  }

  /**
   * A tensor as it is at the averages: a copy of the ops that compute it from the averaged
   * variables, which reads the averages in their place. The ops that read no such variable, and
   * those with state or a side effect, such as random ones, are shared.
   *
   * <p>It reads no weights: evaluate it while other threads train, as you would the tensor itself.
   * What reads it in the run of a step may see the averages of before or after.
   *
   * @param tensor of this graph, such as a loss or what a signature hands out
   * @param <T> its type
   * @return the tensor to fetch; {@code tensor} itself if it does not depend on what is averaged
   * @throws IllegalStateException if nothing is averaged yet
   * @throws IllegalArgumentException if it cannot be copied: the message names the op
   */
  public <T extends TType> Operand<T> at(Operand<T> tensor) {
    Output<T> output = Arguments.ofGraph(graph, tensor, "tensor").asOutput();
    return Reals.unchecked(at(List.of(output), reads()).get(0));
  }

  /**
   * Several tensors as they are at the averages: what they have in common is copied once, so that
   * to fetch them in one run computes it once.
   *
   * @param tensors of this graph
   * @return the tensors to fetch, in their order; those that do not depend on what is averaged
   *     themselves
   * @throws IllegalStateException as {@link #at(Operand)} does
   * @throws IllegalArgumentException as {@link #at(Operand)} does, or if there is none
   */
  public List<Operand<?>> at(List<? extends Operand<?>> tensors) {
    Arguments.notEmpty(tensors, "tensors", "give at least one");
    List<Output<?>> outputs = new ArrayList<>();
    tensors.forEach(t -> outputs.add(Arguments.ofGraph(graph, t, "tensor").asOutput()));
    return new ArrayList<>(at(outputs, reads()));
  }

  /** Tensors with other reads of variables. */
  private List<Output<?>> at(List<Output<?>> tensors, Map<Output<?>, Output<?>> instead) {
    GraphScope at = scope().withSubScope("at");
    // One op behind all of them: what it is computed from is copied once.
    Output<?> root =
        tensors.size() == 1
            ? tensors.get(0)
            : at.ops().identityN(new ArrayList<>(tensors)).op().output(0);
    Upstream forward = new Upstream(root);
    Map<Node, Output<?>> readAs = new HashMap<>();
    for (Node node : forward.feeding()) {
      if (node.isVariable() && instead.containsKey(node.op.output(0))) {
        readAs.put(node, instead.get(node.op.output(0)));
      }
    }
    TwinPlan plan = new TwinPlan(graph, forward, readAs.keySet(), false);
    Twin twin = new Twin(at, forward, plan, root, readAs, null);
    List<Output<?>> copies = new ArrayList<>();
    tensors.forEach(tensor -> copies.add(twin.of(tensor)));
    return copies;
  }

  /**
   * What to read in place of each averaged variable: for {@code ModelExporter.values} and {@code
   * LoadedModel.saveInto}.
   *
   * @return tensors of the types and shapes of the variables, by variable; with the statistics that
   *     were collected for them
   * @throws IllegalStateException if nothing is averaged yet
   */
  public Map<Operand<?>, Operand<?>> values() {
    Map<Operand<?>, Operand<?>> values = new LinkedHashMap<>(reads());
    return Collections.unmodifiableMap(values);
  }

  /** The averages, and their statistics if there are any. */
  private Map<Output<?>, Output<?>> reads() {
    Map<Output<?>, Output<?>> all = new LinkedHashMap<>(readsOfWeights());
    statistics.ifPresent(collected -> all.putAll(collected.reads()));
    return all;
  }

  Map<Output<?>, Output<?>> readsOfWeights() {
    if (averages.isEmpty()) {
      throw new IllegalStateException(
          "no step averages weights yet; call minimize of an optimizer with around(base) in it, or"
              + " after(step, variables), first");
    }
    if (!reads.keySet().containsAll(averages.keySet())) {
      Ops tf = scope().withSubScope("read").ops();
      Operand<TBool> started = tf.math.greaterEqual(counter(), tf.constant(times.first()));
      averages.forEach(
          (variable, average) ->
              reads.computeIfAbsent(
                  variable, v -> read(scope().withSubScope("read"), started, v, average)));
    }
    return reads;
  }

  /** A variable's own value until another one is there. */
  static Output<?> read(
      GraphScope at, Operand<TBool> isThere, Output<?> variable, Variable<TNumber> other) {
    Ops tf = at.withDeviceString(((GraphOperation) variable.op()).device()).ops();
    Operand<TNumber> cast = new Reals(tf).cast(other, Reals.unchecked(variable.type()));
    return tf.select(isThere, cast, Reals.<Operand<TNumber>>unchecked(variable)).asOutput();
  }

  /**
   * Has statistics of batch normalization collected anew for the averages. After this, {@link #at}
   * and {@link #values} have them in the place of the moving averages, once some were added.
   *
   * @param statistics what a batch's statistics are, by the variable that is their moving average;
   *     tensors of the pass in training mode, of the variables' shapes and types
   * @return what collects them
   * @throws IllegalArgumentException if a key is no floating-point variable of this graph, is
   *     averaged itself, or its value is of another type or shape
   * @throws IllegalStateException if nothing is averaged yet, or there are statistics already
   */
  public BatchStatistics statistics(Map<? extends Operand<?>, ? extends Operand<?>> statistics) {
    if (this.statistics.isPresent()) {
      throw new IllegalStateException("the statistics are there already; they are made once");
    }
    Map<Output<?>, Output<?>> ofBatch = new LinkedHashMap<>();
    Arguments.given(statistics, "statistics")
        .forEach(
            (variable, tensor) -> {
              Output<?> average = requireVariable(graph, variable, "moving average");
              Output<?> value = Arguments.ofGraph(graph, tensor, "statistic").asOutput();
              requireFits(average, value);
              ofBatch.put(average, value);
            });
    Arguments.notEmpty(new LinkedHashSet<>(ofBatch.keySet()), "statistics", "give at least one");
    BatchStatistics collected =
        BatchStatistics.write(
            scope().withSubScope("statistics"),
            ofBatch,
            at(List.copyOf(ofBatch.values()), readsOfWeights()));
    this.statistics = Optional.of(collected);
    return collected;
  }

  private void requireFits(Output<?> average, Output<?> value) {
    if (readsOfWeights().containsKey(average)) {
      throw new IllegalArgumentException(
          "moving average \"" + average.op().name() + "\" is averaged as a weight; leave it out");
    }
    if (average.type() != value.type() || !average.shape().isCompatibleWith(value.shape())) {
      throw new IllegalArgumentException(
          "statistic \""
              + value.op().name()
              + "\" is of "
              + value.type().getSimpleName()
              + " and shape "
              + value.shape()
              + "; moving average \""
              + average.op().name()
              + "\" is of "
              + average.type().getSimpleName()
              + " and shape "
              + average.shape());
    }
  }

  @Override
  public String toString() {
    return text;
  }

  /** The settings of a {@link WeightAverage}. */
  public static final class Builder {
    private final Graph graph;
    private final Optional<Double> decay;
    private long first = 1;
    private long every = 1;
    private boolean corrected;
    private boolean warmedUp;
    private List<String> patterns = List.of();
    private String name = "Average";

    private Builder(Graph graph, Optional<Double> decay) {
      this.graph = Arguments.given(graph, "graph");
      this.decay = decay;
    }

    /**
     * The first step after which weights are averaged.
     *
     * @param step its number, counted from 1, which is the default
     * @return this builder
     * @throws IllegalArgumentException if {@code step} is less than 1
     */
    public Builder startAt(long step) {
      this.first = Numbers.atLeast("startAt", step, 1);
      return this;
    }

    /**
     * After how many steps weights are averaged again. A step after which they are not costs
     * nothing.
     *
     * @param steps 1 by default; the steps of an epoch, for example
     * @return this builder
     * @throws IllegalArgumentException if {@code steps} is less than 1
     */
    public Builder every(long steps) {
      this.every = Numbers.atLeast("every", steps, 1);
      return this;
    }

    /**
     * Corrects an exponential average for its beginning, as Adam does its moments (Kingma and Ba
     * 2014, section 3): weights count by their age alone, the first no more than the others.
     *
     * @return this builder
     */
    public Builder biasCorrected() {
      this.corrected = true;
      return this;
    }

    /**
     * Lets the decay of an exponential average grow: min(decay, (1+t)/(10+t)) after t others, as
     * TensorFlow's {@code ExponentialMovingAverage} has it with {@code num_updates}.
     *
     * @return this builder
     */
    public Builder warmedUp() {
      this.warmedUp = true;
      return this;
    }

    /**
     * Which of the trained variables are averaged; by default all. {@link WeightAverage#at} reads
     * the others as they are.
     *
     * @param globs of their names: such as {@code conv*}, or regular expressions such as {@code
     *     regex:conv[12]/.*}. One that matches no trained variable is refused with the step
     * @return this builder
     * @throws IllegalArgumentException if one is no regular expression
     */
    public Builder variables(String... globs) {
      this.patterns = List.of(Arguments.noneNull(globs, "variables"));
      patterns.forEach(pattern -> NamePatterns.compile("variables", pattern));
      return this;
    }

    /**
     * The scope of its variables and ops.
     *
     * @param scope an op name without slashes; {@code Average} by default
     * @return this builder
     * @throws IllegalArgumentException if it is no op name
     */
    public Builder name(String scope) {
      GraphScope.requireValid(Arguments.given(scope, "name"));
      this.name = scope;
      return this;
    }

    /**
     * Makes the average.
     *
     * @return an average with these settings, of no weights yet
     * @throws IllegalArgumentException if both a bias correction and a warm-up are given, or one of
     *     them for a mean
     */
    public WeightAverage build() {
      if (corrected && warmedUp) {
        throw new IllegalArgumentException(
            "biasCorrected and warmedUp both change how an average begins; leave one of them out");
      }
      if (decay.isEmpty() && (corrected || warmedUp)) {
        throw new IllegalArgumentException(
            (corrected ? "biasCorrected" : "warmedUp")
                + " is for an exponential average; leave it out of swa");
      }
      return new WeightAverage(this, rule());
    }

    private AverageRule rule() {
      if (decay.isEmpty()) {
        return AverageRule.mean();
      }
      return corrected
          ? AverageRule.corrected(decay.get())
          : warmedUp ? AverageRule.warmedUp(decay.get()) : AverageRule.exponential(decay.get());
    }

    private String text() {
      return decay.map(d -> "ema " + d).orElse("swa")
          + (corrected ? ", bias corrected" : "")
          + (warmedUp ? ", warmed up" : "")
          + (first > 1 ? ", from step " + first : "")
          + (every > 1 ? ", every " + every + " steps" : "");
    }
  }
}
