package org.samtf.internal.flat;

import com.google.protobuf.Message;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samtf.internal.graph.NotTrainable;
import org.samtf.internal.graph.OpKinds;
import org.samtf.internal.graph.Protos;

/**
 * A model with resource variables, as one that TensorFlow Java can train.
 *
 * <p>The functions that its signatures call are put in their place, and each resource variable is
 * made a reference variable, which has no value yet. What no signature needs is left out, if the
 * model is of TensorFlow 2: its graph holds nothing else but what saves and restores.
 */
public final class FlatModel {

  /** What Python's TensorFlow 1 wants to be run with a step. */
  private static final String UPDATES = "update_ops";

  /** Signatures that are for TensorFlow and not for users. */
  private static final String INTERNAL_SIGNATURE = "__saved_model";

  /** The signature, and the collections, that name what is run when the model is loaded. */
  private static final String FIRST = "__saved_model_init_op";

  private static final List<String> FIRST_COLLECTIONS =
      List.of("saved_model_main_op", "legacy_init_op", "table_initializer");

  private final Message metaGraph;
  private final SavedVariables saved;
  private final FunctionInliner inliner;
  private FlatGraph graph;
  private Map<String, List<String>> keys;
  private Map<String, Integer> savedTensors;
  private Map<String, String> names = Map.of();

  /** Why ops cannot be kept, by their names. */
  private final Map<String, String> refusedOps = new LinkedHashMap<>();

  private final Map<String, String> refusedSignatures = new LinkedHashMap<>();
  private final List<String> notTrainable = new ArrayList<>();
  private final FunctionLibrary functions;
  private final Map<String, SignatureParts> signatures = new LinkedHashMap<>();
  private Tables tables;

  /** The op that is to be run when the model is loaded; null for none. */
  private String fillsTables;

  private Message result;

  private FlatModel(Message metaGraph) {
    this.metaGraph = metaGraph;
    this.saved = SavedVariables.of(metaGraph);
    functions = new FunctionLibrary(metaGraph);
    inliner = new FunctionInliner(functions);
  }

  /** Whether a graph of a SavedModel has resource variables. */
  public static boolean isNeeded(Message metaGraph) {
    return Protos.metaGraph(metaGraph).getGraphDef().getNodeList().stream()
        .anyMatch(node -> node.getOp().equals(OpKinds.RESOURCE_VARIABLE));
  }

  /**
   * Makes a model that TensorFlow Java can train.
   *
   * @param metaGraph a graph of a SavedModel
   * @throws IllegalArgumentException if no signature of it can be kept, or it is damaged
   */
  public static FlatModel of(Message metaGraph) {
    FlatModel model = new FlatModel(ModelFunctions.withInference(metaGraph));
    model.flatten();
    return model;
  }

  /** A graph of a SavedModel: of the tags and the signatures of the original. */
  public Message metaGraph() {
    return result;
  }

  /**
   * Under which keys the original's checkpoint has the variables, by their names: the key to read
   * comes first, and keys of copies follow.
   */
  public Map<String, List<String>> checkpointKeys() {
    return keys;
  }

  /** All that the original's checkpoint holds, in its order: TensorFlow's types, by key. */
  public Map<String, Integer> savedTensors() {
    return savedTensors;
  }

  /** Why signatures were left out, by their keys. */
  public Map<String, String> refusedSignatures() {
    return refusedSignatures;
  }

  /** The variables that the model says are not to be trained. */
  public List<String> notTrainable() {
    return notTrainable;
  }

  /** What the signatures compute, and what they assign besides, by their keys. */
  public Map<String, SignatureParts> signatures() {
    return signatures;
  }

