package org.samtf.internal.flat;

import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samtf.internal.graph.Protos;

/**
 * Writes the op by which Python's random generators read their state and go on in it as what it
 * does: a read, and an addition. So layers that draw, such as those that turn and flip images, can
 * be in training mode: the step adds, and not the loss.
 *
 * <p>The state of TensorFlow's Philox generator is a counter of two numbers and a key; reading n
 * samples adds 256 n to the first. A carry to the second, which comes every 2⁶⁴ samples, is left
 * out.
 */
final class GeneratorStates {

  private static final String DRAW = "RngReadAndSkip";
  private static final long SAMPLES = 256;
  private static final int STATE = 3;
  private static final int INT64 = 9;
  private static final int UINT64 = 23;
  private static final Set<Long> PHILOX = Set.of(1L, 3L);

  private final FlatGraph graph;

  private GeneratorStates(FlatGraph graph) {
    this.graph = graph;
  }

  /** Rewrites a graph. */
  static void write(FlatGraph graph, ResourceVariables resources) {
    Map<FlatNode, List<FlatNode>> draws = new LinkedHashMap<>();
    for (FlatNode node : graph.nodes()) {
      FlatNode state = node.type.equals(DRAW) ? resources.of(node.input(0)) : null;
      if (state != null) {
        draws.computeIfAbsent(state, s -> new ArrayList<>()).add(node);
      }
    }
    GeneratorStates states = new GeneratorStates(graph);
    draws.values().forEach(states::write);
  }

  private void write(List<FlatNode> draws) {
    Map<FlatNode, Set<String>> after = new LinkedHashMap<>();
    for (FlatNode draw : draws) {
      if (!PHILOX.contains(algorithm(draw.input(1)))) {
        return;
      }
      after.put(draw, graph.after(List.of(draw.name)));
    }
    Map<FlatNode, String> samples = new LinkedHashMap<>();
    draws.forEach(draw -> samples.put(draw, samples(draw)));
    Map<String, String> values = new LinkedHashMap<>();
    for (FlatNode draw : draws) {
      List<String> before = new ArrayList<>();
      for (FlatNode other : draws) {
        if (other != draw && after.get(other).contains(draw.name)) {
          before.add(samples.get(other));
        }
      }
      values.put(draw.name + ":0", value(draw, before));
    }
    for (FlatNode draw : draws) {
      // Additions may come in any order, and what is read is read before all of them.
      draw.inputs.removeIf(FlatNode::isControl);
      draw.become("AssignAddVariableOp", List.of(draw.input(0), samples.get(draw)));
      draw.attributes.clear();
      draw.with("dtype", INT64);
    }
    for (FlatNode node : graph.nodes()) {
      node.inputs.replaceAll(input -> values.getOrDefault(input, input));
    }
  }

  /** What a draw adds to the state. */
  private String samples(FlatNode draw) {
    FlatNode unit = new FlatNode(graph.freeName(draw.name + "/unit"), "Const").with("dtype", INT64);
    var value = Protos.attribute();
    var tensor = value.getTensorBuilder().setDtypeValue(INT64);
    tensor.addInt64Val(SAMPLES).addInt64Val(0).addInt64Val(0);
    tensor.getTensorShapeBuilder().addDimBuilder().setSize(STATE);
    graph.add(unit.with("value", value.build()));
    FlatNode number =
        new FlatNode(graph.freeName(draw.name + "/number"), "Cast", draw.input(2))
            .with("SrcT", UINT64)
            .with("DstT", INT64);
    graph.add(number);
    FlatNode samples =
        new FlatNode(
                graph.freeName(draw.name + "/samples"), "Mul", unit.name + ":0", number.name + ":0")
            .with("T", INT64);
    graph.add(samples);
    return samples.name + ":0";
  }

  private String value(FlatNode draw, List<String> before) {
    FlatNode read =
        new FlatNode(graph.freeName(draw.name + "/read"), "ReadVariableOp", draw.input(0))
            .with("dtype", INT64);
    graph.add(read);
    String value = read.name + ":0";
    for (String samples : before) {
      FlatNode sum =
          new FlatNode(graph.freeName(draw.name + "/state"), "AddV2", value, samples)
              .with("T", INT64);
      graph.add(sum);
      value = sum.name + ":0";
    }
    return value;
  }

  /** The number of an algorithm; −1 if it is not known. */
  private long algorithm(String input) {
    FlatNode node = graph.source(graph.origin(input));
    if (!node.type.equals("Const")) {
      return -1;
    }
    var tensor = Protos.attribute(node.attribute("value")).getTensor();
    if (tensor.getIntValCount() == 1) {
      return tensor.getIntVal(0);
    }
    var content = tensor.getTensorContent().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    return content.remaining() == Integer.BYTES ? content.getInt() : -1;
  }
}
