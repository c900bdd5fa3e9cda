package org.samtf.examples.train;

import java.util.Arrays;
import java.util.function.Consumer;
import org.samtf.examples.data.ImageFormat;
import org.samtf.examples.data.LabeledImages;

/** Goes through a part of the data in batches. */
final class Batches {

  /** Images a batch where no gradient depends on the size. */
  static final int EVALUATION_SIZE = 500;

  private Batches() {}

  /** All images in their order; the last batch may be smaller. */
  static void inOrder(LabeledImages part, ImageFormat format, int size, Consumer<Batch> consumer) {
    int[] order = countingUp(part.size());
    for (int from = 0; from < order.length; from += size) {
      int to = Math.min(order.length, from + size);
      try (Batch batch = Batch.of(part, format, order, from, to)) {
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
