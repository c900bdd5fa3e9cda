package org.samtf.examples.sharpness;

import java.util.function.ToDoubleFunction;

/** How much worse a network is on test images than on training images. */
enum Gap {
  /** Test error minus training error. */
  ERROR("error gap", TrainedNetwork::errorGap),
  /** Test loss minus training loss. */
  LOSS("loss gap", TrainedNetwork::lossGap);

  private final String title;
  private final ToDoubleFunction<TrainedNetwork> value;

  Gap(String title, ToDoubleFunction<TrainedNetwork> value) {
    this.title = title;
    this.value = value;
  }

  double of(TrainedNetwork network) {
    return value.applyAsDouble(network);
  }

  @Override
  public String toString() {
    return title;
  }
}
