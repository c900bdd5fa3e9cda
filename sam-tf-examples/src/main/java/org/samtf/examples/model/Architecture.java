package org.samtf.examples.model;

import java.util.List;
import org.samtf.examples.data.ImageShape;

/** What a network is made of, apart from its weights. */
public sealed interface Architecture permits Mlp, Cnn, WideResNet {

  /**
   * Creates the variables of the layers.
   *
   * @param variables where variables are made
   * @param input shape of an image
   * @param classes how many classes
   * @return the layers, from images to logits
   */
  List<Layer> layers(Variables variables, ImageShape input, int classes);

  /**
   * Returns whether there are layers between images and logits.
   *
   * @return whether there are
   */
  boolean hasHiddenLayers();
}
