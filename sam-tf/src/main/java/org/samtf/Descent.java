package org.samtf;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.samtf.direction.WeightVector;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.family.TNumber;

/**
 * What a step makes of the means over all replicas: ∇L(w+ε) to apply, or what a direction makes of
 * it and of g; and in steps without a second pass what is applied in its place.
 */
final class Descent {

  private final GraphScope scope;
  private final SamSettings settings;
  private final int replicas;
  private final Momenta momenta;
  private final StepState state;

  /** The sums of g over the replicas, where a step needs their mean. */
  final GradientSums firstSums;

  private final Map<Output<?>, Operand<TNumber>> means = new HashMap<>();
  private final Map<List<String>, Ops> opsByPlace = new HashMap<>();

  /**
   * Of a step.
   *
   * @param scope that of the step
   * @param replicas how many there are
   */
  Descent(GraphScope scope, SamSettings settings, int replicas, Momenta momenta, StepState state) {
    this.scope = scope;
    this.settings = settings;
    this.replicas = replicas;
    this.momenta = momenta;
    this.state = state;
    this.firstSums = new GradientSums(settings.cut.isSequential());
  }

  /**
   * ∇L(w+ε), or what is made of it and of g; what is applied in its place in other steps.
   *
   * @param sums those of ∇L(w+ε)
   * @param at where the ops go
   * @param gate what leaves the second pass out of some steps
   */
  List<Operand<TNumber>> applied(
      List<Output<?>> trained, GradientSums sums, GraphScope at, Gate gate) {
    List<Operand<TNumber>> perturbed = new ArrayList<>();
    for (Output<?> variable : trained) {
      Reals reals = new Reals(opsFor(variable, at));
      perturbed.add(sums.times(variable, reals, 1.0 / replicas));
    }
    if (settings.descentDirection.isPresent()) {
      GraphStep step = step(trained, at, gate, x -> gate.enter(x, GraphStep.device(x)), true);
      WeightVector ofGradient = step.vector(perturbed);
      perturbed =
          inTypesOf(trained, at, settings.descentDirection.get().of(step, ofGradient).parts());
    }
    if (gate.isOpen()) {
      return perturbed;
    }
    List<Operand<TNumber>> plain = withoutSecondPass(trained, at, gate);
    List<Operand<TNumber>> merged = new ArrayList<>();
    for (int i = 0; i < trained.size(); i++) {
      Ops tf = opsFor(trained.get(i), at);
      merged.add(gate.leave(tf.withName("update"), perturbed.get(i), plain.get(i)));
    }
    return merged;
  }

  /** What is applied in a step without a second pass: g, bit for bit, if nothing is made of it. */
  private List<Operand<TNumber>> withoutSecondPass(
      List<Output<?>> trained, GraphScope at, Gate gate) {
    UnaryOperator<Operand<TNumber>> passing = x -> gate.pass(x, GraphStep.device(x));
    if (settings.descentDirection.isPresent()) {
      GraphStep step = step(trained, at.withSubScope("plain"), gate, passing, false);
      WeightVector direction = settings.descentDirection.get().withoutSecondPass(step);
      if (!step.isGradient(direction)) {
        return inTypesOf(trained, at, direction.parts());
      }
    }
    return all(gradients(trained), passing);
  }

  /**
   * The vectors of the means over all replicas, as a part of the step reads them.
   *
   * @param entrance how they come into that part
   * @param inActive whether what is kept is kept by steps with a second pass, or by the others
   */
  GraphStep step(
      List<Output<?>> trained,
      GraphScope at,
      Gate gate,
      UnaryOperator<Operand<TNumber>> entrance,
      boolean inActive) {
    List<Ops> places = new ArrayList<>();
    trained.forEach(variable -> places.add(opsFor(variable, at)));
    GraphStep.Parts parts = new GraphStep.Parts();
    parts.variables = trained;
    parts.space =
        new GraphVector.Space(at.ops(), places, Reals.commonType(trained), settings.cpuOnly);
    parts.state = state;
    parts.gate = gate;
    parts.entrance = entrance;
    parts.owner = "descent";
    parts.keeper =
        new GraphStep.Keeper() {
          @Override
          public void keep(String name, int variable, Operand<TNumber> value) {
            state.keep(name, trained.get(variable), value, inActive);
          }

          @Override
          public void keepScalar(String name, Operand<TFloat64> value) {
            state.keep(name, value, inActive);
          }
        };
    parts.gradients = () -> all(gradients(trained), entrance);
    parts.weights = () -> all(trained, entrance);
    parts.momenta = () -> all(momenta.of(trained, trained, state), entrance);
    return new GraphStep(parts);
  }

  private static List<Operand<TNumber>> all(
      List<? extends Operand<?>> xs, UnaryOperator<Operand<TNumber>> entrance) {
    List<Operand<TNumber>> entered = new ArrayList<>();
    xs.forEach(x -> entered.add(entrance.apply(Reals.unchecked(x))));
    return entered;
  }

  /** g, the mean over all replicas. */
  private List<Operand<TNumber>> gradients(List<Output<?>> trained) {
    List<Operand<TNumber>> gradients = new ArrayList<>();
    for (Output<?> variable : trained) {
      gradients.add(
          means.computeIfAbsent(
              variable,
              v -> {
                Ops tf = opsFor(v, scope.withSubScope("ascent"));
                return firstSums.times(v, new Reals(tf), 1.0 / replicas);
              }));
    }
    return gradients;
  }

  /** Vectors are computed in float32 at least; gradients are of the variables' types. */
  private List<Operand<TNumber>> inTypesOf(
      List<Output<?>> trained, GraphScope at, List<Operand<TNumber>> parts) {
    List<Operand<TNumber>> cast = new ArrayList<>();
    for (int i = 0; i < trained.size(); i++) {
      Output<?> variable = trained.get(i);
      Reals reals = new Reals(opsFor(variable, at));
      cast.add(reals.cast(parts.get(i), Reals.unchecked(variable.type())));
    }
    return cast;
  }

  /** Ops below a scope, on the device of a variable. */
  Ops opsFor(Output<?> variable, GraphScope at) {
    String device = GraphStep.device(variable);
    return opsByPlace.computeIfAbsent(
        List.of(at.path(), device), key -> at.withDeviceString(device).ops());
  }
}
