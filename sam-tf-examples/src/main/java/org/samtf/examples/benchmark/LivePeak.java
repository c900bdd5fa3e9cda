package org.samtf.examples.benchmark;

import java.util.TreeMap;
import org.tensorflow.proto.AllocationRecord;
import org.tensorflow.proto.AllocatorMemoryUsed;
import org.tensorflow.proto.DeviceStepStats;
import org.tensorflow.proto.NodeExecStats;
import org.tensorflow.proto.RunMetadata;

/** The most that tensors of a step took at the same time, from TensorFlow's record of them. */
final class LivePeak {

  private LivePeak() {}

  /** Bytes; 0 if nothing is recorded. */
  static long of(RunMetadata metadata) {
    // Times are in microseconds; what is freed and allocated within one is taken together.
    TreeMap<Long, Long> changes = new TreeMap<>();
    for (DeviceStepStats device : metadata.getStepStats().getDevStatsList()) {
      for (NodeExecStats node : device.getNodeStatsList()) {
        for (AllocatorMemoryUsed memory : node.getMemoryList()) {
          for (AllocationRecord record : memory.getAllocationRecordsList()) {
            changes.merge(record.getAllocMicros(), record.getAllocBytes(), Long::sum);
          }
        }
      }
    }
    long live = 0;
    long peak = 0;
    for (long change : changes.values()) {
      live += change;
      peak = Math.max(peak, live);
    }
    return peak;
  }
}
