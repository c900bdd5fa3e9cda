package org.samtf.model;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.samtf.internal.graph.Arguments;
import org.samtf.internal.graph.OpKinds;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;

/** What is saved in place of the values that some variables have: averages of weights, say. */
final class OtherValues {

  /** Tensors, by the names of the variables. */
  private final Map<String, Output<?>> byName = new LinkedHashMap<>();

  private OtherValues() {}

  static OtherValues none() {
    return new OtherValues();
  }

  /**
   * Checks what is to be saved.
   *
   * @param values tensors, by variable
   * @throws IllegalArgumentException if a key is no variable of the graph, or its value is not of
   *     the graph, or of another type or shape
   */
  static OtherValues of(Graph graph, Map<? extends Operand<?>, ? extends Operand<?>> values) {
    OtherValues others = new OtherValues();
    Arguments.given(values, "values")
        .forEach(
            (key, value) -> {
              Output<?> variable = Arguments.ofGraph(graph, key, "one of the variables").asOutput();
              Output<?> tensor = Arguments.ofGraph(graph, value, "one of the values").asOutput();
              GraphOperation op = (GraphOperation) variable.op();
              if (!OpKinds.isVariable(op.type())) {
                throw new IllegalArgumentException(
                    "values has \"" + op.name() + "\" (" + op.type() + "), which is no variable");
              }
              if (tensor.type() != variable.type()
                  || !variable.shape().isCompatibleWith(tensor.shape())) {
                throw new IllegalArgumentException(
                    "variable \""
                        + op.name()
                        + "\" is of "
                        + variable.type().getSimpleName()
                        + " and shape "
                        + variable.shape()
                        + "; the value to save is of "
                        + tensor.type().getSimpleName()
                        + " and shape "
                        + tensor.shape());
              }
              others.byName.put(op.name(), tensor);
            });
    return others;
  }

  /** The variables that are saved so. */
  Collection<String> names() {
    return byName.keySet();
  }

  /** What to save of variables. */
  List<Output<?>> of(Graph graph, Collection<String> variables) {
    List<Output<?>> saved = new ArrayList<>();
    for (String name : variables) {
      Output<?> variable = graph.operation(name).output(0);
      saved.add(byName.getOrDefault(name, variable));
    }
    return saved;
  }
}
