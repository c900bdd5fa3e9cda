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
import org.tensorflow.Output;

/** The ops that are upstream of a tensor, such as a loss: all that is run to compute it. */
public final class Upstream {

  private final List<Node> inputsFirst;
  private final Node last;

  /** Reads everything behind {@code tensor}. */
  public Upstream(Output<?> tensor) {
    Map<GraphOperation, Node> nodes = new HashMap<>();
    Function<GraphOperation, Node> node = op -> nodes.computeIfAbsent(op, Node::new);
    this.last = node.apply((GraphOperation) tensor.op());
    this.inputsFirst = Edges.sourcesFirst(List.of(this.last), n -> n.connect(node));
    markFeeding();
  }

  /** All ops, each after its inputs and control inputs (but for those that close a loop). */
  public List<Node> inputsFirst() {
    return inputsFirst;
  }

  /** The ops that the tensor is computed from, each after its inputs. */
  public List<Node> feeding() {
    List<Node> feeding = new ArrayList<>();
    for (Node node : inputsFirst) {
      if (node.feeds) {
        feeding.add(node);
      }
    }
    return feeding;
  }

  /** The op that makes the tensor. */
  public Node last() {
    return last;
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
   * The device that everything is on that the tensor is computed by, but for where it starts from;
   * empty if TensorFlow chooses for any of it, or there are several.
   */
  public String commonDevice() {
    String device = last.op.device();
    if (!device.isEmpty()) {
      for (Node node : feeding()) {
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
                + last.name
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
    last.feeds = true;
    todo.add(last);
    while (!todo.isEmpty()) {
      for (Node input : todo.remove().inputs) {
        if (!input.feeds) {
          input.feeds = true;
          todo.add(input);
        }
      }
    }
  }
}
