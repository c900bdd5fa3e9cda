package org.samtf.examples.benchmark;

import java.util.function.BiFunction;
import org.samtf.SamOptimizer;
import org.samtf.examples.model.Network;
import org.tensorflow.Graph;
import org.tensorflow.op.Op;

/** Writes a whole step of momentum, with something around it, behind a network. */
interface StepWriting {

  /** Returns the op to run for a step. */
  Op write(Graph graph, Network network);

  /** A step that takes the batch as it is. */
  static StepWriting of(Wrapping wrapping) {
    return (graph, network) ->
        network.step(wrapping.optimizer(graph).minimize(network.loss()), network.loss());
  }

  /** A step of SAM with settings of its own. */
  static StepWriting sam(BiFunction<SamOptimizer.Builder, Network, SamOptimizer.Builder> settings) {
    return (graph, network) -> {
      SamOptimizer sam =
          settings
              .apply(SamOptimizer.builder(graph, Wrapping.PLAIN.optimizer(graph)), network)
              .build();
      Op train = sam.minimize(network.loss());
      // The statistics of the parts: those of the network would compute the whole batch again.
      return network.step(train, sam.loss());
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
