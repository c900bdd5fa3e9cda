package org.samtf;

import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.types.family.TNumber;

/** ε(w), of the replicas that share it. */
final class Ascended {

  /** The variables that are perturbed. */
  final List<Output<?>> variables;

  final Perturbation perturbation;

  /** Which variables' ε are in one tensor. */
  final Packing packing;

  /** ε as it was computed. */
  final List<Operand<TNumber>> packedEpsilons;

  /** ε of each of {@link #variables}. */
  final List<Operand<TNumber>> epsilons;

  Ascended(
      List<Output<?>> variables,
      Perturbation perturbation,
      Packing packing,
      List<Operand<TNumber>> packedEpsilons,
      List<Operand<TNumber>> epsilons) {
    this.variables = variables;
    this.perturbation = perturbation;
    this.packing = packing;
    this.packedEpsilons = packedEpsilons;
    this.epsilons = epsilons;
  }
}
