package org.samtf.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Graph;
import org.tensorflow.Output;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.op.Op;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.family.TType;

/** An optimizer around another one, whose weights are averaged after each update. */
final class AveragingOptimizer extends OptimizerAround {

  private final WeightAverage average;

  AveragingOptimizer(Graph graph, Optimizer base, WeightAverage average) {
    super(graph, base, "Averaged");
    this.average = average;
  }

  @Override
  public Op applyGradients(List<GradAndVar<? extends TType>> gradsAndVars, String name) {
    Op update = base.applyGradients(gradsAndVars, name + "-updates");
    List<Output<?>> trained = new ArrayList<>();
    for (GradAndVar<? extends TType> pair : gradsAndVars) {
      // TF-Java pairs a variable that no gradient flows to with a closed output.
      if (!pair.getGradient().isClosed()) {
        trained.add(pair.getVariable());
      }
    }
    return average.write(update, trained, name);
  }

  @Override
  public <T extends TType> Optional<Variable<T>> getSlot(Output<T> variable, String slotName) {
    return slotName.equals(WeightAverage.AVERAGE)
        ? average.slot(variable).map(Reals::unchecked)
        : super.getSlot(variable, slotName);
  }

  @Override
  public String toString() {
    return "Averaged{base=" + base + ", " + average + "}";
  }
}
