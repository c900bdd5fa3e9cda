package org.samtf.examples.model;

import java.util.Random;
import org.samtf.examples.random.RandomStreams;

/**
 * Initial weights after He et al. (2015): normal with variance 2 / fan-in.
 *
 * <p>They are drawn in Java and not by ops of the graph, so that two graphs with different
 * optimizers start from the same bits.
 */
final class HeInitializer {

  private final long seed;

  HeInitializer(long seed) {
    this.seed = seed;
  }

  /** Draws weights; each variable has a stream of its own, whatever else is in the network. */
  float[] draw(String variable, int size, int fanIn) {
    Random random = RandomStreams.of(seed, "initial " + variable);
    double deviation = Math.sqrt(2.0 / fanIn);
    float[] weights = new float[size];
    for (int i = 0; i < size; i++) {
      weights[i] = (float) (deviation * random.nextGaussian());
    }
    return weights;
  }
}
