package org.samtf;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Reals;
import org.tensorflow.GraphOperation;
import org.tensorflow.Output;

/**
 * The variables as the devices read them.
 *
 * <p>TensorFlow sends a tensor to a device once, whatever number of ops reads it there, but a
 * variable, which is taken by reference, once for each of them. So one op on the device reads it,
 * and the others read that op's output.
 */
final class DeviceReads {

  private final GraphScope scope;
  private final Map<String, Map<Output<?>, Output<?>>> readsByDevice = new HashMap<>();
  private final Set<GraphOperation> leftOut = new HashSet<>();

  private DeviceReads(GraphScope scope) {
    this.scope = scope;
  }

  /** Reads that go below {@code scope}. */
  static DeviceReads below(GraphScope scope) {
    return new DeviceReads(scope);
  }

  /** All variables are read as they are, as has to be if they change within a step. */
  static DeviceReads none() {
    return new DeviceReads(null);
  }

  /** Leaves variables to be read as they are. */
  void leaveOut(Set<GraphOperation> variables) {
    leftOut.addAll(variables);
  }

  /**
   * What to read in place of a variable.
   *
   * @param device where it is read; if that is empty, or there are no weights in the variable, or
   *     it was left out, it is read as it is
   */
  Output<?> read(Output<?> variable, String device) {
    GraphOperation op = (GraphOperation) variable.op();
    if (scope == null || device.isEmpty() || !Reals.isFloating(variable) || leftOut.contains(op)) {
      return variable;
    }
    return readsByDevice
        .computeIfAbsent(device, d -> new HashMap<>())
        .computeIfAbsent(
            variable,
            v -> scope.withDeviceString(device).withName(op.name()).ops().identity(v).asOutput());
  }

  /** What to read in place of each of some variables. */
  List<Output<?>> read(List<Output<?>> variables, String device) {
    List<Output<?>> read = new ArrayList<>();
    variables.forEach(variable -> read.add(read(variable, device)));
    return read;
  }
}
