package org.samtf.internal.graph;

import com.google.protobuf.InvalidProtocolBufferException;
import java.nio.ByteBuffer;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.GPUOptions;
import org.tensorflow.proto.KernelList;
import org.tensorflow.proto.RunOptions;
import org.tensorflow.proto.ServerDef;

/** TensorFlow's messages, whose package differs between lines of TensorFlow Java. */
public final class Protos {

  private Protos() {}

  /** The settings of a session. */
  public static ConfigProto.Builder config() {
    return ConfigProto.newBuilder();
  }

  /** The settings of a session that takes GPU memory only as it needs it. */
  public static ConfigProto growingMemory() {
    return config().setGpuOptions(GPUOptions.newBuilder().setAllowGrowth(true)).build();
  }

  /** The kernels that TensorFlow has for an op, from its serialized answer. */
  public static KernelList kernels(ByteBuffer serialized) {
    try {
      return KernelList.parseFrom(serialized);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("TensorFlow's list of kernels cannot be read", e);
    }
  }

  /** The options of a run that tells which ops ran on which device, after all rewriting. */
  public static RunOptions partitionGraphs() {
    return RunOptions.newBuilder().setOutputPartitionGraphs(true).build();
  }

  /** What a server needs to know. */
  public static ServerDef.Builder server() {
    return ServerDef.newBuilder();
  }
}
