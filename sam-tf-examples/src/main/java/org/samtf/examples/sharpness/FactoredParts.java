package org.samtf.examples.sharpness;

import org.samtf.OrderedOptimizer;
import org.samtf.examples.model.LayeredNetwork;
import org.samtf.examples.model.Mlp;
import org.samtf.examples.model.Network;
import org.samtf.examples.train.SamSettings;
import org.samtf.examples.train.StepWriter;
import org.samtf.examples.train.TrainingSettings;
import org.samtf.examples.train.TrainingStep;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * A SAM step with many small parts, for a perceptron only: the step that micro-batches of {@code
 * SamOptimizer} make, in a graph whose size does not depend on how many parts there are.
 *
 * <p>See {@link FactoredPerceptron} for the arithmetic.
 */
final class FactoredParts implements StepWriter {

  private final int partSize;

  FactoredParts(int partSize) {
    this.partSize = partSize;
  }

  @Override
  public TrainingStep write(Graph graph, Network network, TrainingSettings settings, long steps) {
    if (!(settings.architecture() instanceof Mlp mlp)
        || !(network instanceof LayeredNetwork layered)) {
      throw new IllegalArgumentException("a perceptron is needed, not " + settings.architecture());
    }
    SamSettings sam = settings.sam().orElseThrow();
    if (sam.norm() != 2 || sam.l2() != 0) {
      throw new IllegalArgumentException("only for the Euclidean norm without L2 term");
    }
    Ops tf = Ops.create(graph).withSubScope("parts");
    FactoredPerceptron perceptron = new FactoredPerceptron(tf, layered, mlp, partSize);
    FactoredPerceptron.Pass atWeights = perceptron.atWeights();
    FactoredPerceptron.Pass perturbed = perceptron.perturbed(atWeights, sam.rho());
    // eps counts as a constant, so the gradient at the weights is the gradient at w + eps.
    Op train =
        new OrderedOptimizer(
                graph, settings.base().create(graph, settings.learningRate(), settings.momentum()))
            .minimize(mean(tf, perturbed));
    return new TrainingStep(network.step(train), mean(tf, atWeights));
  }

  /** Mean over the parts, which all have the same size, so also over the images. */
  private static Operand<TFloat32> mean(Ops tf, FactoredPerceptron.Pass pass) {
    return tf.math.mean(pass.losses(), tf.constant(0));
  }
}
