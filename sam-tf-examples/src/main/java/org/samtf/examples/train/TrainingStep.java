package org.samtf.examples.train;

import org.samtf.OrderedOptimizer;
import org.samtf.SamOptimizer;
import org.samtf.examples.model.Network;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.op.Op;
import org.tensorflow.types.family.TNumber;

/**
 * A step of training in a graph.
 *
 * @param op what to run
 * @param loss what the step minimizes, at the weights before it: of the examples that the
 *     perturbation is computed from, if they are not all. To fetch the loss of the network in its
 *     place would compute the whole batch once more where the step has it in parts
 */
public record TrainingStep(Op op, Operand<? extends TNumber> loss) {

  /**
   * Writes the step that the settings ask for.
   *
   * @param graph the graph of the network
   * @param network what to train
   * @param settings how to train
   * @return the step
   */
  public static TrainingStep write(Graph graph, Network network, TrainingSettings settings) {
    Optimizer base = settings.base().create(graph, settings.learningRate(), settings.momentum());
    if (settings.sam().isEmpty()) {
      Op train = new OrderedOptimizer(graph, base).minimize(network.loss());
      return new TrainingStep(network.step(train, network.loss()), network.loss());
    }
    SamSettings settingsOfSam = settings.sam().get();
    SamOptimizer.Builder builder =
        SamOptimizer.builder(graph, base)
            .rho(settingsOfSam.rho())
            .norm(settingsOfSam.norm())
            .l2(settingsOfSam.l2());
    SamOptimizer sam = settingsOfSam.cut().applyTo(builder, network).build();
    Op train = sam.minimize(network.loss());
    return new TrainingStep(network.step(train, sam.loss()), sam.loss());
  }
}
