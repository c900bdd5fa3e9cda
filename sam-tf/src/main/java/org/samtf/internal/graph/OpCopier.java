package org.samtf.internal.graph;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.GraphOperationBuilder;
import org.tensorflow.Output;
import org.tensorflow.internal.c_api.TF_Status;
import org.tensorflow.internal.c_api.global.tensorflow;

/** Copies single ops within a graph: same type, attributes, device and name, other inputs. */
public final class OpCopier {

  private static final String COLOCATION = "_class";
  private static final String COLOCATED_WITH = "loc:@";

  /** The second seed attribute of random ops; the first is usually the graph's. */
  private static final String SEED = "seed2";

  private final Graph graph;
  private final GraphScope scope;
  private final String device;
  private final int draw;
  private final Map<String, GraphScope> scopesByDevice = new HashMap<>();
  private final Map<String, String> namesOfCopies = new HashMap<>();

  /** Copies go below {@code scope}, on the devices of the originals. */
  public OpCopier(GraphScope scope) {
    this(scope, "", 0);
  }

  /**
   * Copies go below {@code scope}.
   *
   * @param device the device of all copies that can be there, the others being left to TensorFlow;
   *     if empty, each is on that of its original
   * @param draw how many other copies of the same ops there are: a random op with a seed would draw
   *     the same numbers in each
   */
  public OpCopier(GraphScope scope, String device, int draw) {
    this.graph = scope.env();
    this.scope = scope;
    this.device = device;
    this.draw = draw;
  }

  public GraphOperation copy(
      GraphOperation op, List<Output<?>> inputs, Iterable<GraphOperation> controls) {
    String name = op.name();
    String type = op.type();
    String copyName = scope.uniqueName(name);
    GraphOperationBuilder builder =
        graph.opBuilder(
            type, copyName, scopesByDevice.computeIfAbsent(device(op), scope::withDeviceString));
    OpDefs.Definition definition = OpDefs.of(type);
    int next = 0;
    for (OpDefs.Argument argument : definition.arguments) {
      if (argument.isList) {
        int end = next + argument.length(op);
        builder.addInputList(inputs.subList(next, end).toArray(new Output<?>[0]));
        next = end;
      } else {
        builder.addInput(inputs.get(next++));
      }
    }
    for (String attribute : definition.ownAttributes) {
      if (draw > 0 && attribute.equals(SEED) && isSeeded(op)) {
        builder.setAttr(SEED, op.attributes().getAttrInt(SEED) + draw);
      } else {
        builder.setAttr(attribute, op.attributes().getAttrValueProto(attribute));
      }
    }
    if (device.isEmpty() && hasAttribute(op, COLOCATION)) {
      builder.setAttr(COLOCATION, colocations(op));
    }
    controls.forEach(builder::addControlInput);
    GraphOperation copy = builder.build();
    namesOfCopies.put(name, copyName);
    return copy;
  }

  private String device(GraphOperation op) {
    if (device.isEmpty()) {
      return op.device();
    }
    return Kernels.canRun(op, device) ? device : "";
  }

  /** Both seeds are 0 if an op is to be seeded by chance. */
  private static boolean isSeeded(GraphOperation op) {
    return op.attributes().getAttrInt("seed") != 0 || op.attributes().getAttrInt(SEED) != 0;
  }

  /** An op that stands beside a copied op is copied to stand beside the copy. */
  private String[] colocations(GraphOperation op) {
    String[] colocations = op.attributes().getAttrStringList(COLOCATION);
    for (int i = 0; i < colocations.length; i++) {
      if (colocations[i].startsWith(COLOCATED_WITH)) {
        String target = colocations[i].substring(COLOCATED_WITH.length());
        colocations[i] = COLOCATED_WITH + namesOfCopies.getOrDefault(target, target);
      }
    }
    return colocations;
  }

  private static boolean hasAttribute(GraphOperation op, String name) {
    try (PointerScope pointers = new PointerScope()) {
      TF_Status status = TF_Status.newStatus();
      tensorflow.TF_OperationGetAttrMetadata(op.getUnsafeNativeHandle(), name, status);
      return tensorflow.TF_GetCode(status) == tensorflow.TF_OK;
    }
  }
}
