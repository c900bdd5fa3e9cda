package org.samtf;

import java.util.HashMap;
import java.util.Map;
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

  /** The reads go below {@code scope}. */
  DeviceReads(GraphScope scope) {
    this.scope = scope;
  }

  /**
   * What to read in place of a variable.
   *
   * @param device where it is read; if that is empty, or there are no weights in the variable, it
   *     is read as it is
   */
  Output<?> read(Output<?> variable, String device) {
    if (device.isEmpty() || !Reals.isFloating(variable)) {
      return variable;
    }
    return readsByDevice
        .computeIfAbsent(device, d -> new HashMap<>())
        .computeIfAbsent(
            variable,
            v ->
                scope
                    .withDeviceString(device)
                    .withName(v.op().name())
                    .ops()
                    .identity(v)
                    .asOutput());
  }
}
