package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.function.Consumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TFInvalidArgumentException;
import org.tensorflow.framework.optimizers.Adam;
import org.tensorflow.framework.optimizers.GradientDescent;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat64;

/** Settings that do not go together, or would do nothing, and what is not there, are refused. */
class SettingsTest {

  private final Graph graph = new Graph();
  private final Session session = new Session(graph);
  private final TestModels.Maker m = new TestModels.Maker(graph, session);
  private final Ops tf = m.tf;
  private final Placeholder<TFloat64> x =
      tf.placeholder(TFloat64.class, Placeholder.shape(Shape.of(-1, 2)));
  private final Variable<TFloat64> w = m.variable("w", new double[] {3, 4}, 2);
  private final Variable<TFloat64> b = m.variable("b", new double[] {2}, 1);

  /** One entry an example. */
  private final Operand<TFloat64> losses =
      tf.sum(
          tf.math.add(tf.math.mul(tf.math.mul(x, w), w), tf.math.mul(b, b)),
          tf.constant(new int[] {1}));

  private final Operand<TFloat64> loss = tf.math.mean(losses, tf.constant(new int[] {0}));

  @AfterEach
  void close() {
    session.close();
    graph.close();
  }

  private SamOptimizerBuilder builder() {
    return SamOptimizer.builder(graph, new GradientDescent(graph, 0.1f)).rho(0.5f);
  }

