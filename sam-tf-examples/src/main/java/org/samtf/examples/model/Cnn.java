package org.samtf.examples.model;

import java.util.ArrayList;
import java.util.List;
import org.samtf.examples.data.ImageShape;

/**
 * A small convolutional network: blocks of convolution, batch normalisation, rectifier and pooling,
 * then dropout and one fully connected layer.
 *
 * @param channels channels of each block; every block halves height and width
 * @param dropout share of the features that dropout sets to zero in training
 * @param averaging share that a moving average keeps in a step
 */
public record Cnn(List<Integer> channels, float dropout, float averaging) implements Layered {

  @Override
  public List<Layer> layers(Variables variables, ImageShape input, int classes) {
    List<Layer> layers = new ArrayList<>();
    int depth = input.channels();
    int height = input.height();
    int width = input.width();
    for (int i = 0; i < channels.size(); i++) {
      int outputs = channels.get(i);
      layers.add(Layers.convolution(variables, "conv" + (i + 1), 3, depth, outputs, 1));
      layers.add(new BatchNormalization(variables, "bn" + (i + 1), outputs, averaging));
      layers.add(Layers.relu());
      layers.add(Layers.maxPool());
      depth = outputs;
      height = (height + 1) / 2;
      width = (width + 1) / 2;
    }
    int features = height * width * depth;
    layers.add(Layers.flatten(features));
    layers.add(new Dropout("dropout", features, dropout));
    layers.add(Layers.dense(variables, "logits", features, classes));
    return layers;
  }

  @Override
  public boolean hasHiddenLayers() {
    return !channels.isEmpty();
  }

  @Override
  public String toString() {
    return "cnn " + channels;
  }
}
