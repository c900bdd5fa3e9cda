package org.samtf.internal.graph;

import com.google.protobuf.InvalidProtocolBufferException;
import java.nio.ByteBuffer;
import org.tensorflow.proto.distruntime.ServerDef;
import org.tensorflow.proto.framework.ConfigProto;
import org.tensorflow.proto.framework.GPUOptions;
import org.tensorflow.proto.framework.GraphDef;
import org.tensorflow.proto.framework.KernelList;
import org.tensorflow.proto.framework.MetaGraphDef;
import org.tensorflow.proto.framework.RunOptions;
import org.tensorflow.proto.framework.SavedModel;

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

  /**
   * What a saved_model.pb holds.
   *
   * @throws InvalidProtocolBufferException if it is none
   */
  public static SavedModel savedModel(byte[] serialized) throws InvalidProtocolBufferException {
    return SavedModel.parseFrom(serialized);
  }

  /**
   * A graph as the only one of a SavedModel.
   *
   * @param graphDef the graph, in binary form
   * @param tag what the graph is loaded by
   * @throws InvalidProtocolBufferException if it is no graph
   */
  public static SavedModel savedModel(byte[] graphDef, String tag)
      throws InvalidProtocolBufferException {
    MetaGraphDef.Builder metaGraph = MetaGraphDef.newBuilder();
    metaGraph.getMetaInfoDefBuilder().addTags(tag);
    metaGraph.setGraphDef(GraphDef.parseFrom(graphDef));
    return SavedModel.newBuilder().addMetaGraphs(metaGraph).build();
  }
}
