package org.samtf.examples.model;

import java.util.ArrayList;
import java.util.List;
import org.samtf.examples.data.ImageShape;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * A wide residual network: Zagoruyko and Komodakis 2016, "Wide Residual Networks", the networks
 * that SAM's paper trains on CIFAR, without dropout.
 *
 * <p>A convolution, three groups of residual blocks of {@code 16k}, {@code 32k} and {@code 64k}
 * channels, of which the second and third halve height and width, batch normalisation, the mean
 * over height and width, and one fully connected layer. In a block, batch normalisation and
 * rectifier come before each of the two 3 by 3 convolutions.
 *
 * @param depth 6n+4, for n blocks in a group
 * @param width the factor k of the channels
 * @param averaging share that a moving average keeps in a step
 */
public record WideResNet(int depth, int width, float averaging) implements Layered {

  private static final int STEM = 16;
  private static final int GROUPS = 3;

  /**
   * Checks the sizes.
   *
   * @throws IllegalArgumentException if the depth is not 6n+4, or the width is less than 1
   */
  public WideResNet {
    if (depth < 10 || (depth - 4) % 6 != 0) {
      throw new IllegalArgumentException("depth is " + depth + "; it must be 6n+4, as 16 or 28");
    }
    if (width < 1) {
      throw new IllegalArgumentException("width is " + width + "; it must be at least 1");
    }
  }

  @Override
  public List<Layer> layers(Variables variables, ImageShape input, int classes) {
    List<Layer> layers = new ArrayList<>();
    layers.add(Layers.convolution(variables, "stem", 3, input.channels(), STEM, 1));
    int channels = STEM;
    for (int group = 0; group < GROUPS; group++) {
      int outputs = STEM * width << group;
      for (int block = 0; block < (depth - 4) / 6; block++) {
        int stride = block == 0 && group > 0 ? 2 : 1;
        String name = "group" + (group + 1) + "_block" + (block + 1);
        layers.add(new Block(variables, name, channels, outputs, stride));
        channels = outputs;
      }
    }
    layers.add(new BatchNormalization(variables, "bn", channels, averaging));
    layers.add(Layers.relu());
    layers.add((pass, x) -> pass.tf().math.mean(x, pass.tf().constant(new int[] {1, 2})));
    layers.add(Layers.dense(variables, "logits", channels, classes));
    return layers;
  }

  @Override
  public boolean hasHiddenLayers() {
    return true;
  }

  @Override
  public String toString() {
    return "WideResNet-" + depth + "-" + width;
  }

  /** Two convolutions, and a way past them. */
  private final class Block implements Layer {
    private final String name;
    private final Layer firstNorm;
    private final Layer firstConvolution;
    private final Layer secondNorm;
    private final Layer secondConvolution;

    /** Fits the input to the output; null where it fits. */
    private final Layer projection;

    Block(Variables variables, String name, int inputs, int outputs, int stride) {
      this.name = name;
      firstNorm = new BatchNormalization(variables, name + "_bn1", inputs, averaging);
      firstConvolution = Layers.convolution(variables, name + "_conv1", 3, inputs, outputs, stride);
      secondNorm = new BatchNormalization(variables, name + "_bn2", outputs, averaging);
      secondConvolution = Layers.convolution(variables, name + "_conv2", 3, outputs, outputs, 1);
      projection =
          inputs == outputs && stride == 1
              ? null
              : Layers.convolution(variables, name + "_projection", 1, inputs, outputs, stride);
    }

    @Override
    public Operand<TFloat32> apply(Pass pass, Operand<TFloat32> x) {
      Ops tf = pass.tf().withSubScope(name);
      Operand<TFloat32> active = tf.nn.relu(firstNorm.apply(pass, x));
      Operand<TFloat32> past = projection == null ? x : projection.apply(pass, active);
      Operand<TFloat32> y = firstConvolution.apply(pass, active);
      y = secondConvolution.apply(pass, tf.nn.relu(secondNorm.apply(pass, y)));
      return tf.math.add(y, past);
    }
  }
}
