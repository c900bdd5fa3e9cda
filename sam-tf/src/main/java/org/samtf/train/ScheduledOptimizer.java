package org.samtf.train;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.samtf.internal.graph.Arguments;
import org.samtf.internal.graph.Assignments;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.NamePatterns;
import org.samtf.internal.graph.Numbers;
import org.samtf.internal.graph.Places;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TNumber;
import org.tensorflow.types.family.TType;

/** An optimizer with a learning rate and a weight decay that are schedules. */
abstract class ScheduledOptimizer extends VariableOptimizer {

  private final Schedule learningRate;
  private final Schedule weightDecay;
  private final boolean decays;
  private final List<String> notDecayed;
  private final boolean decaysVectors;
  private final String name;

  /** The names of the variables that do not decay. */
  private Set<String> withoutDecay = Set.of();

  private Optional<Variable<TInt64>> counter = Optional.empty();

  /** Of the step that is being written. */
  private final Map<String, Operand<TFloat64>> values = new HashMap<>();

  private final Map<List<Object>, Operand<TNumber>> cast = new HashMap<>();

  ScheduledOptimizer(Settings<?> settings) {
    super(settings.graph, settings.name);
    this.learningRate = settings.learningRate;
    this.weightDecay = settings.weightDecay;
    this.decays = settings.decays;
    this.notDecayed = settings.notDecayed;
    this.decaysVectors = settings.decaysVectors;
    this.name = settings.name;
  }

  /** The slots that each variable has, all of them zero at first. */
  abstract List<String> slots();

  /** Adds the ops that update a variable, whose types agree. */
  abstract Op step(Ops at, Operand<TNumber> gradient, Output<TNumber> variable);

  @Override
  protected void createSlots(List<Output<? extends TType>> variables) {
    List<String> names = new ArrayList<>();
    for (Output<? extends TType> variable : variables) {
      names.add(nameOf(variable));
      slots().forEach(slot -> createSlot(Reals.<Output<TNumber>>unchecked(variable), slot));
    }
    withoutDecay = NamePatterns.matching("doNotDecay", notDecayed, names);
    if (counter.isEmpty()) {
      counter = Optional.of(tf.withName(name + "_steps").variable(tf.constant(0L)));
    }
  }

  private void createSlot(Output<TNumber> variable, String slot) {
    createSlot(
        variable,
        slot,
        tf.fill(tf.constant(variable.shape()), tf.dtypes.cast(tf.constant(0f), variable.type())));
  }

  @Override
  protected Optional<Op> prepare(String scopeName) {
    values.clear();
    cast.clear();
    return Optional.empty();
  }

  @Override
  final <T extends TType> Op update(Ops at, Output<T> gradient, Output<T> variable) {
    Ops there = behind(variable).map(v -> Places.on(at, v.device())).orElse(at);
    return step(there, Reals.unchecked(gradient), Reals.unchecked(variable));
  }

  @Override
  protected Op finish(List<Op> updates, String scopeName) {
    Op counted =
        tf.withControlDependencies(List.copyOf(updates))
            .assignAdd(counter.orElseThrow(), tf.constant(1L));
    List<Op> all = new ArrayList<>(updates);
    all.add(counted);
    return super.finish(all, scopeName);
  }

  /** How many steps were taken before this one, and this one. */
  final Operand<TFloat64> stepNumber() {
    return value("step", () -> tf.math.add(stepsBefore(), tf.constant(1.0)));
  }

  private Operand<TFloat64> stepsBefore() {
    return value("before", () -> tf.dtypes.cast(counter.orElseThrow(), TFloat64.class));
  }

  final Operand<TFloat64> learningRate() {
    return value("rate", () -> learningRate.at(tf, stepsBefore()));
  }

  /** A scalar of the step, which is the same for all variables. */
  final Operand<TFloat64> value(String key, Supplier<Operand<TFloat64>> make) {
    Operand<TFloat64> value = values.get(key);
    if (value == null) {
      value = make.get();
      values.put(key, value);
    }
    return value;
  }

  /** The factor of the weights in the update, as if it were a gradient; none for no decay. */
  final Optional<Operand<TFloat64>> weightDecay(Output<?> variable) {
    return !decays
            || withoutDecay.contains(nameOf(variable))
            || !decaysVectors && isVector(variable)
        ? Optional.empty()
        : Optional.of(value("decay", () -> weightDecay.at(tf, stepsBefore())));
  }

  /** Whether there are no axes, or one: a bias, or what scales and shifts a normalized tensor. */
  static boolean isVector(Output<?> variable) {
    int axes = variable.shape().numDimensions();
    return axes == 0 || axes == 1;
  }

