package org.samtf.examples.model;

import java.util.ArrayList;
import java.util.List;
import org.samtf.examples.data.ImageShape;

/**
 * A multi-layer perceptron with rectified linear units.
 *
 * @param hidden units of each hidden layer
 */
public record Mlp(List<Integer> hidden) implements Architecture {

  @Override
  public List<Layer> layers(Variables variables, ImageShape input, int classes) {
    List<Layer> layers = new ArrayList<>();
    layers.add(Layers.flatten(input.size()));
    int units = input.size();
    for (int i = 0; i < hidden.size(); i++) {
      layers.add(Layers.dense(variables, "dense" + (i + 1), units, hidden.get(i)));
      layers.add(Layers.relu());
      units = hidden.get(i);
    }
    layers.add(Layers.dense(variables, "logits", units, classes));
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
