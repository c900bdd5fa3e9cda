package org.samtf.examples.train;

import java.util.Optional;
import org.samtf.SamOptimizer;
import org.samtf.SamOptimizerBuilder;
import org.samtf.examples.data.LabeledImages;
import org.samtf.examples.model.Network;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.GradientDescent;
import org.tensorflow.types.TFloat32;

/**
 * Measures sharpness: how much the loss rises from w to w + eps, eps as SAM takes it.
 *
 * <p>It is the loss of the network as it is used, without dropout. Nothing is ever updated, so
 * networks that were trained with and without SAM are measured in the same way.
 */
final class SharpnessMeter {

  private final Network network;
  private final Operand<?> sharpness;

  /**
   * Adds the ops that measure.
   *
   * @param loss of which the sharpness is
   */
  SharpnessMeter(
      Graph graph,
      Network network,
      Operand<TFloat32> loss,
      float rho,
      double norm,
      Optional<Float> adaptive) {
    this.network = network;
    SamOptimizerBuilder builder =
        SamOptimizer.builder(graph, new GradientDescent(graph))
            .rho(rho)
            .norm(norm)
            .name("Sharpness");
    adaptive.ifPresent(builder::adaptive);
    SamOptimizer sam = builder.build();
    sam.computeGradients(loss);
    sharpness = sam.sharpness();
  }

  /** Mean over all images, batch by batch. */
  double measure(Session session, LabeledImages part, int batchSize, Runnable betweenBatches) {
    double[] sum = {0};
    Batches.inOrder(
        part,
        network.format(),
        batchSize,
        batch -> {
          betweenBatches.run();
          Session.Runner runner =
              session
                  .runner()
                  .feed(network.images(), batch.images())
                  .feed(network.labels(), batch.labels())
                  .fetch(sharpness);
          try (Result result = runner.run()) {
            sum[0] += batch.size() * (double) ((TFloat32) result.get(0)).getFloat();
          }
        });
    return sum[0] / part.size();
  }
}
