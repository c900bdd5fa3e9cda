package org.samtf;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.samtf.direction.StepVectors;
import org.samtf.direction.WeightVector;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Reals;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TNumber;

/** The vectors of a step, made when a direction asks for them. */
final class GraphStep implements StepVectors {

  /** What is done with what is to be kept. */
  interface Keeper {
    void keep(String name, int variable, Operand<TNumber> value);

    void keepScalar(String name, Operand<TFloat64> value);
  }

  private final GraphVector.Space space;
  private final List<Output<?>> variables;
  private final StepState state;
  private final Function<Operand<TNumber>, Operand<TNumber>> entrance;
  private final Gate gate;
  private final String owner;
  private final Keeper keeper;
  private final int draw;

  private final Supplier<List<? extends Operand<?>>> gradients;
  private final Supplier<List<? extends Operand<?>>> weights;
  private final Supplier<List<? extends Operand<?>>> momenta;

  /** What is in the memory of a variable. */
  private final Set<Output<?>> inVariables = new HashSet<>();

  private WeightVector gradient;
  private WeightVector weight;

  /** What a step is to be written from. */
  static final class Parts {
    GraphVector.Space space;
    List<Output<?>> variables;
    StepState state;
    Gate gate;

    /** How what was kept comes into the part of the step that reads it. */
    Function<Operand<TNumber>, Operand<TNumber>> entrance;

    /** Whose names for what is kept these are: ascent and descent have their own. */
    String owner;

    Keeper keeper;

    /** Tells the random numbers of replicas apart. */
    int draw;

    Supplier<List<? extends Operand<?>>> gradients;
    Supplier<List<? extends Operand<?>>> weights;
    Supplier<List<? extends Operand<?>>> momenta;
  }

  GraphStep(Parts parts) {
    this.space = parts.space;
    this.variables = parts.variables;
    this.state = parts.state;
    this.entrance = parts.entrance;
    this.gate = parts.gate;
    this.owner = parts.owner;
    this.keeper = parts.keeper;
    this.draw = parts.draw;
    this.gradients = parts.gradients;
    this.weights = parts.weights;
    this.momenta = parts.momenta;
  }

  @Override
  public WeightVector gradient() {
    if (gradient == null) {
      gradient = space.vector(gradients.get());
    }
    return gradient;
  }

  @Override
  public WeightVector weights() {
    if (weight == null) {
      weight = space.vector(weights.get());
    }
    return weight;
  }

  @Override
  public WeightVector momentum() {
    return space.vector(momenta.get());
  }

  @Override
  public WeightVector normal(long seed) {
    List<Operand<TNumber>> parts = new ArrayList<>();
    for (int i = 0; i < variables.size(); i++) {
      Ops tf = space.ops(i);
      Output<?> variable = variables.get(i);
      Operand<TInt64> key =
          tf.stack(List.of(tf.constant(seed + ((long) draw << 32) + i), state.steps()));
      parts.add(
          entrance.apply(
              tf.random.statelessRandomNormal(
                  tf.constant(variable.shape().asArray()), key, Reals.computeType(variable))));
    }
    return space.vector(parts);
  }

  @Override
  public WeightVector kept(String name) {
    String slot = slot(name);
    List<Operand<TNumber>> parts = new ArrayList<>();
    variables.forEach(variable -> parts.add(read(state.slot(slot, variable))));
    return space.vector(parts);
  }

  @Override
  public void keep(String name, WeightVector vector) {
    String slot = slot(name);
    List<Operand<TNumber>> parts = vector.parts();
    for (int i = 0; i < parts.size(); i++) {
      Class<TNumber> type = Reals.computeType(variables.get(i));
      keeper.keep(slot, i, toKeep(space.ops(i), parts.get(i), type));
    }
  }

  @Override
  public Operand<TNumber> keptScalar(String name) {
    Operand<TNumber> kept = read(Reals.unchecked(state.scalar(slot(name))));
    return new Reals(space.ops()).cast(kept, scalar(0).type());
  }

  @Override
  public void keepScalar(String name, Operand<? extends TNumber> value) {
    keeper.keepScalar(slot(name), toKeep(space.ops(), value, TFloat64.class));
  }

  private String slot(String name) {
    GraphScope.requireValid(name);
    return owner + "-" + name;
  }

  private Operand<TNumber> read(Operand<TNumber> slot) {
    Operand<TNumber> entered = entrance.apply(slot);
    inVariables.add(entered.asOutput());
    return entered;
  }

  /** In no memory of a variable, which may be assigned first. */
  private <T extends TNumber> Operand<T> toKeep(
      Ops tf, Operand<? extends TNumber> value, Class<T> type) {
    Operand<TNumber> own =
        inVariables.contains(value.asOutput())
            ? tf.deepCopy(Reals.<Operand<TNumber>>unchecked(value))
            : Reals.unchecked(value);
    return Reals.unchecked(new Reals(tf).cast(own, Reals.unchecked(type)));
  }

  @Override
  public Operand<TInt64> steps() {
    return state.steps();
  }

  @Override
  public Operand<TInt64> ascents() {
    return state.ascents(gate);
  }

  @Override
  public Ops ops() {
    return space.ops();
  }

  @Override
  public Operand<TNumber> scalar(double value) {
    return space.scalar(value);
  }

  /** A vector of tensors of any floating-point types, one a variable. */
  WeightVector vector(List<? extends Operand<?>> tensors) {
    return space.vector(tensors);
  }

  /** Whether a vector is g, and not what was made of it. */
  boolean isGradient(WeightVector vector) {
    return vector == gradient;
  }

  /** The device of an op. */
  static String device(Operand<?> operand) {
    return ((GraphOperation) operand.op()).device();
  }
}
