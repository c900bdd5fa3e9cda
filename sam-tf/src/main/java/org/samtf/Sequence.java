package org.samtf;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.samtf.internal.graph.GraphScope;
import org.tensorflow.op.Op;

/** Lets the passes on a device come one after the other, so that one at a time needs memory. */
final class Sequence {

  private final boolean isKept;
  private final Map<String, Op> lastByDevice = new HashMap<>();

  private Sequence(boolean isKept) {
    this.isKept = isKept;
  }

  /** Nothing waits: TensorFlow may run passes at the same time. */
  static Sequence none() {
    return new Sequence(false);
  }

  static Sequence oneByOne() {
    return new Sequence(true);
  }

  /** What the next pass at a place waits for. */
  List<Op> before(GraphScope at) {
    Op last = lastByDevice.get(at.getDeviceString());
    return last == null ? List.of() : List.of(last);
  }

  /** Notes what ends the pass that was written last at a place. */
  void ends(GraphScope at, List<? extends Op> pass) {
    if (isKept) {
      Op end = at.withName("passIsOver").withControlDependencies(List.copyOf(pass)).ops().noOp();
      lastByDevice.put(at.getDeviceString(), end);
    }
  }
}
