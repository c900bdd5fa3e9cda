package org.samtf.examples.train;

import java.util.Arrays;
import java.util.Random;
import java.util.function.Consumer;
import org.samtf.examples.data.LabeledImages;

/** Goes through a part of the data in batches. */
final class Batches {

  /** Images a batch where no gradient depends on the size. */
  static final int EVALUATION_SIZE = 500;

  private Batches() {}

  /** All images in their order; the last batch may be smaller. */
  static void inOrder(LabeledImages part, int size, Consumer<Batch> consumer) {
    int[] order = countingUp(part.size());
    for (int from = 0; from < order.length; from += size) {
      int to = Math.min(order.length, from + size);
      try (Batch batch = Batch.of(part, order, from, to)) {
        consumer.accept(batch);
      }
    }
  }

  /**
   * One epoch in a new random order. What is left over after the last whole batch is dropped: a
   * smaller batch would count more in its step and spoil the statistics of batch normalisation. The
   * order is new in every epoch, so no image is left out for good.
   */
  static void shuffled(LabeledImages part, int size, Random random, Consumer<Batch> consumer) {
    int[] order = countingUp(part.size());
    for (int i = order.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int kept = order[i];
      order[i] = order[j];
      order[j] = kept;
    }
    for (int from = 0; from + size <= order.length; from += size) {
      try (Batch batch = Batch.of(part, order, from, from + size)) {
        consumer.accept(batch);
      }
    }
  }

  private static int[] countingUp(int size) {
    int[] order = new int[size];
    Arrays.setAll(order, i -> i);
    return order;
  }
}
