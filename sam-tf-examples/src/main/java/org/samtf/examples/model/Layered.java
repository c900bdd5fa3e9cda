package org.samtf.examples.model;

import java.util.List;
import java.util.Optional;
import org.samtf.examples.data.DataSet;
import org.samtf.examples.data.ImageShape;
import org.tensorflow.Graph;
import org.tensorflow.proto.ConfigProto;

/** A network that is made here, layer by layer. */
public sealed interface Layered extends Architecture permits Mlp, Cnn, WideResNet {

  /**
   * Creates the variables of the layers.
   *
   * @param variables where variables are made
   * @param input shape of an image
   * @param classes how many classes
   * @return the layers, from images to logits
   */
  List<Layer> layers(Variables variables, ImageShape input, int classes);

  @Override
  default OpenNetwork open(DataSet data, long seed, ConfigProto config, Homes homes) {
    Graph graph = new Graph();
    try {
      Network network = new LayeredNetwork(graph, this, data.shape(), data.classes(), seed, homes);
      return new OpenNetwork(graph, Optional.empty(), network, graph::close);
    } catch (RuntimeException e) {
      graph.close();
      throw e;
    }
  }
}