  private void flatten() {
    List<String> top = new ArrayList<>();
    var nodes = Protos.metaGraph(metaGraph).getGraphDef().getNodeList();
    nodes.forEach(node -> top.add(node.getName()));
    inliner.add(nodes);
    Map<String, String> left = ControlFlow.writeOut(inliner);
    graph = inliner.graph();
    ResourceVariables resources = new ResourceVariables(graph);
    Set<String> assignments = Set.of();
    if (isOfTensorFlow2()) {
      RunningAverages.takeOut(graph);
      GeneratorStates.write(graph, resources);
      assignments = ResultWaits.free(graph, resources);
    }
    keys = CheckpointKeys.of(graph, resources);
    savedTensors = SavedTensors.of(graph);
    refusedOps.putAll(ReferenceVariables.write(graph, resources, left));
    DifferentiableOps.renewOld(graph);
    DifferentiableOps.splitIdentities(graph);
    DifferentiableOps.stopAtRandomNumbers(graph);
    readSignatures(assignments, top);
    ControlEdges.prune(graph);
    tables = new Tables(graph, firstOps(), assets());
    Set<String> kept = keepSignatures();
    graph.retain(kept);
    if (isOfTensorFlow2()) {
      signatures
          .values()
          .forEach(parts -> ReadsFirst.order(graph, graph.behind(parts.outputs.values())));
    }
    nameVariables();
    findNotTrainable();
    result = written();
  }

  /** Whether all that it computes is in functions; else the graph itself is the model. */
  private boolean isOfTensorFlow2() {
    return Protos.metaGraph(metaGraph).getObjectGraphDef().getNodesCount() > 0;
  }

  /** What is run when the model is loaded. */
  private List<String> firstOps() {
    var meta = Protos.metaGraph(metaGraph);
    List<String> first = new ArrayList<>();
    var signature = meta.getSignatureDefMap().get(FIRST);
    if (signature != null) {
      signature
          .getOutputsMap()
          .values()
          .forEach(tensor -> first.addAll(inliner.endsOf(FlatNode.op(tensor.getName()))));
    }
    for (String collection : FIRST_COLLECTIONS) {
      var names = meta.getCollectionDefMap().get(collection);
      if (names != null) {
        names
            .getNodeList()
            .getValueList()
            .forEach(name -> first.addAll(inliner.endsOf(FlatNode.op(name))));
      }
    }
    first.removeIf(op -> !graph.has(FlatNode.op(op)));
    return first;
  }

  /** The ops that TensorFlow gives the paths of the model's files. */
  private Set<String> assets() {
    Set<String> assets = new HashSet<>();
    Protos.metaGraph(metaGraph)
        .getAssetFileDefList()
        .forEach(asset -> assets.add(FlatNode.op(asset.getTensorInfo().getName())));
    return assets;
  }

  private void readSignatures(Set<String> assignments, List<String> top) {
    SignatureParts.Reader reader = new SignatureParts.Reader(inliner, graph, assignments, top);
    for (var entry : Protos.metaGraph(metaGraph).getSignatureDefMap().entrySet()) {
      if (!entry.getKey().startsWith(INTERNAL_SIGNATURE)) {
        signatures.put(entry.getKey(), reader.read(entry.getValue().getOutputsMap()));
      }
    }
  }

  /** The ops that stay. */
  private Set<String> keepSignatures() {
    var meta = Protos.metaGraph(metaGraph);
    Set<String> kept = new HashSet<>();
    boolean any = !signatures.isEmpty();
    for (String key : List.copyOf(signatures.keySet())) {
      List<String> tensors = new ArrayList<>(signatures.get(key).outputs.values());
      meta.getSignatureDefMap()
          .get(key)
          .getInputsMap()
          .values()
          .forEach(tensor -> tensors.add(inliner.resolved(tensor.getName())));
      Set<String> needed = graph.behind(tensors);
      String reason = reason(needed);
      if (reason == null) {
        kept.addAll(needed);
      } else {
        refusedSignatures.put(key, reason);
        signatures.remove(key);
      }
    }
    if (any && refusedSignatures.size() > 0 && kept.isEmpty()) {
      throw new IllegalArgumentException(
          "its signature \""
              + refusedSignatures.keySet().iterator().next()
              + "\" cannot be trained: "
              + refusedSignatures.values().iterator().next());
    }
    if (isOfTensorFlow2() && !any) {
      throw new IllegalArgumentException(
          "it has no signature; save it from Python with one (tf.saved_model.save(model, directory,"
              + " signatures=...), or model.export(directory))");
    }
    if (!isOfTensorFlow2()) {
      Set<String> refused = graph.after(refusedOps.keySet());
      for (FlatNode node : graph.nodes()) {
        if (!refused.contains(node.name)) {
          kept.add(node.name);
        }
      }
    }
    fillTables(kept);
    return kept;
  }