  /** The decay of weights beside the update; nothing if there is none. */
  final Optional<Op> decayed(Ops at, Output<TNumber> variable) {
    return weightDecay(variable)
        .map(
            decay -> {
              Operand<TFloat64> factor = value("factor", () -> tf.math.mul(learningRate(), decay));
              return at.assignSub(variable, at.math.mul(variable, as(variable, factor)));
            });
  }

  /** A scalar in the type of a variable: one op for all variables of a type. */
  final Operand<TNumber> as(Output<TNumber> variable, Operand<TFloat64> value) {
    return cast.computeIfAbsent(
        List.of(value.asOutput(), variable.type()), key -> tf.dtypes.cast(value, variable.type()));
  }

  final Operand<TNumber> as(Output<TNumber> variable, double value) {
    return as(variable, value("=" + value, () -> tf.constant(value)));
  }

  final Variable<TNumber> slot(Output<TNumber> variable, String slot) {
    return getSlot(variable, slot).orElseThrow();
  }

  /** The variable's own name, also where it is handed on by reference under another. */
  static String nameOf(Output<?> variable) {
    return behind(variable).map(GraphOperation::name).orElse(variable.op().name());
  }

  /** The variable that is handed on by reference under a name, or is there itself. */
  private static Optional<GraphOperation> behind(Output<?> variable) {
    Set<GraphOperation> behind = Assignments.variablesBehind((GraphOperation) variable.op());
    return behind.size() == 1 ? Optional.of(behind.iterator().next()) : Optional.empty();
  }

  @Override
  public String getOptimizerName() {
    return name;
  }

  /** What all of these optimizers can be told. */
  public abstract static class Settings<B extends Settings<B>> {
    final Graph graph;
    Schedule learningRate;
    private Schedule weightDecay = Schedules.constant(0);
    private boolean decays;
    private List<String> notDecayed = List.of();
    private boolean decaysVectors = true;
    private String name;

    Settings(Graph graph, String name, double learningRate) {
      this.graph = Arguments.given(graph, "graph");
      this.name = name;
      this.learningRate = Schedules.constant(learningRate);
    }

    private B self() {
      return Reals.unchecked(this);
    }

    /**
     * The learning rate.
     *
     * @param rate finite
     * @return this builder
     * @throws IllegalArgumentException if {@code rate} is not finite
     */
    public B learningRate(double rate) {
      return learningRate(Schedules.constant(rate));
    }

    /**
     * The learning rate as a schedule.
     *
     * @param rate the schedule
     * @return this builder
     */
    public B learningRate(Schedule rate) {
      this.learningRate = Arguments.given(rate, "learning rate");
      return self();
    }

    /**
     * The weight decay λ; what it does is said by the optimizer.
     *
     * @param decay finite and not negative; 0 for none
     * @return this builder
     * @throws IllegalArgumentException if {@code decay} is out of range
     */
    public B weightDecay(double decay) {
      weightDecay(Schedules.constant(Numbers.notNegative("weightDecay", decay)));
      decays = decay > 0;
      return self();
    }

    /**
     * The weight decay λ as a schedule.
     *
     * @param decay the schedule
     * @return this builder
     */
    public B weightDecay(Schedule decay) {
      this.weightDecay = Arguments.given(decay, "weight decay");
      this.decays = true;
      return self();
    }

    /**
     * Variables whose weights do not decay, such as biases and those of batch normalization. None
     * by default.
     *
     * @param patterns of the names of variables: globs such as {@code *bias}, or regular
     *     expressions such as {@code regex:bn[12]/.*}. The optimizer refuses one that matches no
     *     variable
     * @return this builder
     * @throws IllegalArgumentException if one is no regular expression
     */
    public B doNotDecay(String... patterns) {
      this.notDecayed = List.of(Arguments.noneNull(patterns, "doNotDecay"));
      notDecayed.forEach(pattern -> NamePatterns.compile("doNotDecay", pattern));
      return self();
    }

    /**
     * Leaves out of the decay all variables with fewer than two axes, as biases and those of
     * normalization are, whatever their names. They decay by default.
     *
     * @return this builder
     */
    public B doNotDecayVectors() {
      this.decaysVectors = false;
      return self();
    }

    /**
     * The name of the optimizer, which its ops and its count of steps get.
     *
     * @param name an op name without slashes
     * @return this builder
     * @throws IllegalArgumentException if it is no op name
     */
    public B name(String name) {
      GraphScope.requireValid(Arguments.given(name, "name"));
      this.name = name;
      return self();
    }
  }
}
