package org.samtf.model;

import java.util.LinkedHashMap;
import java.util.Map;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.NamePatterns;
import org.samtf.internal.graph.OpKinds;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Output;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.op.Op;
import org.tensorflow.op.Operands;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.family.TType;

/** Gives variables of a graph values. It adds ops for a variable when it is first set. */
final class VariableAssigner {

  /** How a variable is set: where its value is fed, and what to run then. */
  private static final class Setter {
    final Placeholder<? extends TType> feed;
    final Op assign;

    Setter(Placeholder<? extends TType> feed, Op assign) {
      this.feed = feed;
      this.assign = assign;
    }
  }

  private final Graph graph;
  private final Session session;
  private final Map<String, Setter> setters = new LinkedHashMap<>();

  /** One for all setters: to find a free scope takes a walk through the graph. */
  private Ops tf;

  VariableAssigner(Graph graph, Session session) {
    this.graph = graph;
    this.session = session;
  }

  /**
   * Sets variables, by name: all or none.
   *
   * @throws IllegalArgumentException if there is no such variable, or a value is of another type or
   *     shape
   */
  void set(Map<String, Tensor> values) {
    Map<String, Output<?>> variables = new LinkedHashMap<>();
    values.forEach(
        (name, value) -> {
          Output<?> variable = variable(name);
          requireFits(name, variable, value);
          variables.put(name, variable);
        });
    Session.Runner runner = session.runner();
    variables.forEach(
        (name, variable) -> {
          Setter setter = setters.computeIfAbsent(name, n -> setter(variable));
          runner.feed(setter.feed, values.get(name)).addTarget(setter.assign);
        });
    // Pending initial values come first, or they would be assigned over what is set here.
    session.initialize();
    runner.run().close();
  }

  private Output<?> variable(String name) {
    GraphOperation op = graph.operation(name);
    if (op == null || !OpKinds.isVariable(op.type())) {
      throw new IllegalArgumentException(
          "there is no variable \""
              + name
              + "\"; there are "
              + NamePatterns.list(VariableValues.of(graph).keySet()));
    }
    return op.output(0);
  }

  private static void requireFits(String name, Output<?> variable, Tensor value) {
    if (!variable.shape().isCompatibleWith(value.shape())
        || Operands.toDataType(variable.type()) != value.dataType()) {
      throw new IllegalArgumentException(
          "variable \""
              + name
              + "\" is of "
              + variable.type().getSimpleName()
              + " and shape "
              + variable.shape()
              + "; the value is "
              + value.dataType()
              + " of shape "
              + value.shape());
    }
  }

  private Setter setter(Output<?> variable) {
    if (tf == null) {
      tf = GraphScope.unique(graph, "set").ops();
    }
    Placeholder<? extends TType> feed =
        tf.placeholder(variable.type(), Placeholder.shape(variable.shape()));
    return new Setter(feed, tf.assign(Reals.unchecked(variable), Reals.unchecked(feed)));
  }
}
