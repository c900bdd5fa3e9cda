package org.samtf;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Op;
import org.tensorflow.types.family.TNumber;

/** The sums, over replicas, of the gradients in each variable. */
final class GradientSums {

  /** Whether gradients are added up at once, to free their memory before the next are computed. */
  private final boolean atOnce;

  private final Map<Output<?>, DeviceSums> sums = new LinkedHashMap<>();

  GradientSums(boolean atOnce) {
    this.atOnce = atOnce;
  }

  /**
   * Adds the gradients of a replica.
   *
   * @param at where ops of the replica go
   * @param gradients by variable
   * @return what is there when they have been added
   */
  List<Op> add(GraphScope at, Map<Output<?>, Output<?>> gradients) {
    List<Op> added = new ArrayList<>();
    gradients.forEach(
        (variable, gradient) -> {
          DeviceSums ofVariable = sums.computeIfAbsent(variable, v -> new DeviceSums());
          if (atOnce) {
            added.add(ofVariable.addUp(at, gradient));
          } else {
            ofVariable.add(at, gradient);
            added.add(gradient);
          }
        });
    return added;
  }

  /** The variables that there are gradients in, in the order in which they came. */
  Set<Output<?>> variables() {
    return sums.keySet();
  }

  /** The sum in a variable, times a factor. */
  Operand<TNumber> times(Output<?> variable, Reals reals, double factor) {
    return sums.get(variable).times(reals, factor);
  }
}
