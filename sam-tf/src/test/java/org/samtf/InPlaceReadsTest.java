package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.GradientDescent;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat64;

/** In place, whatever the second pass reads of a variable it reads after w+ε was assigned. */
class InPlaceReadsTest {

  /** L = Σ w·e^w, where the second w goes through a Print and gets no gradient. */
  @Test
  void aVariableThatIsPrintedIsReadAtThePerturbationToo() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Variable<TFloat64> w = tf.withName("w").variable(Shape.of(2), TFloat64.class);
      session.run(tf.assign(w, tf.constant(new double[] {3, 4})));
      Output<TFloat64> printed =
          graph
              .opBuilder("Print", "print", tf.scope())
              .addInput(w.asOutput())
              .addInputList(new Output<?>[] {tf.constant(1f).asOutput()})
              .setAttr("first_n", 0)
              .build()
              .output(0);
      Operand<TFloat64> loss =
          tf.sum(tf.math.mul(tf.stopGradient(tf.math.exp(printed)), w), tf.constant(0));
      SamOptimizer sam =
          SamOptimizer.builder(graph, new GradientDescent(graph, 0f)).rho(5f).inPlace(true).build();
      Op train = sam.minimize(loss);

      double norm = Math.hypot(Math.exp(3), Math.exp(4));
      double w0 = 3 + 5 * Math.exp(3) / norm;
      double w1 = 4 + 5 * Math.exp(4) / norm;
      double expected = w0 * Math.exp(w0) + w1 * Math.exp(w1);
      for (int step = 0; step < 200; step++) {
        try (Result result =
            session.runner().addTarget(train).fetch(sam.loss()).fetch(sam.perturbedLoss()).run()) {
          assertThat(Values.of(result.get(1))[0]).isCloseTo(expected, within(1e-9 * expected));
        }
      }
    }
  }

  /** 2λw is of w, so it is read once w is restored; a race would mostly hide the lack of that. */
  @Test
  void theL2TermReadsTheRestoredVariable() {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Variable<TFloat64> w = tf.withName("w").variable(Shape.of(2), TFloat64.class);
      SamOptimizer.builder(graph, new GradientDescent(graph))
          .l2(0.1f)
          .inPlace(true)
          .build()
          .minimize(tf.nn.l2Loss(w));
      var readers = new ArrayList<GraphOperation>();
      graph
          .operations()
          .forEachRemaining(
              op -> {
                if (op.name().startsWith("Sam/descent/Mul")) {
                  readers.add(op);
                }
              });
      assertThat(readers).hasSize(1);
      assertThat(readers.get(0).controlInputs())
          .anyMatch(op -> op.name().startsWith("Sam/inPlace/restore"));
    }
  }
}
