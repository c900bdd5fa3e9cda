package org.samtf.examples.sharpness;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * Something about a trained network that may tell how well it generalizes.
 *
 * @param name what to call it
 * @param value computed from training images only
 */
record Predictor(String name, ToDoubleFunction<TrainedNetwork> value) {

  /** What m-sharpness has to beat: it takes no second pass. */
  static final Predictor TRAINING_LOSS =
      new Predictor("training loss", network -> network.train().loss());

  static Predictor sharpness(int partSize) {
    return new Predictor("m = " + partSize, network -> network.sharpness().get(partSize));
  }

  /** m-sharpness for each m, and the training loss. */
  static List<Predictor> all(List<Integer> partSizes) {
    List<Predictor> all = new ArrayList<>();
    partSizes.forEach(partSize -> all.add(sharpness(partSize)));
    all.add(TRAINING_LOSS);
    return all;
  }

  double of(TrainedNetwork network) {
    return value.applyAsDouble(network);
  }
}
