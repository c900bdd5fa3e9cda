package org.samtf.internal.flat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samtf.internal.graph.GraphCopy;
import org.samtf.internal.graph.Protos;

/**
 * Writes ops that TensorFlow's C++ has no gradient for as others that compute the same and have
 * one.
 */
final class DifferentiableOps {

  private static final Set<String> OLD =
      Set.of("Variable", "Gather", "FusedBatchNorm", "FusedBatchNormV2");

  private static final Set<String> RANDOM =
      Set.of(
          "StatelessRandomNormal",
          "StatelessRandomNormalV2",
          "StatelessRandomUniform",
          "StatelessRandomUniformV2",
          "StatelessTruncatedNormal",
          "StatelessTruncatedNormalV2");

  private static final String IDENTITY_N = "IdentityN";

  private DifferentiableOps() {}

  /** Whether a type of op has one that replaces it under its own name. */
  static boolean isOld(String type) {
    return OLD.contains(type);
  }

  /** Replaces ops by others of the same names. */
  static void renewOld(FlatGraph graph) {
    for (FlatNode node : new ArrayList<>(graph.nodes())) {
      switch (node.type) {
        case "Variable":
          node.type = "VariableV2";
          break;
        case "Gather":
          FlatNode axis = FlatNode.constant(graph.freeName(node.name + "/axis"), 0);
          graph.add(axis);
          List<String> data = node.data();
          data.add(axis.name + ":0");
          node.become("GatherV2", data);
          node.attributes.remove("validate_indices");
          node.with("Taxis", FlatNode.INT32);
          break;
        case "FusedBatchNorm":
          node.type = "FusedBatchNormV3";
          node.with("U", FlatNode.FLOAT);
          break;
        case "FusedBatchNormV2":
          node.type = "FusedBatchNormV3";
          break;
        default:
          break;
      }
    }
  }

  /**
   * Replaces ops that hand several tensors on. Where Python has given one a gradient of its own, it
   * stays, unless that gradient is the one that TensorFlow finds anyway: that of swish.
   */
  static void splitIdentities(FlatGraph graph) {
    Map<String, String> parts = new HashMap<>();
    for (FlatNode node : new ArrayList<>(graph.nodes())) {
      if (node.type.equals(IDENTITY_N)
          && (node.text(GraphCopy.PYTHON_GRADIENT).isEmpty() || isSwish(graph, node))) {
        split(graph, node, parts);
      }
    }
    for (FlatNode node : graph.nodes()) {
      node.inputs.replaceAll(input -> parts.getOrDefault(input, input));
    }
  }

  /**
   * Lets no gradient ask for that of random numbers: their shape may be that of something that is
   * trained, and then TensorFlow would look for it.
   */
  static void stopAtRandomNumbers(FlatGraph graph) {
    Map<String, String> stopped = new HashMap<>();
    for (FlatNode node : new ArrayList<>(graph.nodes())) {
      if (RANDOM.contains(node.type)) {
        // Python leaves out what is the default.
        int type = node.attributes.containsKey("dtype") ? node.type("dtype") : FlatNode.FLOAT;
        FlatNode stop =
            new FlatNode(graph.freeName(node.name + "/stopped"), "StopGradient", node.name + ":0")
                .with("T", type);
        stop.device = node.device;
        stopped.put(node.name + ":0", stop.name + ":0");
        graph.add(stop);
      }
    }
    for (FlatNode node : graph.nodes()) {
      if (!node.type.equals("StopGradient")) {
        node.inputs.replaceAll(input -> stopped.getOrDefault(input, input));
      }
    }
  }

  private static void split(FlatGraph graph, FlatNode node, Map<String, String> parts) {
    var types = Protos.attribute(node.attribute("T")).getList();
    List<String> data = node.data();
    for (int i = 1; i < data.size(); i++) {
      FlatNode part =
          new FlatNode(graph.freeName(node.name + "_" + i), "Identity", data.get(i))
              .with("T", types.getTypeValue(i));
      part.device = node.device;
      part.inputs.addAll(node.controls());
      graph.add(part);
      parts.put(node.name + ":" + i, part.name + ":0");
    }
    node.attributes.clear();
    node.with("T", types.getTypeValue(0)).become("Identity", data.subList(0, 1));
  }

  /** x · sigmoid(x), or x · sigmoid(β x): Python gives it a gradient to save memory. */
  private static boolean isSwish(FlatGraph graph, FlatNode node) {
    List<String> data = node.data();
    FlatNode product = graph.source(data.get(0));
    if (!product.type.equals("Mul") || data.size() < 2) {
      return false;
    }
    String x = data.get(1);
    for (int i = 0; i < 2; i++) {
      FlatNode sigmoid = graph.source(product.input(i));
      if (!product.input(1 - i).equals(x) || !sigmoid.type.equals("Sigmoid")) {
        continue;
      }
      FlatNode scaled = graph.source(sigmoid.input(0));
      if (sigmoid.input(0).equals(x) || scaled.type.equals("Mul") && scaled.data().contains(x)) {
        return true;
      }
    }
    return false;
  }
}
