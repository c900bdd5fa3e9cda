package org.samtf;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;

/**
 * Puts gradient ops on a device.
 *
 * <p>TensorFlow's gradient builder knows no devices, and the device of an op cannot be changed: the
 * ops are written again. The first ones are run by nothing.
 */
final class GradientPlacement {

  private GradientPlacement() {}

  /**
   * Copies the ops whose names start with {@code prefix} to the device of {@code scope}.
   *
   * @return the copies' outputs in place of {@code gradients}
   */
  static Output<?>[] place(Output<?>[] gradients, String prefix, GraphScope scope) {
    OpCopier copier = new OpCopier(scope.withSubScope("placed"), scope.getDeviceString(), 0);
    Map<GraphOperation, GraphOperation> copies = new HashMap<>();
    Output<?>[] placed = new Output<?>[gradients.length];
    for (int i = 0; i < gradients.length; i++) {
      placed[i] = gradients[i];
      if (!gradients[i].isClosed()) {
        GraphOperation op = (GraphOperation) gradients[i].op();
        copyBehind(op, prefix, copier, copies);
        placed[i] = copies.getOrDefault(op, op).output(gradients[i].index());
      }
    }
    return placed;
  }

  private static void copyBehind(
      GraphOperation last,
      String prefix,
      OpCopier copier,
      Map<GraphOperation, GraphOperation> copies) {
    Deque<GraphOperation> stack = new ArrayDeque<>();
    Set<GraphOperation> opened = new HashSet<>();
    stack.push(last);
    while (!stack.isEmpty()) {
      GraphOperation op = stack.peek();
      if (copies.containsKey(op) || !op.name().startsWith(prefix)) {
        stack.pop();
        continue;
      }
      List<Operand<?>> inputs = op.inputs();
      if (opened.add(op)) {
        inputs.forEach(input -> stack.push((GraphOperation) input.op()));
        op.controlInputs().forEach(stack::push);
        continue;
      }
      stack.pop();
      List<Output<?>> placed = new ArrayList<>();
      for (Operand<?> input : inputs) {
        GraphOperation source = (GraphOperation) input.op();
        placed.add(copies.getOrDefault(source, source).output(input.asOutput().index()));
      }
      List<GraphOperation> controls = new ArrayList<>();
      op.controlInputs().forEach(control -> controls.add(copies.getOrDefault(control, control)));
      copies.put(op, copier.copy(op, placed, controls));
    }
  }
}
