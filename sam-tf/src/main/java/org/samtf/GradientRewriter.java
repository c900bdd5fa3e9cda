package org.samtf;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.OpCopier;
import org.samtf.internal.graph.OpKinds;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;

/**
 * Writes gradient ops again: on a device, or in a form whose kernels are faster.
 *
 * <p>TensorFlow's gradient builder knows neither devices nor alternatives, and an op cannot be
 * changed once it is there. The first ones stay in the graph and are run by nothing.
 */
final class GradientRewriter {

  private final String device;
  private final DeviceReads reads;
  private final OpCopier copier;
  private final boolean isPlacing;
  private final NarrowMatMuls narrow;
  private final Map<GraphOperation, GraphOperation> rewritten = new HashMap<>();

  private GradientRewriter(GraphScope scope, boolean narrowMatMuls, DeviceReads reads) {
    device = scope.getDeviceString();
    this.reads = reads;
    GraphScope at = scope.withSubScope("rewritten");
    isPlacing = !device.isEmpty();
    copier = new OpCopier(at, device, 0);
    narrow = narrowMatMuls ? new NarrowMatMuls(at) : null;
  }

  /**
   * Writes the ops whose names start with {@code prefix} again where there is a reason to.
   *
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
    GradientRewriter rewriter = new GradientRewriter(scope, narrowMatMuls, reads);
    Output<?>[] results = new Output<?>[gradients.length];
    for (int i = 0; i < gradients.length; i++) {
      results[i] = gradients[i];
      if (!gradients[i].isClosed()) {
        rewriter.rewriteBehind((GraphOperation) gradients[i].op(), prefix);
        results[i] = rewriter.rewritten(gradients[i]);
      }
    }
    return results;
  }

  private void rewriteBehind(GraphOperation last, String prefix) {
    Deque<GraphOperation> stack = new ArrayDeque<>();
    Set<GraphOperation> opened = new HashSet<>();
    stack.push(last);
    while (!stack.isEmpty()) {
      GraphOperation op = stack.peek();
      if (rewritten.containsKey(op) || !op.name().startsWith(prefix)) {
        stack.pop();
        continue;
      }
      List<Operand<?>> inputs = op.inputs();
      Set<GraphOperation> controls = op.controlInputs();
      if (opened.add(op)) {
        inputs.forEach(input -> stack.push((GraphOperation) input.op()));
        controls.forEach(stack::push);
      } else {
        stack.pop();
        rewritten.put(op, rewrite(op, inputs, controls));
      }
    }
  }

  private GraphOperation rewrite(
      GraphOperation op, List<Operand<?>> inputs, Set<GraphOperation> controls) {
    boolean isChanged = isPlacing;
    List<Output<?>> newInputs = new ArrayList<>();
    for (Operand<?> input : inputs) {
      Output<?> newInput = rewritten(input.asOutput());
      isChanged |= !newInput.op().equals(input.op());
      newInputs.add(newInput);
    }
    List<GraphOperation> newControls = new ArrayList<>();
    for (GraphOperation control : controls) {
      GraphOperation newControl = rewritten.getOrDefault(control, control);
      isChanged |= !newControl.equals(control);
      newControls.add(newControl);
    }
    if (narrow != null && narrow.isBetterFor(op)) {
      return narrow.write(op, newInputs, newControls);
    }
    return isChanged ? copier.copy(op, newInputs, newControls) : op;
  }

  private Output<?> rewritten(Output<?> output) {
    GraphOperation op = (GraphOperation) output.op();
    return OpKinds.isVariable(op.type())
        ? reads.read(output, device)
        : rewritten.getOrDefault(op, op).output(output.index());
  }
}
