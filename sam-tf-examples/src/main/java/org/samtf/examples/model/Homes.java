package org.samtf.examples.model;

import java.util.List;
import org.tensorflow.DeviceSpec;

/** Decides on which devices the variables of a network are. */
@FunctionalInterface
public interface Homes {

  /** Leaves all of them to TensorFlow. */
  Homes ANYWHERE = bytes -> List.of();

  /**
   * Decides.
   *
   * @param bytes the size of each variable, in the order in which they are made
   * @return the device of each; nothing to leave them to TensorFlow
   */
  List<DeviceSpec> of(List<Long> bytes);
}
