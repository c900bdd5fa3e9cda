package org.samtf;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.samtf.internal.graph.GraphCopy;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Messages;
import org.samtf.internal.graph.Node;
import org.samtf.internal.graph.OpDefs;
import org.samtf.internal.graph.OpKinds;
import org.samtf.internal.graph.Upstream;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.op.Op;

/** Makes replicas for parts of a batch, by copying the forward ops with other inputs. */
final class BatchParts {

  private final Upstream forward;
  private final Output<?> loss;
  private final PartPlan plan;
  private final UncutInputs uncutInputs;
  private final DeviceReads reads;
  private final List<Output<?>> batchInputs = new ArrayList<>();

  /**
   * Plans the parts.
   *
   * @param whole the loss of the whole batch
   * @param batchInputs the tensors whose first axis is the batch
   * @param reads how the parts read variables
   */
  BatchParts(Replica whole, List<Operand<?>> batchInputs, DeviceReads reads) {
    this.forward = whole.forward;
    this.loss = whole.loss;
    batchInputs.forEach(input -> this.batchInputs.add(input.asOutput()));
    Set<Output<?>> inputs = new HashSet<>(this.batchInputs);
    this.plan = new PartPlan(forward, inputs);
    this.uncutInputs = new UncutInputs(this.batchInputs, plan::isDependent);
    this.reads = reads;
  }

  List<Output<?>> batchInputs() {
    return batchInputs;
  }

  /**
   * Copies the forward ops.
   *
   * @param scope where the copies go; if it has a device, they are on it
   * @param number counts the parts from 0; the first has the ops with side effects
   * @param inputs what the part reads in place of each batch input
   * @param after what the part has to wait for
   */
  Replica part(GraphScope scope, int number, List<Output<?>> inputs, List<? extends Op> after) {
    Map<Output<?>, Output<?>> readAs = new LinkedHashMap<>();
    for (int i = 0; i < inputs.size(); i++) {
      Output<?> input = inputs.get(i);
      readAs.put(
          batchInputs.get(i),
          after.isEmpty()
              ? input
              : scope
                  .ops()
                  .withName("input")
                  .withControlDependencies(new ArrayList<>(after))
                  .identity(input)
                  .asOutput());
    }
    String device = scope.getDeviceString();
    Map<Integer, Output<?>> guarded = new HashMap<>();
    GraphCopy copy =
        GraphCopy.below(scope)
            .on(device)
            .drawing(number)
            .reading(
                (reader, index, input) ->
                    guarded.containsKey(index)
                        ? guarded.get(index)
                        : read(reader, index, input, readAs, device))
            .waitingFor(control -> plan.keepsControl(control, number == 0) ? control : null);
    UnaryOperator<Output<?>> inPart = tensor -> readAs.getOrDefault(tensor, copy.of(tensor));
    for (Node node : forward.inputsFirst()) {
      if (plan.isCopied(node, number == 0)) {
        guarded.clear();
        guarded.putAll(uncutInputs.guarded(scope, node, inPart));
        add(copy, node);
      }
    }
    return new Replica(copy.of(loss), inPart);
  }

  private Output<?> read(
      GraphOperation reader,
      int index,
      Output<?> input,
      Map<Output<?>, Output<?>> readAs,
      String device) {
    Output<?> part = readAs.get(input);
    if (part != null) {
      return part;
    }
    boolean isValue = OpKinds.isVariable(input.op().type()) && !OpDefs.isRefInput(reader, index);
    return isValue ? reads.read(input, device) : input;
  }

  private static void add(GraphCopy copy, Node node) {
    try {
      copy.add(node.op);
    } catch (TensorFlowException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "op \""
              + node.name
              + "\" ("
              + node.type
              + ") does not fit a part of the batch: "
              + Messages.firstLine(e)
              + "; if the batch size is a constant there, write -1 for it or take it from tf.shape,"
              + " and name every input that has a row an example",
          e);
    }
  }
}
