package org.samtf.internal.flat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.samtf.internal.graph.Protos;

/**
 * Takes the moving averages out of batch normalization in training mode. TensorFlow's op computes
 * those as well, so that what it normalizes seems to be computed from them, which it is not: a
 * layer in two places would have to wait for its own update.
 */
final class RunningAverages {

  private static final String FACTOR = "exponential_avg_factor";

  private final FlatGraph graph;
  private final Map<String, String> averages = new HashMap<>();

  private RunningAverages(FlatGraph graph) {
    this.graph = graph;
  }

  /** Rewrites a graph. */
  static void takeOut(FlatGraph graph) {
    RunningAverages taking = new RunningAverages(graph);
    List<FlatNode> written = new ArrayList<>();
    for (FlatNode node : new ArrayList<>(graph.nodes())) {
      if (node.type.equals("FusedBatchNormV3")
          && isTraining(node)
          && node.attributes.containsKey(FACTOR)
          && Protos.attribute(node.attribute(FACTOR)).getF() != 1) {
        taking.takeOut(node, written);
      }
    }
    for (FlatNode node : graph.nodes()) {
      node.inputs.replaceAll(input -> taking.averages.getOrDefault(input, input));
    }
    written.forEach(graph::add);
  }

  /** As TensorFlow has it if nothing is said. */
  private static boolean isTraining(FlatNode node) {
    return !node.attributes.containsKey("is_training")
        || Protos.attribute(node.attribute("is_training")).getB();
  }

  private void takeOut(FlatNode node, List<FlatNode> written) {
    float factor = Protos.attribute(node.attribute(FACTOR)).getF();
    FlatNode none = floats(node, "none", new float[0]);
    written.add(none);
    for (int i = 1; i <= 2; i++) {
      String name = node.name + (i == 1 ? "/running_mean" : "/running_variance");
      FlatNode before = product(node, name + "/before", node.input(i + 2), 1 - factor, written);
      FlatNode now = product(node, name + "/batch", node.name + ":" + i, factor, written);
      FlatNode sum =
          new FlatNode(graph.freeName(name), "AddV2", before.name + ":0", now.name + ":0")
              .with("T", FlatNode.FLOAT);
      written.add(sum);
      averages.put(node.name + ":" + i, sum.name + ":0");
      node.inputs.set(i + 2, none.name + ":0");
    }
    node.with(FACTOR, Protos.attribute().setF(1).build());
  }

  private FlatNode product(
      FlatNode node, String name, String tensor, float factor, List<FlatNode> written) {
    FlatNode constant = floats(node, name.substring(node.name.length() + 1) + "/factor", factor);
    FlatNode product =
        new FlatNode(graph.freeName(name), "Mul", tensor, constant.name + ":0")
            .with("T", FlatNode.FLOAT);
    written.add(constant);
    written.add(product);
    return product;
  }

  /** A scalar, or a vector of none. */
  private FlatNode floats(FlatNode node, String name, float... values) {
    FlatNode constant =
        new FlatNode(graph.freeName(node.name + "/" + name), "Const").with("dtype", FlatNode.FLOAT);
    var attribute = Protos.attribute();
    var shape = attribute.getTensorBuilder().setDtypeValue(FlatNode.FLOAT).getTensorShapeBuilder();
    if (values.length == 0) {
      shape.addDimBuilder().setSize(0);
    }
    for (float value : values) {
      attribute.getTensorBuilder().addFloatVal(value);
    }
    return constant.with("value", attribute.build());
  }
}
