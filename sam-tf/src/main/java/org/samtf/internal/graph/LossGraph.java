package org.samtf.internal.graph;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;

/** The ops that a loss is computed from, read from the graph once. */
public final class LossGraph {

  /** An op and what goes into it. */
  public static final class Node {
    public final GraphOperation op;
    public final String name;
    public final String type;

    /** The op that makes each input, and which of its outputs that is. */
    public final Node[] inputs;

    public final int[] inputOutputs;
    public final Node[] controls;

    /** Whether the loss is computed from this op's outputs, and not only run after it. */
    private boolean feedsLoss;

    /** Where the inputs and then the control inputs come from, until the nodes there are known. */
    private List<GraphOperation> sources;

    private Node(GraphOperation op) {
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

    private List<Node> connect(Function<GraphOperation, Node> nodes) {
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

  private final List<Node> inputsFirst;
  private final Node loss;

  /** Reads everything behind {@code loss}. */
  public LossGraph(Output<?> loss) {
    Map<GraphOperation, Node> nodes = new HashMap<>();
    Function<GraphOperation, Node> node = op -> nodes.computeIfAbsent(op, Node::new);
    this.loss = node.apply((GraphOperation) loss.op());
    this.inputsFirst = Edges.sourcesFirst(List.of(this.loss), n -> n.connect(node));
    markFeeding();
  }

  /** All ops, each after its inputs and control inputs (but for those that close a loop). */
  public List<Node> inputsFirst() {
    return inputsFirst;
  }

  /** The ops that the loss is computed from, each after its inputs. */
  public List<Node> feedingLoss() {
    List<Node> feeding = new ArrayList<>();
    for (Node node : inputsFirst) {
      if (node.feedsLoss) {
        feeding.add(node);
      }
    }
    return feeding;
  }

  public Node loss() {
    return loss;
  }

  /** The variables that ops here assign to: when they are read makes a difference. */
  public Set<GraphOperation> assigned() {
    Set<GraphOperation> assigned = new HashSet<>();
    for (Node node : inputsFirst) {
      assigned.addAll(Assignments.of(node.op));
    }
    return assigned;
  }

  /**
   * The device that everything is on that the loss is computed by, but for where it starts from;
   * empty if TensorFlow chooses for any of it, or there are several.
   */
  public String commonDevice() {
    String device = loss.op.device();
    if (!device.isEmpty()) {
      for (Node node : feedingLoss()) {
        if (node.inputs.length > 0 && !node.op.device().equals(device)) {
          return "";
        }
      }
    }
    return device;
  }

  /**
   * To differentiate what an earlier step hands out would run that step within each new one.
   *
   * @throws IllegalArgumentException if one of the variables is updated before the loss is there
   */
  public void refuseAfterUpdate(List<Node> variables) {
    for (Node node : inputsFirst) {
      if (OpKinds.isUpdate(node.type) && variables.contains(node.inputs[0])) {
        throw new IllegalArgumentException(
            "loss \""
                + loss.name
                + "\" comes after an update of variable \""
                + node.inputs[0].name
                + "\" (op \""
                + node.name
                + "\"): it is what a step hands out; give the loss that the step minimizes");
      }
    }
  }

  private void markFeeding() {
    Deque<Node> todo = new ArrayDeque<>();
    loss.feedsLoss = true;
    todo.add(loss);
    while (!todo.isEmpty()) {
      for (Node input : todo.remove().inputs) {
        if (!input.feedsLoss) {
          input.feedsLoss = true;
          todo.add(input);
        }
      }
    }
  }
}
