package org.samtf.internal.graph;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.TextFormat;
import java.nio.ByteBuffer;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.CollectionDef;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GPUOptions;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.KernelList;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.RunOptions;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.ServerDef;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.Struct.StructuredValue;
import org.tensorflow.proto.Struct.TensorSpecProto;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorShapeProto;
import org.tensorflow.proto.VariableDef;

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

  /**
   * What a saved_model.pbtxt holds.
   *
   * @throws TextFormat.ParseException if it is none
   */
  public static SavedModel savedModelOfText(String text) throws TextFormat.ParseException {
    SavedModel.Builder model = SavedModel.newBuilder();
    TextFormat.merge(text, model);
    return model.build();
  }

  /**
   * A graph, in text form.
   *
   * @throws TextFormat.ParseException if it is none
   */
  public static GraphDef graphOfText(String text) throws TextFormat.ParseException {
    GraphDef.Builder graph = GraphDef.newBuilder();
    TextFormat.merge(text, graph);
    return graph.build();
  }

  /**
   * What a .meta file holds.
   *
   * @throws InvalidProtocolBufferException if it is none
   */
  public static MetaGraphDef metaGraph(byte[] serialized) throws InvalidProtocolBufferException {
    return MetaGraphDef.parseFrom(serialized);
  }

  /** One graph of a SavedModel. */
  public static MetaGraphDef metaGraph(Message message) {
    return (MetaGraphDef) message;
  }

  /** An empty graph of a SavedModel. */
  public static MetaGraphDef.Builder metaGraph() {
    return MetaGraphDef.newBuilder();
  }

  /** A SavedModel of one graph. */
  public static SavedModel savedModelOf(Message metaGraph) {
    return SavedModel.newBuilder().addMetaGraphs((MetaGraphDef) metaGraph).build();
  }

  /** A node. */
  public static NodeDef.Builder node() {
    return NodeDef.newBuilder();
  }

  /** A node of a graph. */
  public static NodeDef node(Message message) {
    return (NodeDef) message;
  }

  /** The value of an attribute. */
  public static AttrValue attribute(Message message) {
    return (AttrValue) message;
  }

  /** The value of an attribute that is to be made. */
  public static AttrValue.Builder attribute() {
    return AttrValue.newBuilder();
  }

  /** A text as the value of an attribute. */
  public static AttrValue attribute(String text) {
    return attribute().setS(ByteString.copyFromUtf8(text)).build();
  }

  /** A function of a graph. */
  public static FunctionDef function(Message message) {
    return (FunctionDef) message;
  }

  /** A collection that names ops. */
  public static CollectionDef namesOf(Iterable<String> names) {
    CollectionDef.Builder collection = CollectionDef.newBuilder();
    collection.getNodeListBuilder().addAllValue(names);
    return collection.build();
  }

  /**
   * What Python's TensorFlow 1 says of a variable.
   *
   * @throws InvalidProtocolBufferException if it says nothing
   */
  public static VariableDef variable(ByteString serialized) throws InvalidProtocolBufferException {
    return VariableDef.parseFrom(serialized);
  }

  /** Nested values, as Python's functions take and return them. */
  public static StructuredValue structure(Message message) {
    return (StructuredValue) message;
  }

  /** A signature that is to be made. */
  public static SignatureDef.Builder signature() {
    return SignatureDef.newBuilder();
  }

  /** A tensor of a signature that is to be made. */
  public static TensorInfo.Builder tensorInfo() {
    return TensorInfo.newBuilder();
  }

  /** A tensor of a signature. */
  public static TensorInfo tensorInfo(Message message) {
    return (TensorInfo) message;
  }

  /** What Python says of a tensor that a function takes or returns. */
  public static TensorSpecProto tensorSpec(Message message) {
    return (TensorSpecProto) message;
  }

  /** The shape of a tensor. */
  public static TensorShapeProto shape(Message message) {
    return (TensorShapeProto) message;
  }
}
