package org.samtf.internal.flat;

import com.google.protobuf.Message;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.samtf.internal.graph.OpDefs;
import org.samtf.internal.graph.OpKinds;
import org.samtf.internal.graph.Protos;

/** Makes resource variables reference variables, and the ops that take them such as take those. */
final class ReferenceVariables {

  private static final String IDENTITY = "Identity";
  private static final String RESOURCE = "Resource";

  private final FlatGraph graph;
  private final ResourceVariables resources;
  private final List<FlatNode> added = new ArrayList<>();

  /** The variables whose handles an op takes, null for an input that is none. */
  private final Map<FlatNode, List<FlatNode>> handles = new LinkedHashMap<>();

  /** Ops that take a resource variable and have no counterpart. */
  private final Map<String, String> refused = new LinkedHashMap<>();

  /** Why loops and choices were not written out, by their names. */
  private final Map<String, String> left;

  private ReferenceVariables(
      FlatGraph graph, ResourceVariables resources, Map<String, String> left) {
    this.graph = graph;
    this.resources = resources;
    this.left = left;
  }

  /**
   * Rewrites a graph.
   *
   * @param left why loops and choices of functions are still there, by their names
   * @return what could not be rewritten, by the name of the op: why
   */
  static Map<String, String> write(
      FlatGraph graph, ResourceVariables resources, Map<String, String> left) {
    ReferenceVariables rewriting = new ReferenceVariables(graph, resources, left);
    List<FlatNode> takers = new ArrayList<>();
    List<FlatNode> variables = new ArrayList<>();
    // All are found first: what takes a handle shows by the handles.
    for (FlatNode node : graph.nodes()) {
      if (node.data().stream().anyMatch(input -> resources.of(input) != null)) {
        takers.add(node);
      }
    }
    // A read that is rewritten looks as if it handed the handle on.
    for (FlatNode node : takers) {
      List<FlatNode> handles = new ArrayList<>();
      node.data().forEach(input -> handles.add(resources.of(input)));
      rewriting.handles.put(node, handles);
    }
    rewriting.handles.forEach(rewriting::take);
    rewriting.added.forEach(graph::add);
    resources.all().forEach(variables::add);
    variables.forEach(ReferenceVariables::makeReference);
    return rewriting.refused;
  }

  private void take(FlatNode node, List<FlatNode> taken) {
    List<String> data = node.data();
    FlatNode variable = taken.get(0);
    if (isUpdate(node, taken)) {
      update(node, taken);
      return;
    }
    if (variable == null || taken.stream().skip(1).anyMatch(Objects::nonNull)) {
      taken.stream().filter(Objects::nonNull).forEach(each -> refuse(node, each));
      return;
    }
    String reference = variable.name + ":0";
    Message type = variable.attribute("dtype");
    List<String> others = data.subList(1, data.size());
    Map<String, Message> before = new LinkedHashMap<>(node.attributes);
    switch (node.type) {
      case IDENTITY: // hands the handle on to ops that no longer take it from here
        return;
      case "ReadVariableOp":
        become(node, IDENTITY, reference, others).with("T", type);
        return;
      case "AssignVariableOp":
        become(node, "Assign", reference, others)
            .with("T", type)
            .with("validate_shape", Protos.attribute().setB(false).build());
        return;
      case "AssignAddVariableOp":
        become(node, "AssignAdd", reference, others).with("T", type);
        return;
      case "AssignSubVariableOp":
        become(node, "AssignSub", reference, others).with("T", type);
        return;
      case "VarIsInitializedOp":
        become(node, "IsVariableInitialized", reference, others).with("dtype", type);
        return;
      case "VariableShape":
        become(node, "Shape", reference, others).with("T", type);
        keep(node, before, "out_type");
        return;
      case "ResourceGather":
        gather(node, variable, others);
        return;
      case "ResourceGatherNd":
        become(node, "GatherNd", read(node, variable), others).with("Tparams", type);
        keep(node, before, "Tindices");
        return;
      case "DisableCopyOnRead":
        become(node, OpKinds.NO_OP, null, List.of());
        return;
      default:
        refuse(node, variable);
    }
  }

  /** Whether it is an optimizer's update that there is for reference variables, too. */
  private static boolean isUpdate(FlatNode node, List<FlatNode> taken) {
    if (!node.type.startsWith(RESOURCE) || !OpKinds.isGradientUpdate(node.type)) {
      return false;
    }
    int variables = 0;
    while (variables < taken.size() && taken.get(variables) != null) {
      variables++;
    }
    return variables > 0
        && taken.stream().skip(variables).allMatch(Objects::isNull)
        && OpDefs.isKnown(node.type.substring(RESOURCE.length()));
  }

  /** The variable and its slots come first, and the rest is the same. */
  private static void update(FlatNode node, List<FlatNode> taken) {
    Map<String, Message> before = new LinkedHashMap<>(node.attributes);
    List<String> inputs = new ArrayList<>();
    for (int i = 0; i < taken.size(); i++) {
      inputs.add(taken.get(i) == null ? node.input(i) : taken.get(i).name + ":0");
    }
    become(node, node.type.substring(RESOURCE.length()), null, inputs);
    before.keySet().stream()
        .filter(name -> !name.startsWith("_"))
        .forEach(name -> keep(node, before, name));
  }

  private void gather(FlatNode node, FlatNode variable, List<String> indices) {
    FlatNode axis = FlatNode.constant(graph.freeName(node.name + "/axis"), 0);
    added.add(axis);
    Map<String, Message> before = new LinkedHashMap<>(node.attributes);
    List<String> inputs = new ArrayList<>(indices);
    inputs.add(axis.name + ":0");
    become(node, "GatherV2", read(node, variable), inputs)
        .with("Tparams", variable.attribute("dtype"))
        .with("Taxis", FlatNode.INT32);
    keep(node, before, "Tindices");
    keep(node, before, "batch_dims");
  }

  private String read(FlatNode node, FlatNode variable) {
    FlatNode read =
        new FlatNode(graph.freeName(node.name + "/read"), IDENTITY, variable.name + ":0")
            .with("T", variable.attribute("dtype"));
    read.device = node.device;
    read.inputs.addAll(node.controls());
    added.add(read);
    return read.name + ":0";
  }

  private void refuse(FlatNode node, FlatNode variable) {
    String reason =
        OpKinds.isCall(node.type)
            ? ", which functions in it read, and cannot be written out: "
                + left.getOrDefault(node.name, "it is neither a loop nor a choice")
            : " itself, and there is no such op for the variables of TensorFlow Java";
    refused.put(
        node.name,
        "op \""
            + node.name
            + "\" ("
            + node.type
            + ") takes the resource variable \""
            + variable.name
            + "\""
            + reason);
  }

  private static FlatNode become(FlatNode node, String type, String first, List<String> others) {
    List<String> data = new ArrayList<>();
    if (first != null) {
      data.add(first);
    }
    data.addAll(others);
    node.become(type, data);
    node.attributes.clear();
    return node;
  }

  private static void keep(FlatNode node, Map<String, Message> before, String attribute) {
    if (before.containsKey(attribute)) {
      node.with(attribute, before.get(attribute));
    }
  }

  private static void makeReference(FlatNode variable) {
    Message type = variable.attribute("dtype");
    Message shape = variable.attribute("shape");
    variable.become(OpKinds.VARIABLE, List.of());
    variable.attributes.clear();
    variable
        .with("dtype", type)
        .with("shape", shape)
        .with("container", Protos.attribute(""))
        .with("shared_name", Protos.attribute(""));
  }
}
