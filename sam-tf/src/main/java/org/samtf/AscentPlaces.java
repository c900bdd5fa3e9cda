package org.samtf;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.samtf.internal.graph.GraphScope;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Ops;
import org.tensorflow.types.family.TNumber;

/**
 * Where the ε of each variable is computed: on the device of the first replica.
 *
 * <p>But if several replicas share it, and the variables are on several devices, on that of the
 * variable. No one device then takes the gradients of all replicas in all variables.
 */
final class AscentPlaces {

  private final String first;
  private final boolean isSpread;

  private AscentPlaces(String first, boolean isSpread) {
    this.first = first;
    this.isSpread = isSpread;
  }

  /** For replicas that share a perturbation. */
  static AscentPlaces of(List<FirstPass> group) {
    FirstPass first = group.get(0);
    Set<String> devices = new HashSet<>();
    first.perturbed.forEach(variable -> devices.add(GraphStep.device(variable)));
    return new AscentPlaces(first.scope.getDeviceString(), group.size() > 1 && devices.size() > 1);
  }

  /** The device of what is of a variable. */
  String device(Output<?> variable) {
    String own = GraphStep.device(variable);
    return isSpread && !own.isEmpty() ? own : first;
  }

  /** Ops below a scope, for each of some variables. */
  List<Ops> ops(GraphScope at, List<Output<?>> variables) {
    Map<String, Ops> byDevice = new HashMap<>();
    List<Ops> ops = new ArrayList<>();
    for (Output<?> variable : variables) {
      ops.add(
          byDevice.computeIfAbsent(device(variable), device -> at.withDeviceString(device).ops()));
    }
    return ops;
  }

  /** What is read in place of each variable, as the part behind a gate has it. */
  List<Operand<TNumber>> enter(
      Gate gate, List<Output<?>> variables, UnaryOperator<Output<?>> read) {
    List<Operand<TNumber>> entered = new ArrayList<>();
    for (Output<?> variable : variables) {
      entered.addAll(gate.enter(List.of(read.apply(variable)), device(variable)));
    }
    return entered;
  }
}
