package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.GradientDescent;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;

/** The two ways to the perturbation for the 2-norm, with a condition in the graph and without. */
class EuclideanDualTest {

  /** L = Σ c·w with a fed c, so that g = c. */
  private static final class Fed implements AutoCloseable {
    final Graph graph = new Graph();
    final Session session = new Session(graph);
    final Placeholder<TFloat32> c;
    final SamOptimizer sam;
    final Op train;
    final float rho;

    Fed(boolean cpuOnly) {
      this(cpuOnly, 2);
    }

    Fed(boolean cpuOnly, float rho) {
      this.rho = rho;
      Ops tf = Ops.create(graph);
      c = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(4)));
      Variable<TFloat32> w = tf.withName("w").variable(Shape.of(4), TFloat32.class);
      session.run(tf.assign(w, tf.constant(new float[4])));
      Operand<TFloat32> loss = tf.sum(tf.math.mul(c, w), tf.constant(0));
      sam =
          SamOptimizer.builder(graph, new GradientDescent(graph, 0.1f))
              .rho(rho)
              .cpuOnly(cpuOnly)
              .build();
      train = sam.minimize(loss);
    }

    double[] epsilon(float... gradient) {
      try (TFloat32 fed = TFloat32.vectorOf(gradient);
          Result result =
              session
                  .runner()
                  .feed(c, fed)
                  .addTarget(train)
                  .fetch(sam.step().epsilons().get(0))
                  .fetch(sam.gradientNorm())
                  .fetch(sam.perturbationNorm())
                  .run()) {
        double norm = 0;
        for (float g : gradient) {
          norm = Math.hypot(norm, g);
        }
        assertThat(Values.of(result.get(1))[0]).isCloseTo(norm, within(1e-6 * norm));
        assertThat(Values.of(result.get(2))[0]).isCloseTo(norm == 0 ? 0 : rho, within(rho * 5e-7));
        return Values.of(result.get(0));
      }
    }

    List<String> names() {
      List<String> names = new ArrayList<>();
      graph.operations().forEachRemaining(op -> names.add(op.name()));
      return names;
    }

    @Override
    public void close() {
      session.close();
      graph.close();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void bothWaysGiveTheFormulaAtAnyScale(boolean cpuOnly) {
    try (Fed fed = new Fed(cpuOnly)) {
      for (double scale = 1e-36; scale < 1e37; scale *= 3) {
        double[] epsilon =
            fed.epsilon((float) (3 * scale), 0, (float) (-4 * scale), (float) (12 * scale));
        assertThat(epsilon)
            .as("scale %s", scale)
            .containsExactly(
                new double[] {6 / 13.0, 0, -8 / 13.0, 24 / 13.0},
                org.assertj.core.data.Offset.offset(1e-6));
      }
      assertThat(fed.epsilon(0, 0, 0, 0)).containsExactly(0, 0, 0, 0);
    }
  }

  /** Here ρ/‖g‖ is less than the smallest float, though ε is not. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void bothWaysGiveASmallPerturbationForALargeGradient(boolean cpuOnly) {
    try (Fed fed = new Fed(cpuOnly, 1e-6f)) {
      for (double scale : new double[] {1e30, 1e33, 1e36}) {
        double[] epsilon =
            fed.epsilon((float) (3 * scale), 0, (float) (-4 * scale), (float) (12 * scale));
        assertThat(epsilon)
            .as("scale %s", scale)
            .containsExactly(
                new double[] {3e-6 / 13, 0, -4e-6 / 13, 12e-6 / 13},
                org.assertj.core.data.Offset.offset(1e-12));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void bothWaysNoticeWhatIsNotFinite(boolean cpuOnly) {
    try (Fed fed = new Fed(cpuOnly)) {
      for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
        assertThatThrownBy(() -> fed.epsilon(1, bad, 2, 3))
            .hasMessageContaining("gradient at w of variable w is not finite");
      }
    }
  }

  /** A condition is read on the host, which a GPU would have to wait for. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void onlyOneChoosesItsWayInTheGraph(boolean cpuOnly) {
    try (Fed fed = new Fed(cpuOnly)) {
      assertThat(fed.names().stream().anyMatch(name -> name.contains("/outOfRange/")))
          .isEqualTo(cpuOnly);
    }
  }
}
