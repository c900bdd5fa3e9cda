package org.samtf;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.family.TNumber;

/** What the ε of a group of replicas, which share it, goes along: g, or what is made of it. */
final class GroupGradients {

  private final SamSettings settings;
  private final DeviceReads reads;
  private final Momenta momenta;
  private final StepState state;
  private final Gate gate;

  /**
   * Of a step.
   *
   * @param gate what they go through to the second pass
   */
  GroupGradients(
      SamSettings settings, DeviceReads reads, Momenta momenta, StepState state, Gate gate) {
    this.settings = settings;
    this.reads = reads;
    this.momenta = momenta;
    this.state = state;
    this.gate = gate;
  }

  /**
   * What ε goes along, one tensor a perturbed variable.
   *
   * @param group the replicas
   * @param at where the ops go
   * @param number that of the group
   * @throws IllegalArgumentException if the replicas perturb different variables
   */
  List<Operand<TNumber>> directions(List<FirstPass> group, GraphScope at, int number) {
    FirstPass first = group.get(0);
    group.forEach(other -> requireSameVariables(first, other));
    AscentPlaces places = AscentPlaces.of(group);
    if (settings.ascentDirection.isEmpty()) {
      return means(group, at, places);
    }
    String device = first.scope.getDeviceString();
    GraphScope direction = at.withSubScope("direction");
    GraphStep.Parts parts = new GraphStep.Parts();
    parts.variables = first.perturbed;
    parts.space =
        new GraphVector.Space(
            direction.ops(),
            places.ops(direction, first.perturbed),
            Reals.commonType(first.perturbed),
            settings.cpuOnly);
    parts.state = state;
    parts.gate = gate;
    parts.entrance = x -> gate.enter(x, device);
    parts.owner = "ascent";
    parts.keeper =
        new GraphStep.Keeper() {
          @Override
          public void keep(String name, int variable, Operand<TNumber> value) {
            state.keepMean(at, name, first.perturbed.get(variable), value);
          }

          @Override
          public void keepScalar(String name, Operand<TFloat64> value) {
            state.keepMean(at, name, value);
          }
        };
    parts.draw = number;
    parts.gradients = () -> means(group, at, places);
    parts.weights = () -> places.enter(gate, first.perturbed, v -> reads.read(v, places.device(v)));
    parts.momenta =
        () ->
            gate.enter(
                momenta.of(List.copyOf(first.gradients.keySet()), first.perturbed, state), device);
    return settings.ascentDirection.get().of(new GraphStep(parts)).parts();
  }

  /** The mean of g over the replicas. */
  private List<Operand<TNumber>> means(List<FirstPass> group, GraphScope at, AscentPlaces places) {
    List<Operand<TNumber>> gradients = new ArrayList<>();
    List<Output<?>> perturbed = group.get(0).perturbed;
    List<Ops> ops = places.ops(at, perturbed);
    for (int i = 0; i < perturbed.size(); i++) {
      Output<?> variable = perturbed.get(i);
      DeviceSums sum = new DeviceSums();
      for (FirstPass pass : group) {
        Operand<?> gradient =
            gate.enter(pass.gradients.get(variable), pass.scope.getDeviceString());
        sum.add(pass.scope.withSubScope("ascent"), gradient.asOutput());
      }
      gradients.add(sum.times(new Reals(ops.get(i)), 1.0 / group.size()));
    }
    return gradients;
  }

  private static void requireSameVariables(FirstPass first, FirstPass other) {
    if (!new HashSet<>(first.perturbed).equals(new HashSet<>(other.perturbed))) {
      throw new IllegalArgumentException(
          "losses \""
              + first.replica.loss.op().name()
              + "\" and \""
              + other.replica.loss.op().name()
              + "\" share a perturbation but reach different variables, "
              + TrainedVariables.names(first.perturbed)
              + " and "
              + TrainedVariables.names(other.perturbed)
              + "; give each its own perturbation");
    }
  }
}
