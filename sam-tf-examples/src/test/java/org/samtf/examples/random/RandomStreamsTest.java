package org.samtf.examples.random;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

class RandomStreamsTest {

  private static final int SIZE = 4000;

  @Test
  void isTheSameEveryTime() {
    assertThat(RandomStreams.of(7, "order").doubles(9))
        .containsExactly(RandomStreams.of(7, "order").doubles(9).boxed().toArray(Double[]::new));
    // As it has always been: whoever resumes a job with a newer version goes on with this order.
    assertThat(RandomStreams.key(1, "order of epoch 1")).isEqualTo(0x6996A56EF5840668L);
  }

  /** Of 780 correlations with standard deviation 1 / sqrt(SIZE), none is five of them away. */
  @Test
  void streamsOfNeighbouringSeedsAndOtherPurposesAreUncorrelated() {
    List<double[]> streams = new ArrayList<>();
    for (long seed = -2; seed < 8; seed++) {
      for (String purpose : List.of("order of epoch 1", "order of epoch 2", "labels", "split")) {
        Random random = RandomStreams.of(seed, purpose);
        streams.add(DoubleStream.generate(random::nextGaussian).limit(SIZE).toArray());
      }
    }
    for (int a = 0; a < streams.size(); a++) {
      for (int b = 0; b < a; b++) {
        assertThat(correlation(streams.get(a), streams.get(b)))
            .isBetween(-5 / Math.sqrt(SIZE), 5 / Math.sqrt(SIZE));
      }
    }
  }

  private static double correlation(double[] x, double[] y) {
    double products = 0;
    for (int i = 0; i < SIZE; i++) {
      products += x[i] * y[i];
    }
    return products / SIZE;
  }
}
