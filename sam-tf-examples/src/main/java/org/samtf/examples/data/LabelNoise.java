package org.samtf.examples.data;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.samtf.examples.random.RandomStreams;

/** Makes a share of the training labels wrong. */
public final class LabelNoise {

  private LabelNoise() {}

  /**
   * Moves a share of the training labels to another class, drawn uniformly from the wrong ones.
   * Labels for validation and test stay.
   *
   * @param data the set
   * @param fraction the share that becomes wrong, at least 0 and below 1; rounded to whole labels
   * @param seed what the choice of labels and classes depends on
   * @return the set with wrong labels
   */
  public static DataSet apply(DataSet data, double fraction, long seed) {
    if (!(fraction >= 0 && fraction < 1)) {
      throw new IllegalArgumentException(
          "label noise is " + fraction + "; expected a share of the labels in [0, 1)");
    }
    int[] labels = data.train().labels();
    int wrong = (int) Math.round(fraction * labels.length);
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < labels.length; i++) {
      order.add(i);
    }
    Random random = RandomStreams.of(seed, "wrong labels");
    Collections.shuffle(order, random);
    for (int index : order.subList(0, wrong)) {
      // A shift by 1 .. classes-1 reaches each wrong class and never the right one.
      int shift = 1 + random.nextInt(data.classes() - 1);
      labels[index] = (labels[index] + shift) % data.classes();
    }
    return data.withTrainingLabels(labels);
  }
}
