package org.samtf.internal.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;

/** An op that a tensor is computed from, and what goes into it: read from the graph once. */
public final class Node {
  public final GraphOperation op;
  public final String name;
  public final String type;

  /** The op that makes each input, and which of its outputs that is. */
  public final Node[] inputs;

  public final int[] inputOutputs;
  public final Node[] controls;

  /** Whether the tensor is computed from this op's outputs, and not only after it has run. */
  boolean feeds;

  /** Where the inputs and then the control inputs come from, until the nodes there are known. */
  private List<GraphOperation> sources;

  Node(GraphOperation op) {
    this.op = op;
    this.name = op.name();
    this.type = op.type();
    List<Operand<?>> operands = op.inputs();
    int numInputs = operands.size();
    this.sources = new ArrayList<>(numInputs);
    this.inputs = new Node[numInputs];
    this.inputOutputs = new int[numInputs];
    for (int i = 0; i < numInputs; i++) {
      sources.add((GraphOperation) operands.get(i).op());
      inputOutputs[i] = operands.get(i).asOutput().index();
    }
    sources.addAll(Edges.controlsInto(op));
    this.controls = new Node[sources.size() - numInputs];
  }

  /** Fills in where the inputs and control inputs come from. */
  List<Node> connect(Function<GraphOperation, Node> nodes) {
    List<Node> connected = new ArrayList<>(sources.size());
    sources.forEach(source -> connected.add(nodes.apply(source)));
    connected.subList(0, inputs.length).toArray(inputs);
    connected.subList(inputs.length, connected.size()).toArray(controls);
    sources = null;
    return connected;
  }

  public boolean isVariable() {
    return OpKinds.isVariable(type);
  }

  /** The tensor that is an input. */
  public Output<?> input(int index) {
    return inputs[index].op.output(inputOutputs[index]);
  }

  /** Whether an input is taken by reference: the variable itself and not its value. */
  public boolean takesRef(int input) {
    return OpDefs.of(type).isRefInput(op, input);
  }

  /** Whether one of {@code variables} is taken by reference. */
  public boolean takesRefOf(Set<Node> variables) {
    for (int i = 0; i < inputs.length; i++) {
      if (variables.contains(inputs[i]) && takesRef(i)) {
        return true;
      }
    }
    return false;
  }
}
