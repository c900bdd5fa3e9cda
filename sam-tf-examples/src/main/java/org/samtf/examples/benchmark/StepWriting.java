package org.samtf.examples.benchmark;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import org.samtf.SamOptimizer;
import org.samtf.SamOptimizerBuilder;
import org.samtf.examples.model.Network;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.framework.optimizers.Optimizer.GradAndVar;
import org.tensorflow.op.Op;
import org.tensorflow.types.family.TType;

/** Writes a whole step of momentum, with something around it, behind a network. */
interface StepWriting {

  /** Returns the op to run for a step. */
  Op write(Graph graph, Network network);

  /** A step that takes the batch as it is. */
  static StepWriting of(Wrapping wrapping) {
    return (graph, network) -> {
      Optimizer optimizer = wrapping.optimizer(graph);
      return network.step(
          wrapping == Wrapping.PLAIN
              ? minimizeReached(graph, optimizer, network.loss())
              : optimizer.minimize(network.loss()));
    };
  }

  /**
   * What TensorFlow Java's {@code minimize} does, which fails if the graph has a variable that the
   * loss does not reach, such as a moving average.
   */
  private static Op minimizeReached(Graph graph, Optimizer optimizer, Operand<?> loss) {
    List<Output<TType>> variables = new ArrayList<>();
    for (GraphOperation op : graph.subgraphTo(Set.of(loss))) {
      if (op.type().equals("VariableV2")) {
        variables.add(op.output(0));
      }
    }
    Output<?>[] gradients = graph.addGradients(loss.asOutput(), variables.toArray(Output[]::new));
    List<GradAndVar<? extends TType>> reached = new ArrayList<>();
    for (int i = 0; i < gradients.length; i++) {
      reached.add(
          new GradAndVar<>(
              gradients[i].op().<TType>output(gradients[i].index()), variables.get(i)));
    }
    return optimizer.applyGradients(reached, "train");
  }

  /** A step of SAM with settings of its own. */
  static StepWriting sam(BiFunction<SamOptimizerBuilder, Network, SamOptimizerBuilder> settings) {
    return (graph, network) -> {
      SamOptimizer sam =
          settings
              .apply(SamOptimizer.builder(graph, Wrapping.PLAIN.optimizer(graph)), network)
              .build();
      Op train = sam.minimize(network.loss());
      // The statistics of the parts: those of the network would compute the whole batch again.
      return network.step(train, sam);
    };
  }

  /** A step of SAM whose batch is cut in parts with a perturbation each. */
  static StepWriting inParts(int count) {
    return sam((sam, network) -> sam.microBatches(count, network.batchInputs()));
  }

  /** A step of SAM whose perturbation comes from a part of the batch. */
  static StepWriting ascentFrom(double fraction) {
    return sam((sam, network) -> sam.ascentFraction(fraction, network.batchInputs()));
  }
}
