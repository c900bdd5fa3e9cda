package org.samtf;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.types.family.TNumber;

/** A sum over replicas: first of those on one device, so that one tensor leaves each device. */
final class DeviceSums {

  private final Map<String, List<Output<?>>> summandsByDevice = new LinkedHashMap<>();

  /** Where the sum on a device goes: the scope of the first summand there. */
  private final Map<String, GraphScope> scopesByDevice = new LinkedHashMap<>();

  /**
   * Adds a tensor.
   *
   * @param scope where an op of its device may go
   */
  void add(GraphScope scope, Output<?> summand) {
    summands(scope).add(summand);
  }

  /**
   * Adds a tensor to the sum on its device at once, so that its memory is free again.
   *
   * @param scope where an op of its device may go
   * @return the sum on that device up to now
   */
  Output<?> addUp(GraphScope scope, Output<?> summand) {
    List<Output<?>> summands = summands(scope);
    if (summands.isEmpty()) {
      summands.add(summand);
    } else {
      Operand<TNumber> sum = Reals.unchecked(summands.get(0));
      Operand<TNumber> other = Reals.unchecked(summand);
      summands.set(0, scope.ops().withName("sum").math.add(sum, other).asOutput());
    }
    return summands.get(0);
  }

  /** The sum over all devices, times a factor. */
  Operand<TNumber> times(Reals reals, double factor) {
    if (summandsByDevice.size() == 1) {
      return reals.sum(summandsByDevice.values().iterator().next(), factor);
    }
    List<Output<?>> sums = new ArrayList<>();
    summandsByDevice.forEach(
        (device, summands) -> {
          Reals there = new Reals(scopesByDevice.get(device).ops().withName("sum"));
          List<Operand<TNumber>> operands = new ArrayList<>();
          summands.forEach(summand -> operands.add(Reals.unchecked(summand)));
          sums.add(there.inOrder(operands).asOutput());
        });
    return reals.sum(sums, factor);
  }

  private List<Output<?>> summands(GraphScope scope) {
    scopesByDevice.putIfAbsent(scope.getDeviceString(), scope);
    return summandsByDevice.computeIfAbsent(scope.getDeviceString(), d -> new ArrayList<>());
  }
}
