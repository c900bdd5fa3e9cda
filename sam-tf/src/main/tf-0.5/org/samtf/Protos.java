package org.samtf;

import org.tensorflow.proto.framework.ConfigProto;
import org.tensorflow.proto.framework.GPUOptions;
import org.tensorflow.proto.framework.RunOptions;

/** TensorFlow's messages, whose package differs between lines of TensorFlow Java. */
final class Protos {

  private Protos() {}

  /** The settings of a session. */
  static ConfigProto.Builder config() {
    return ConfigProto.newBuilder();
  }

  /** The settings of a session that takes GPU memory only as it needs it. */
  static ConfigProto growingMemory() {
    return config().setGpuOptions(GPUOptions.newBuilder().setAllowGrowth(true)).build();
  }

  /** The options of a run that tells which ops ran on which device, after all rewriting. */
  static RunOptions partitionGraphs() {
    return RunOptions.newBuilder().setOutputPartitionGraphs(true).build();
  }
}