  private static void refuses(ThrowingCallable call, String message) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message)
        .message()
        .doesNotContain("\n");
  }

  private void refusesToBuild(Consumer<SamOptimizerBuilder> settings, String message) {
    SamOptimizerBuilder builder = builder();
    settings.accept(builder);
    refuses(builder::build, message);
  }

  @Test
  void combinationsAreJudgedWithoutAGraph() {
    refusesToBuild(b -> b.sequential(true), "sequential is given, but the batch is in one part");
    refusesToBuild(b -> b.devices(List.of("/device:CPU:0")), "but the batch is in one part");
    refusesToBuild(b -> b.randomAscentExamples(true), "randomAscentExamples is given without");
    refusesToBuild(b -> b.inPlace(true).microBatches(2, x), "inPlace has one set of weights");
    refusesToBuild(b -> b.ascentExamples(1, x).microBatches(2, x), "both cut the batch");
    refusesToBuild(b -> b.ascentExamples(1, x).sharePerturbation(2), "sharePerturbation is given");
    refusesToBuild(b -> b.doNotScale("w"), "doNotScale is given, but");
  }

  @Test
  void settingsWithoutEffectAreNamed() {
    refuses(() -> builder().devices(List.of()), "devices is empty");
    refuses(() -> builder().freeze(), "freeze is empty");
    refuses(() -> builder().doNotPerturb(), "doNotPerturb is empty");
    refuses(() -> builder().trainable(List.of()), "trainable is empty");
    refuses(
        () -> builder().sharePerturbation(2).build().minimize(loss),
        "sharePerturbation is given, but there is one loss");
    refuses(
        () -> builder().doNotPerturb("bias*").build().minimize(loss),
        "doNotPerturb has \"bias*\", which matches no variable; there are w, b");
    refuses(
        () -> builder().doNotPerturb("nothing"::equals).build().minimize(loss),
        "doNotPerturb takes none of the variables w, b");
    refuses(
        () -> builder().freeze("nothing"::equals).build().minimize(loss),
        "freeze takes none of the variables w, b");
    refuses(
        () -> builder().adaptive().doNotScale("bias").build().minimize(loss),
        "doNotScale has \"bias\", which matches no variable");
  }

  @Test
  void whatIsNotThereIsNamed() {
    SamOptimizer sam = builder().build();
    OrderedOptimizer ordered = new OrderedOptimizer(graph, new Adam(graph));
    Operand<?> none = null;
    refuses(() -> sam.minimize(none), "loss is null");
    refuses(() -> sam.minimize(loss, null), "name is null");
    refuses(() -> sam.minimize((List<Operand<?>>) null), "losses is null");
    refuses(() -> sam.minimize(List.of()), "losses is empty");
    refuses(() -> sam.applyGradients(null, "step"), "gradsAndVars is null");
    refuses(() -> ordered.minimize(none), "loss is null");
    refuses(() -> builder().rho((org.samtf.train.Schedule) null), "rho is null");
    refuses(() -> builder().trainable(null), "trainable is null");
    refuses(() -> builder().freeze((String[]) null), "freeze is null");
    refuses(() -> builder().freeze("w", null), "one of freeze is null");
    refuses(() -> builder().name(null), "name is null");
    refuses(() -> builder().devices(null), "devices is null");
    refuses(() -> builder().microBatches(2, x, null), "batch input is null");
    refuses(() -> new SamOptimizer(null, new Adam(graph)), "graph is null");
  }

  /** A builder goes on after build, and what it built does not change. */
  @Test
  void builtSettingsDoNotChange() {
    SamOptimizerBuilder builder = builder().norm(3);
    SamOptimizer sam = builder.build();
    String before = sam.toString();
    builder.norm(1).rho(9f).l2(1f).freeze("w");
    assertThat(sam.toString()).isEqualTo(before).contains("rho=0.5, norm=3.0");
    assertThat(builder.build().toString()).contains("rho=9.0, norm=1.0", "freeze=[w]");
  }

  @Test
  void microBatchesNeedAScalar() {
    refuses(
        () -> builder().microBatches(2, x).build().minimize(losses),
        "microBatches cut its batch; give the mean");
    builder().build().minimize(losses);
  }

  /** The order in which losses reach the variables does not matter. */
  @Test
  void lossesThatReachVariablesInAnotherOrderShareAPerturbation() {
    Operand<TFloat64> wFirst = tf.math.add(tf.nn.l2Loss(w), tf.nn.l2Loss(b));
    Operand<TFloat64> bFirst = tf.math.add(tf.nn.l2Loss(b), tf.nn.l2Loss(w));
    SamOptimizer sam = builder().sharePerturbation(SamOptimizer.ALL_REPLICAS).build();
    session.run(sam.minimize(List.of(wFirst, bFirst)));
    double norm = Math.sqrt(9 + 16 + 4);
    double factor = 1 - 0.1f * (1 + 0.5 / norm);
    assertThat(Values.of(session, w))
        .containsExactly(new double[] {3 * factor, 4 * factor}, within(1e-7));
    assertThat(Values.of(session, b)).containsExactly(new double[] {2 * factor}, within(1e-7));
  }

  /** T = 1: as in the code of ASAM's authors for biases. */
  @Test
  void unscaledVariablesHaveAScaleOfOne() {
    Operand<TFloat64> sum = tf.math.add(tf.nn.l2Loss(w), tf.nn.l2Loss(b));
    SamOptimizer sam = builder().adaptive(0.5f).doNotScale("b").build();
    Op train = sam.minimize(sum);
    // T·g = (3.5·3, 4.5·4, 1·2), ε = ρ T (T·g) / ‖T·g‖.
    double norm = Math.sqrt(10.5 * 10.5 + 18 * 18 + 4);
    try (Result result =
        session
            .runner()
            .addTarget(train)
            .fetch(sam.step().epsilons().get(0))
            .fetch(sam.step().epsilons().get(1))
            .fetch(sam.gradientNorm())
            .run()) {
      assertThat(Values.of(result.get(0)))
          .containsExactly(
              new double[] {0.5 * 3.5 * 10.5 / norm, 0.5 * 4.5 * 18 / norm}, within(1e-12));
      assertThat(Values.of(result.get(1)))
          .containsExactly(new double[] {0.5 * 2 / norm}, within(1e-12));
      assertThat(Values.of(result.get(2))[0]).isCloseTo(norm, within(1e-12));
    }
  }

  @Test
  void aRhoOutOfRangeIsNamedWithItsValue() {
    Placeholder<TFloat64> rho = tf.placeholder(TFloat64.class, Placeholder.shape(Shape.scalar()));
    Op train = builder().rho(rho).build().minimize(tf.nn.l2Loss(w));
    for (double value : new double[] {-0.25, Double.NaN, Double.POSITIVE_INFINITY}) {
      try (TFloat64 fed = TFloat64.scalarOf(value)) {
        assertThatThrownBy(() -> session.runner().feed(rho, fed).addTarget(train).run())
            .isInstanceOf(TFInvalidArgumentException.class)
            .hasMessageContaining("rho is")
            .hasMessageContaining("it must be finite and at least 0");
        assertThat(Values.of(session, w)).containsExactly(3, 4);
      }
    }
  }

  /** The largest of no entries must not count. */
  @Test
  void aPerturbationWithoutEntriesHasNormZero() {
    Variable<TFloat64> empty = m.variable("empty", new double[0], 0);
    Operand<TFloat64> sum = tf.math.add(tf.nn.l2Loss(empty), tf.nn.l2Loss(w));
    for (double p : new double[] {1, 2, 3, Double.POSITIVE_INFINITY}) {
      SamOptimizer sam = builder().norm(p).doNotPerturb("w").build();
      Op train = sam.minimize(sum);
      try (Result result = session.runner().addTarget(train).fetch(sam.perturbationNorm()).run()) {
        assertThat(Values.of(result.get(0))[0]).isZero();
      }
    }
  }

  @Test
  void aGradientThatIsNotFiniteIsToldFromOtherFailures() {
    Placeholder<TFloat64> factor =
        tf.placeholder(TFloat64.class, Placeholder.shape(Shape.scalar()));
    Operand<TFloat64> scaled = tf.math.mul(factor, tf.math.add(tf.nn.l2Loss(w), tf.nn.l2Loss(b)));
    SamOptimizer sam = builder().build();
    Op train = sam.minimize(scaled);
    try (TFloat64 nan = TFloat64.scalarOf(Double.NaN)) {
      assertThatThrownBy(() -> session.runner().feed(factor, nan).addTarget(train).run())
          .isInstanceOfSatisfying(
              TFInvalidArgumentException.class,
              e -> {
                NonFiniteGradient found = NonFiniteGradient.in(e).orElseThrow();
                assertThat(found.kind()).isEqualTo("gradient at w");
                assertThat(found.variables()).containsExactlyInAnyOrder("w", "b");
                assertThat(found).hasToString("the gradient at w of variable w b is not finite");
              });
    }
    assertThatThrownBy(() -> session.run(train))
        .isInstanceOfSatisfying(
            TFInvalidArgumentException.class, e -> assertThat(NonFiniteGradient.in(e)).isEmpty());
  }

  /** One step stands in one scope. */
  @Test
  void anOrderedStepHasOneScope() {
    new OrderedOptimizer(graph, new Adam(graph)).minimize(loss);
    graph.operations().forEachRemaining(op -> assertThat(op.name()).doesNotStartWith("Ordered_"));
    new OrderedOptimizer(graph, new GradientDescent(graph)).minimize(loss, "second");
    assertThat(graph.operation("Ordered_1/finite")).isNotNull();
  }
}
