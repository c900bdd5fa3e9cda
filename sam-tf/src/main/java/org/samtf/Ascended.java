package org.samtf;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.samtf.internal.graph.Places;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.family.TNumber;

/** ε(w), of the replicas that share it. */
final class Ascended {

  /** The variables that are perturbed. */
  final List<Output<?>> variables;

  /** Which variables' ε are in one tensor. */
  final Packing packing;

  /** ε as it was computed. */
  final List<Operand<TNumber>> packedEpsilons;

  /** A scalar that no entry of ε exceeds in magnitude, and that is of the order of the largest. */
  final Operand<TNumber> bound;

  /** ‖g‖_q at w, a scalar. */
  final Operand<TNumber> dualNorm;

  /** Whether the gradients that ε was computed from are finite; or what fails if they are not. */
  final List<Operand<TBool>> finite;

  /** What the weights that ε is added to go through. */
  final Gate gate;

  private final Ops tf;
  private List<Operand<TNumber>> epsilons;

  private Ascended(
      Ops tf,
      List<Output<?>> variables,
      Packing packing,
      List<Operand<TNumber>> packedEpsilons,
      Operand<TNumber> bound,
      Operand<TNumber> dualNorm,
      List<Operand<TBool>> finite,
      Gate gate) {
    this.tf = tf;
    this.variables = variables;
    this.packing = packing;
    this.packedEpsilons = packedEpsilons;
    this.bound = bound;
    this.dualNorm = dualNorm;
    this.finite = finite;
    this.gate = gate;
  }

  /**
   * Computes ε.
   *
   * @param directions what it goes along, one tensor a variable
   * @param names those of the variables, for messages and settings
   * @param weights writes what reads w, one tensor a variable
   * @param tf where the ops go
   * @param state where steps are counted
   */
  static Ascended along(
      List<? extends Operand<?>> directions,
      List<Output<?>> variables,
      List<String> names,
      Supplier<List<? extends Operand<?>>> weights,
      Ops tf,
      SamSettings settings,
      StepState state,
      Gate gate) {
    Reals reals = new Reals(tf);
    Packing packing = settings.packing(directions, names);
    List<Operand<TNumber>> packed = new ArrayList<>();
    packing
        .pack(tf, directions)
        .forEach(d -> packed.add(reals.beside(d).cast(d, Reals.computeType(d))));
    Operand<TNumber> rho = settings.rho.in(tf, Reals.commonType(packed), state);
    if (settings.ascentSteps > 1) {
      rho = tf.math.mul(rho, reals.constant(1.0 / settings.ascentSteps, rho.type()));
    }
    Perturbation perturbation =
        settings
            .ascent(names)
            .perturb(tf, packed, () -> packing.pack(tf, weights.get()), packing.groups, rho);
    return new Ascended(
        tf,
        variables,
        packing,
        perturbation.epsilons(tf),
        perturbation.bound,
        perturbation.dualNorm,
        List.of(perturbation.finite),
        gate);
  }

  /** The sum of this ε and one of another ascent, which began where this one ended. */
  Ascended and(Ascended next) {
    List<Operand<TNumber>> sums = new ArrayList<>();
    for (int i = 0; i < packedEpsilons.size(); i++) {
      Operand<TNumber> epsilon = packedEpsilons.get(i);
      Ops there = Places.beside(tf, epsilon);
      sums.add(there.withName("epsilon").math.add(epsilon, next.packedEpsilons.get(i)));
    }
    List<Operand<TBool>> all = new ArrayList<>(finite);
    all.addAll(next.finite);
    return new Ascended(
        next.tf, variables, packing, sums, tf.math.add(bound, next.bound), dualNorm, all, gate);
  }

  /** ε of each of {@link #variables}; its ops are written when it is first asked for. */
  List<Operand<TNumber>> epsilons() {
    if (epsilons == null) {
      epsilons = packing.unpack(tf, packedEpsilons);
    }
    return epsilons;
  }
}
