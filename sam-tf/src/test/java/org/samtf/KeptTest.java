package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.samtf.direction.StepVectors;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.GradientDescent;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.family.TNumber;

/** What directions keep from step to step. */
class KeptTest {

  private static final double RHO = 0.1;
  private static final double RATE = 0.25;

  /** What was kept before the step that is run. */
  private final List<Operand<TNumber>> kept = new ArrayList<>();

  private interface Losses {
    List<Operand<TFloat64>> of(Ops tf, Variable<TFloat64> w);
  }

  /** What a step from w = 2 kept, as the step after it would read it. */
  private double[] keptByOneStep(Losses losses, UnaryOperator<SamOptimizerBuilder> settings) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Variable<TFloat64> w = tf.variable(tf.constant(new double[] {2}));
      SamOptimizer sam =
          settings
              .apply(
                  SamOptimizer.builder(graph, new GradientDescent(graph, (float) RATE))
                      .rho((float) RHO))
              .build();
      Op train = sam.minimize(losses.of(tf, w));
      session.initialize();
      session.run(train);
      return Values.of(session, kept).stream().mapToDouble(values -> values[0]).toArray();
    }
  }

  private static Operand<TFloat64> half(Ops tf, Operand<TFloat64> w, double factor) {
    return tf.math.mul(tf.constant(factor / 2), tf.sum(tf.math.mul(w, w), tf.constant(0)));
  }

  private void see(StepVectors step) {
    kept.add(step.kept("x").parts().get(0));
    kept.add(step.keptScalar("x"));
  }

  @Test
  void anAscentAndADescentKeepTheirOwnUnderOneName() {
    double[] found =
        keptByOneStep(
            (tf, w) -> List.of(half(tf, w, 1)),
            sam ->
                sam.ascent(
                        step -> {
                          see(step);
                          step.keep("x", step.gradient());
                          step.keepScalar("x", step.gradient().norm());
                          return step.gradient();
                        })
                    .descent(
                        (step, perturbed) -> {
                          see(step);
                          step.keep("x", perturbed.times(3));
                          step.keepScalar("x", step.scalar(7));
                          return perturbed;
                        }));
    double perturbed = 2 + (double) (float) RHO;
    assertThat(found).containsExactly(new double[] {2, 2, 3 * perturbed, 7}, within(1e-12));
  }

  /** Each with a perturbation of its own. */
  @Test
  void ofReplicasTheMeanIsKept() {
    double[] found =
        keptByOneStep(
            (tf, w) -> List.of(half(tf, w, 1), half(tf, w, 2), half(tf, w, 6)),
            sam ->
                sam.ascent(
                    step -> {
                      if (kept.isEmpty()) {
                        see(step);
                      }
                      step.keep("x", step.gradient());
                      step.keepScalar("x", step.gradient().norm());
                      return step.gradient();
                    }));
    assertThat(found).containsExactly(new double[] {6, 6}, within(1e-12));
  }

  @Test
  void aNumberIsKeptByTheStepsThatGiveIt() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Variable<TFloat64> w = tf.variable(tf.constant(new double[] {2}));
      SamOptimizer sam =
          SamOptimizer.builder(graph, new GradientDescent(graph, (float) RATE))
              .every(2)
              .descent(
                  (step, perturbed) -> {
                    kept.add(step.keptScalar("count"));
                    step.keepScalar(
                        "count",
                        step.ops().math.add(step.keptScalar("count"), step.<TNumber>scalar(1)));
                    return perturbed;
                  })
              .build();
      Op train = sam.minimize(half(tf, w, 1));
      session.initialize();
      for (int i = 0; i < 4; i++) {
        session.run(train);
      }
      // Steps 0 and 2 have a second pass; the fifth reads what they kept.
      assertThat(Values.scalar(session, kept.get(0))).isEqualTo(2);
    }
  }
}
