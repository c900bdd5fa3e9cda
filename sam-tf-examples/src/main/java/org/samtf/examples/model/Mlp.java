package org.samtf.examples.model;

import java.util.ArrayList;
import java.util.List;
import org.samtf.examples.data.ImageShape;

/**
 * A multi-layer perceptron with rectified linear units.
 *
 * @param hidden units of each hidden layer
 */
public record Mlp(List<Integer> hidden) implements Layered {

  private static final String LAST_LAYER = "logits";

  /**
   * Returns the names of the dense layers; each has variables NAME_kernel and NAME_bias.
   *
   * @return the names, from images to logits
   */
  public List<String> denseLayers() {
    List<String> names = new ArrayList<>();
    for (int i = 1; i <= hidden.size(); i++) {
      names.add(hiddenLayer(i));
    }
    names.add(LAST_LAYER);
    return names;
  }

  private static String hiddenLayer(int number) {
    return "dense" + number;
  }

  @Override
  public List<Layer> layers(Variables variables, ImageShape input, int classes) {
    List<Layer> layers = new ArrayList<>();
    layers.add(Layers.flatten(input.size()));
    int units = input.size();
    for (int i = 0; i < hidden.size(); i++) {
      layers.add(Layers.dense(variables, hiddenLayer(i + 1), units, hidden.get(i)));
      layers.add(Layers.relu());
      units = hidden.get(i);
    }
    layers.add(Layers.dense(variables, LAST_LAYER, units, classes));
    return layers;
  }

  @Override
  public boolean hasHiddenLayers() {
    return !hidden.isEmpty();
  }

  @Override
  public String toString() {
    return "mlp " + hidden;
  }
}
