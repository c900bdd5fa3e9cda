package org.samtf;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.samtf.internal.graph.Edges;
import org.samtf.internal.graph.GraphCopy;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.OpKinds;
import org.tensorflow.GraphOperation;
import org.tensorflow.Output;

/**
 * Writes gradient ops again: on a device, or in a form whose kernels are faster.
 *
 * <p>TensorFlow's gradient builder knows neither devices nor alternatives, and an op cannot be
 * changed once it is there. The first ones stay in the graph and are run by nothing.
 */
final class GradientRewriter {

  private GradientRewriter() {}

  /**
   * Writes the ops whose names start with {@code prefix} again where there is a reason to.
   *
   * @param gradients null where none flows
   * @param scope where the new ops go; if it has a device, all are written again, and on it
   * @param narrowMatMuls whether products that {@link NarrowMatMuls} has a better form of are a
   *     reason
   * @param reads how the new ops read variables
   * @return the new ops' outputs in place of {@code gradients}
   */
  static Output<?>[] rewrite(
      Output<?>[] gradients,
      String prefix,
      GraphScope scope,
      boolean narrowMatMuls,
      DeviceReads reads) {
    if (scope.getDeviceString().isEmpty() && !narrowMatMuls) {
      return gradients;
    }
    String device = scope.getDeviceString();
    GraphScope at = scope.withSubScope("rewritten");
    NarrowMatMuls narrow = narrowMatMuls ? new NarrowMatMuls(at) : null;
    GraphCopy copy =
        GraphCopy.below(at)
            .on(device)
            .reading((reader, index, input) -> read(input, reads, device));
    for (GraphOperation op : behind(gradients, prefix)) {
      if (narrow != null && narrow.isBetterFor(op)) {
        copy.put(op, narrow.write(op, copy.inputsOf(op), copy.controlsOf(op)));
      } else if (!device.isEmpty()) {
        copy.add(op);
      } else {
        copy.addIfChanged(op, List.of());
      }
    }
    Output<?>[] results = new Output<?>[gradients.length];
    for (int i = 0; i < gradients.length; i++) {
      results[i] = gradients[i] == null ? null : copy.of(read(gradients[i], reads, device));
    }
    return results;
  }

  private static Output<?> read(Output<?> input, DeviceReads reads, String device) {
    return OpKinds.isVariable(input.op().type()) ? reads.read(input, device) : input;
  }

  /** The gradient ops, each after those that it is computed from. */
  private static List<GraphOperation> behind(Output<?>[] gradients, String prefix) {
    Predicate<GraphOperation> isGradient = op -> op.name().startsWith(prefix);
    List<GraphOperation> last = new ArrayList<>();
    for (Output<?> gradient : gradients) {
      if (gradient != null && isGradient.test((GraphOperation) gradient.op())) {
        last.add((GraphOperation) gradient.op());
      }
    }
    return Edges.inputsFirst(last, isGradient);
  }
}
