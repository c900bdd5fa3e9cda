package org.samtf.examples.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.examples.data.DataSet;
import org.samtf.examples.data.ImageFormat;
import org.samtf.examples.data.ImageShape;
import org.samtf.examples.data.LabelNoise;
import org.samtf.examples.data.LabeledImages;

class DataOrderTest {

  private static final int IMAGES = 1000;
  private static final int BATCH = 50;
  private static final double WRONG = 0.4;
  private static final int SEEDS = 100;

  /** The label of an image is its place, so that a batch tells which images it has. */
  private static LabeledImages numbered() {
    int[] labels = IntStream.range(0, IMAGES).toArray();
    return new LabeledImages(new ImageShape(1, 1, 1), new float[IMAGES], labels);
  }

  /** The places of the images of an epoch, in its order. */
  private static int[] epoch(DataOrder order) {
    List<Integer> places = new ArrayList<>();
    while (!order.epochIsOver()) {
      LabeledImages images = numbered();
      try (Batch batch = order.next(images, ImageFormat.of(images.shape()))) {
        for (int i = 0; i < batch.size(); i++) {
          places.add(batch.labels().getInt(i));
        }
      }
    }
    order.startEpoch();
    return places.stream().mapToInt(Integer::intValue).toArray();
  }

  private static boolean[] wrong(long seed) {
    LabeledImages zeros =
        new LabeledImages(new ImageShape(1, 1, 1), new float[IMAGES], new int[IMAGES]);
    DataSet noisy = LabelNoise.apply(new DataSet("zeros", 10, zeros, zeros, zeros), WRONG, seed);
    boolean[] wrong = new boolean[IMAGES];
    for (int i = 0; i < IMAGES; i++) {
      wrong[i] = noisy.train().label(i) != 0;
    }
    return wrong;
  }

  /** The share among the first images is that among all, within four standard errors. */
  @ParameterizedTest
  @ValueSource(ints = {1, 4, 8, 16})
  void theFirstBatchesHaveTheirShareOfWrongLabels(int batches) {
    int first = batches * BATCH;
    int wrongOnes = 0;
    for (long seed = 1; seed <= SEEDS; seed++) {
      boolean[] wrong = wrong(seed);
      int[] order = epoch(new DataOrder(IMAGES, BATCH, seed));
      wrongOnes += (int) Arrays.stream(order).limit(first).filter(i -> wrong[i]).count();
    }
    double drawn = (double) SEEDS * first;
    // Drawn without replacement.
    double left = (double) (IMAGES - first) / (IMAGES - 1);
    double error = Math.sqrt(WRONG * (1 - WRONG) * left / drawn);
    assertThat(wrongOnes / drawn).isBetween(WRONG - 4 * error, WRONG + 4 * error);
  }

  @Test
  void everyEpochHasAnOrderOfItsOwnThatTheSeedDecides() {
    DataOrder order = new DataOrder(IMAGES, BATCH, 3);
    DataOrder same = new DataOrder(IMAGES, BATCH, 3);
    List<int[]> epochs = new ArrayList<>();
    for (int e = 0; e < 20; e++) {
      epochs.add(epoch(order));
      assertThat(epoch(same)).isEqualTo(epochs.get(e));
    }
    epochs.add(epoch(new DataOrder(IMAGES, BATCH, 4)));
    for (int a = 0; a < epochs.size(); a++) {
      assertThat(epochs.get(a)).doesNotHaveDuplicates().hasSize(IMAGES);
      for (int b = 0; b < a; b++) {
        assertUnrelated(epochs.get(a), epochs.get(b));
      }
    }
  }

  /** Two random orders agree in one place on average, and hardly ever in ten. */
  private static void assertUnrelated(int[] one, int[] other) {
    assertThat(IntStream.range(0, one.length).filter(i -> one[i] == other[i]).count())
        .isLessThan(10);
    // The halves of two random orders share half of their images; standard deviation 8.
    HashSet<Integer> half = new HashSet<>();
    Arrays.stream(one).limit(IMAGES / 2).forEach(half::add);
    assertThat(Arrays.stream(other).limit(IMAGES / 2).filter(half::contains).count())
        .isBetween(210L, 290L);
  }
}
