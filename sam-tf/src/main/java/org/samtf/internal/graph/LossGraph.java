package org.samtf.internal.graph;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
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

    private Node(GraphOperation op, String name, int numInputs, int numControls) {
      this.op = op;
      this.name = name;
      this.type = op.type();
      this.inputs = new Node[numInputs];
      this.inputOutputs = new int[numInputs];
      this.controls = new Node[numControls];
    }

    public boolean isVariable() {
      return OpKinds.isVariable(type);
    }

    /** Whether an input is taken by reference: the variable itself and not its value. */
    public boolean takesRef(int input) {
      return OpDefs.of(type).isRefInput(op, input);
    }
  }

  private static final class Visit {
    final Node node;
    final List<GraphOperation> next;
    int done;

    Visit(Node node, List<GraphOperation> next) {
      this.node = node;
      this.next = next;
    }
  }

  private final List<Node> inputsFirst = new ArrayList<>();
  private final Node loss;

  /** Reads everything behind {@code loss}. */
  public LossGraph(Output<?> loss) {
    Map<GraphOperation, Node> nodes = new HashMap<>();
    this.loss = read((GraphOperation) loss.op(), nodes);
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

  /** Depth first and without recursion: graphs are deeper than stacks. */
  private Node read(GraphOperation last, Map<GraphOperation, Node> nodes) {
    Deque<Visit> stack = new ArrayDeque<>();
    stack.push(visit(last, nodes));
    while (!stack.isEmpty()) {
      Visit visit = stack.peek();
      if (visit.done < visit.next.size()) {
        GraphOperation next = visit.next.get(visit.done);
        Node known = nodes.get(next);
        if (known == null) {
          stack.push(visit(next, nodes));
        } else {
          Node[] inputs = visit.node.inputs;
          if (visit.done < inputs.length) {
            inputs[visit.done] = known;
          } else {
            visit.node.controls[visit.done - inputs.length] = known;
          }
          visit.done++;
        }
      } else {
        stack.pop();
        inputsFirst.add(visit.node);
      }
    }
    return nodes.get(last);
  }

  private static Visit visit(GraphOperation op, Map<GraphOperation, Node> nodes) {
    List<Operand<?>> inputs = op.inputs();
    List<GraphOperation> next = new ArrayList<>(inputs.size());
    for (Operand<?> input : inputs) {
      next.add((GraphOperation) input.op());
    }
    if (op.numControlInputs() > 0) {
      next.addAll(op.controlInputs());
    }
    Node node = new Node(op, op.name(), inputs.size(), next.size() - inputs.size());
    for (int i = 0; i < inputs.size(); i++) {
      node.inputOutputs[i] = inputs.get(i).asOutput().index();
    }
    nodes.put(op, node);
    return new Visit(node, next);
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