  private void fillTables(Set<String> kept) {
    Set<String> fills = tables.fillsOf(kept);
    if (!fills.isEmpty()) {
      kept.addAll(graph.behind(fills));
      FlatNode first = new FlatNode(graph.freeName("fill_tables"), OpKinds.NO_OP);
      fills.forEach(op -> first.inputs.add("^" + op));
      graph.add(first);
      kept.add(first.name);
      fillsTables = first.name;
    }
  }

  /** Why ops cannot be kept; null if they can. */
  private String reason(Set<String> ops) {
    for (String op : ops) {
      if (refusedOps.containsKey(op)) {
        return refusedOps.get(op);
      }
      String type = graph.source(op).type;
      if (Tables.isTable(type) && !tables.isFilled(op)) {
        return "op \""
            + op
            + "\" ("
            + type
            + ") is a table that no constant or file of the model fills; look up in Java, and export"
            + " the part of the model behind it";
      }
    }
    return null;
  }

  private String renamed(String tensor) {
    return FlatGraph.renamed(tensor, names);
  }

  private void nameVariables() {
    Map<String, String> renamed = new LinkedHashMap<>();
    Set<String> taken = new HashSet<>();
    for (FlatNode node : graph.nodes()) {
      if (OpKinds.isVariable(node.type)) {
        String name = saved.name(node.name, firstKey(node.name));
        if (!graph.has(name) && taken.add(name)) {
          renamed.put(node.name, name);
        }
      }
    }
    graph.rename(renamed);
    names = renamed;
    Map<String, List<String>> kept = new LinkedHashMap<>();
    keys.forEach(
        (name, key) -> {
          String now = renamed.getOrDefault(name, name);
          if (graph.has(now)) {
            kept.put(now, key);
          }
        });
    keys = kept;
  }

  private String firstKey(String variable) {
    List<String> all = keys.get(variable);
    return all == null ? null : all.get(0);
  }

  private void findNotTrainable() {
    Map<String, String> before = new HashMap<>();
    names.forEach((old, now) -> before.put(now, old));
    for (FlatNode node : graph.nodes()) {
      if (OpKinds.isVariable(node.type)
          && !saved.isTrainable(before.getOrDefault(node.name, node.name), firstKey(node.name))) {
        notTrainable.add(node.name);
      }
    }
    for (String name : notTrainable) {
      graph.add(new FlatNode(NotTrainable.marker(name), OpKinds.NO_OP));
    }
  }

  private Message written() {
    var meta = Protos.metaGraph(metaGraph);
    var made = Protos.metaGraph();
    made.setMetaInfoDef(meta.getMetaInfoDef()).getMetaInfoDefBuilder().clearStrippedOpList();
    for (var entry : signatures.entrySet()) {
      var original = meta.getSignatureDefMap().get(entry.getKey());
      var signature = original.toBuilder();
      entry
          .getValue()
          .outputs
          .forEach(
              (name, tensor) ->
                  signature.putOutputs(
                      name,
                      original.getOutputsMap().get(name).toBuilder()
                          .setName(renamed(tensor))
                          .build()));
      entry.getValue().computed.replaceAll((name, tensor) -> renamed(tensor));
      made.putSignatureDef(entry.getKey(), signature.build());
    }
    if (fillsTables != null) {
      made.putSignatureDef(
          FIRST,
          Protos.signature()
              .putOutputs(FIRST, Protos.tensorInfo().setName(fillsTables).build())
              .build());
    }
    for (var asset : meta.getAssetFileDefList()) {
      if (graph.has(FlatNode.op(asset.getTensorInfo().getName()))) {
        made.addAssetFileDef(asset);
      }
    }
    var graphDef = made.getGraphDefBuilder().setVersions(meta.getGraphDef().getVersions());
    graph.nodes().forEach(node -> graphDef.addNode(Protos.node(node.toNodeDef())));
    functions
        .calledBy(graph.nodes())
        .forEach(function -> graphDef.getLibraryBuilder().addFunction(Protos.function(function)));
    var updates = meta.getCollectionDefMap().get(UPDATES);
    if (updates != null) {
      List<String> ops = new ArrayList<>();
      updates.getNodeList().getValueList().forEach(op -> ops.add(FlatNode.op(op)));
      ops.removeIf(op -> !graph.has(op));
      made.putCollectionDef(UPDATES, Protos.namesOf(ops));
    }
    return made.build();
  }
}
