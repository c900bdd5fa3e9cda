package org.samtf.examples.benchmark;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.samtf.examples.data.ImageShape;
import org.samtf.examples.failure.InputException;
import org.samtf.examples.model.Cnn;
import org.samtf.examples.model.Layered;
import org.samtf.examples.model.Mlp;
import org.samtf.examples.model.WideResNet;

/** The networks whose steps are timed. */
public enum TimedNetwork {
  /** Matrix products only. */
  PERCEPTRON("perceptron 784-1024-1024-10", new Mlp(List.of(1024, 1024)), 28, 1),
  /** A small convolutional network with batch normalisation and dropout. */
  CONVOLUTIONAL("convolutional 16-32 on 28x28", new Cnn(List.of(16, 32), 0.25f, 0.9f), 28, 1),
  /** Half as many channels. */
  CONVOLUTIONAL_8_16("convolutional 8-16 on 28x28", new Cnn(List.of(8, 16), 0.25f, 0.9f), 28, 1),
  /** The network that the built-in digits are learned with by default. */
  DIGITS("perceptron 64-128-128-10 on 8x8", new Mlp(List.of(128, 128)), 8, 1),
  /** A wide residual network with 2.7 million weights. */
  WIDE_16_4("WideResNet-16-4 on 32x32x3", new WideResNet(16, 4, 0.9f), 32, 3),
  /** The wide residual network of SAM's paper, with 36.5 million weights. */
  WIDE_28_10("WideResNet-28-10 on 32x32x3", new WideResNet(28, 10, 0.9f), 32, 3);

  private final String title;
  private final Layered architecture;
  private final ImageShape shape;

  TimedNetwork(String title, Layered architecture, int size, int channels) {
    this.title = title;
    this.architecture = architecture;
    this.shape = new ImageShape(size, size, channels);
  }

  /**
   * Finds a network by name, in any case.
   *
   * @param name the name
   * @return the network
   * @throws InputException if there is none
   */
  public static TimedNetwork of(String name) {
    String key = name.toLowerCase(Locale.ROOT);
    return Arrays.stream(values())
        .filter(network -> network.toString().equals(key))
        .findFirst()
        .orElseThrow(
            () ->
                new InputException(
                    "no network '" + name + "'",
                    Arrays.stream(values()).map(Object::toString).collect(Collectors.joining(", ")),
                    "choose some of them"));
  }

  String title() {
    return title;
  }

  Layered architecture() {
    return architecture;
  }

  ImageShape shape() {
    return shape;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
