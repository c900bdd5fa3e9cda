package org.samtf.train;

import java.util.Optional;
import org.samtf.internal.graph.Arguments;
import org.samtf.internal.graph.GradientsOfItsOwn;
import org.tensorflow.Graph;
import org.tensorflow.Output;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.family.TType;

/** An optimizer that leaves the update to another one, and does something before or after it. */
abstract class OptimizerAround extends VariableOptimizer {

  final Optimizer base;
  private final String prefix;

  OptimizerAround(Graph graph, Optimizer base, String prefix) {
    super(Arguments.given(graph, "graph"), prefix);
    this.base = Arguments.given(base, "base");
    this.prefix = prefix;
    if (base instanceof GradientsOfItsOwn) {
      throw new IllegalArgumentException(
          "base is a "
              + base.getClass().getSimpleName()
              + ", whose gradients would not be used; put that around this optimizer");
    }
    if (base.getTF().scope().env() != graph) {
      throw new IllegalArgumentException(
          "base " + base.getOptimizerName() + " was made for another graph; make it for this one");
    }
  }

  @Override
  public <T extends TType> Optional<Variable<T>> getSlot(Output<T> variable, String slotName) {
    return base.getSlot(variable, slotName);
  }

  @Override
  final <T extends TType> Op update(Ops at, Output<T> gradient, Output<T> variable) {
    throw new UnsupportedOperationException("the wrapped optimizer applies the gradients");
  }

  @Override
  public String getOptimizerName() {
    return prefix + base.getOptimizerName();
  }
}
