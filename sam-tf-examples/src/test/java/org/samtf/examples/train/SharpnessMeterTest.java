package org.samtf.examples.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;
import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.examples.data.DataSet;
import org.samtf.examples.data.DataSets;
import org.samtf.examples.data.LabeledImages;
import org.samtf.examples.model.LayeredNetwork;
import org.samtf.examples.model.Mlp;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;

/** Holds m-sharpness against a softmax regression computed in plain Java. */
class SharpnessMeterTest {

  private static final float RHO = 0.1f;
  private static final int IMAGES = 8;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8})
  void isTheMeanRiseOfTheLossOfTheParts(int partSize) {
    DataSet data = DataSets.open("digits");
    LabeledImages images = data.train().select(new int[] {5, 77, 3, 401, 900, 12, 640, 33});
    try (Graph graph = new Graph()) {
      LayeredNetwork network =
          new LayeredNetwork(graph, new Mlp(List.of()), data.shape(), data.classes(), 11);
      SharpnessMeter meter =
          new SharpnessMeter(graph, network, network.inferenceLoss(), RHO, 2, Optional.empty());
      try (Session session = new Session(graph)) {
        network.initialize(session);
        double[] weights = fetch(session, network, "logits_kernel", 64 * 10);
        double expected = 0;
        for (int from = 0; from < IMAGES; from += partSize) {
          expected += rise(images, from, from + partSize, weights) * partSize / IMAGES;
        }

        double sharpness = meter.measure(session, images, partSize, () -> {});

        assertThat(sharpness).isCloseTo(expected, Offset.offset(2e-4 * expected));
      }
    }
  }

  /** L(w + eps) - L(w) of a part, with eps = rho g / |g|. */
  private static double rise(LabeledImages images, int from, int to, double[] weights) {
    double[] bias = new double[10];
    double[] gradient = new double[weights.length];
    double[] biasGradient = new double[bias.length];
    double before = loss(images, from, to, weights, bias, gradient, biasGradient);
    double squares = 0;
    for (double g : gradient) {
      squares += g * g;
    }
    for (double g : biasGradient) {
      squares += g * g;
    }
    double factor = RHO / Math.sqrt(squares);
    double[] moved = weights.clone();
    for (int i = 0; i < moved.length; i++) {
      moved[i] += factor * gradient[i];
    }
    for (int i = 0; i < bias.length; i++) {
      bias[i] += factor * biasGradient[i];
    }
    return loss(images, from, to, moved, bias, gradient, biasGradient) - before;
  }

  /** Mean cross-entropy of softmax regression; adds up its gradient. */
  private static double loss(
      LabeledImages images,
      int from,
      int to,
      double[] weights,
      double[] bias,
      double[] gradient,
      double[] biasGradient) {
    double loss = 0;
    for (int i = from; i < to; i++) {
      FloatBuffer pixels = FloatBuffer.allocate(64);
      images.copyImage(i, pixels);
      double[] logits = bias.clone();
      for (int p = 0; p < 64; p++) {
        for (int c = 0; c < 10; c++) {
          logits[c] += pixels.get(p) * weights[10 * p + c];
        }
      }
      double sum = 0;
      for (double logit : logits) {
        sum += Math.exp(logit);
      }
      loss -= Math.log(Math.exp(logits[images.label(i)]) / sum) / (to - from);
      for (int c = 0; c < 10; c++) {
        double error = Math.exp(logits[c]) / sum - (c == images.label(i) ? 1 : 0);
        biasGradient[c] += error / (to - from);
        for (int p = 0; p < 64; p++) {
          gradient[10 * p + c] += pixels.get(p) * error / (to - from);
        }
      }
    }
    return loss;
  }

  private static double[] fetch(Session session, LayeredNetwork network, String name, int size) {
    float[] values = new float[size];
    try (Result result = session.runner().fetch(network.variable(name)).run()) {
      ((TFloat32) result.get(0)).copyTo(DataBuffers.of(values));
    }
    double[] exact = new double[size];
    for (int i = 0; i < size; i++) {
      exact[i] = values[i];
    }
    return exact;
  }
}
