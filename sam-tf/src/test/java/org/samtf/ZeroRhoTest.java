package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.AdaDelta;
import org.tensorflow.framework.optimizers.AdaGrad;
import org.tensorflow.framework.optimizers.AdaGradDA;
import org.tensorflow.framework.optimizers.Adam;
import org.tensorflow.framework.optimizers.Adamax;
import org.tensorflow.framework.optimizers.Ftrl;
import org.tensorflow.framework.optimizers.GradientDescent;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.framework.optimizers.Nadam;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.framework.optimizers.RMSProp;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TType;

/** With ρ = 0 training is that of the wrapped optimizer, to the last bit. */
@Tag("one-line")
class ZeroRhoTest {

  static final int STEPS = 20;

  private static final Map<Object, Map<String, byte[]>> TRAINED_BY_BASE = new HashMap<>();

  /** The optimizers of TF-Java, and one of a user. */
  enum Base {
    ADA_DELTA(graph -> new AdaDelta(graph, 1f)),
    ADA_GRAD(graph -> new AdaGrad(graph, 0.1f)),
    ADA_GRAD_DA(graph -> new AdaGradDA(graph, 0.1f)),
    ADAM(graph -> new Adam(graph, 0.01f)),
    ADAMAX(graph -> new Adamax(graph, 0.01f)),
    FTRL(graph -> new Ftrl(graph, 0.1f)),
    GRADIENT_DESCENT(graph -> new GradientDescent(graph, 0.1f)),
    MOMENTUM(graph -> new Momentum(graph, 0.1f, 0.9f)),
    NADAM(graph -> new Nadam(graph, 0.01f)),
    RMS_PROP(graph -> new RMSProp(graph, 0.01f)),
    OF_A_USER(SignedDescent::new);

    final Function<Graph, Optimizer> maker;

    Base(Function<Graph, Optimizer> maker) {
      this.maker = maker;
    }
  }

  /**
   * How a layer adds its bias. TensorFlow fuses a product of matrices with a BiasAdd and the
   * activation into one op, which rounds differently, unless a control edge is in the way.
   */
  enum Bias {
    FUSED,
    PLAIN
  }

  @ParameterizedTest
  @EnumSource
  void trainsAsTheBase(Base base) {
    for (Bias bias : Bias.values()) {
      Map<String, byte[]> expected = trainedByBase(base, bias);
      Map<String, byte[]> actual = trainedBySam(base, bias, 0, false);
      assertThat(actual.keySet()).isEqualTo(expected.keySet());
      assertThat(Values.changed(expected, actual)).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  void trainsAsTheBaseInPlace(Base base) {
    Map<String, byte[]> expected = trainedByBase(base, Bias.PLAIN);
    Map<String, byte[]> actual = trainedBySam(base, Bias.PLAIN, 0, true);
    assertThat(actual.keySet()).containsAll(expected.keySet());
    assertThat(Values.changed(expected, actual)).isEmpty();
  }

  /** The second pass is to be fused as the first is: a control edge only where w is read. */
  @Test
  void trainsAsTheBaseInPlaceWhereOpsAreFused() {
    Map<String, byte[]> expected = trainedByBase(Base.MOMENTUM, Bias.FUSED);
    Map<String, byte[]> actual = trainedBySam(Base.MOMENTUM, Bias.FUSED, 0, true);
    assertThat(Values.changed(expected, actual)).isEmpty();
  }

  /** Else the tests above would hold for a SAM that never perturbs. */
  @ParameterizedTest
  @EnumSource(names = {"GRADIENT_DESCENT", "MOMENTUM", "ADAM", "OF_A_USER"})
  void anyOtherRhoTrainsDifferently(Base base) {
    Map<String, byte[]> ofBase = trainedByBase(base, Bias.PLAIN);
    Map<String, byte[]> bySam = trainedBySam(base, Bias.PLAIN, 0.05f, false);
    assertThat(Values.changed(ofBase, bySam)).contains("w0", "b0", "w1", "b1", "w2", "b2");
    Map<String, byte[]> inPlace = trainedBySam(base, Bias.PLAIN, 0.05f, true);
    assertThat(Values.changed(bySam, inPlace)).isEmpty();
  }

  /** What is read is read before it changes, and what was changed is read after it has. */
  @ParameterizedTest
  @ValueSource(floats = {-1, 0, 0.5f})
  void theStepStateOfAUsersOptimizerKeepsItsOrder(float rho) {
    for (int run = 0; run < 5; run++) {
      try (Graph graph = new Graph();
          Session session = new Session(graph)) {
        Ops tf = Ops.create(graph);
        Variable<TFloat32> w = tf.withName("w").variable(Shape.of(2), TFloat32.class);
        session.run(tf.assign(w, tf.constant(new float[] {3, -5})));
        Operand<TFloat32> loss =
            tf.sum(tf.math.mul(w, tf.constant(new float[] {7, -2})), tf.constant(0));
        SignedDescent base = new SignedDescent(graph);
        Optimizer optimizer =
            rho < 0 ? new OrderedOptimizer(graph, base) : new SamOptimizer(graph, base, rho);
        Op train = optimizer.minimize(loss);

        float expected = 3;
        float average = 0;
        for (int step = 0; step < 10; step++) {
          session.run(train);
          expected -= 1f / (1 << step);
          average = 0.5f * average + 0.5f * expected;
          assertThat(Values.of(session, w)).containsExactly(expected, -5 + (3 - expected));
          Operand<?> slot = optimizer.getSlot(w.asOutput(), SignedDescent.AVERAGE).orElseThrow();
          assertThat(Values.of(session, slot)[0]).isEqualTo(average);
          assertThat(Values.scalar(session, base.steps)).isEqualTo(step + 1);
        }
      }
    }
  }

  @Test
  void trainingIsNotAtRest() {
    Map<String, byte[]> once = trained(Base.ADAM.maker, Bias.PLAIN, 1);
    Map<String, byte[]> often = trained(Base.ADAM.maker, Bias.PLAIN, STEPS);
    assertThat(Values.changed(once, often)).hasSize(once.size());
  }

  static Map<String, byte[]> trainedByBase(Base base, Bias bias) {
    return TRAINED_BY_BASE.computeIfAbsent(
        List.of(base, bias),
        k -> trained(graph -> new OrderedOptimizer(graph, base.maker.apply(graph)), bias, STEPS));
  }

  private static Map<String, byte[]> trainedBySam(
      Base base, Bias bias, float rho, boolean inPlace) {
    return trained(
        graph ->
            SamOptimizer.builder(graph, base.maker.apply(graph)).rho(rho).inPlace(inPlace).build(),
        bias,
        STEPS);
  }

  static Map<String, byte[]> trained(Function<Graph, Optimizer> optimizer, Bias bias, int steps) {
    return trained((graph, loss) -> optimizer.apply(graph).minimize(loss), bias, steps);
  }

  /** All variables, slots and counters after some steps on batches that are never the same. */
  static Map<String, byte[]> trained(
      BiFunction<Graph, Operand<TFloat32>, Op> minimize, Bias bias, int steps) {
    int batch = 5;
    int[] sizes = {8, 7, 6, 3};
    Random random = new Random(1);
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> x = placeholder(tf, "x", batch, sizes[0]);
      Placeholder<TFloat32> y = placeholder(tf, "y", batch, sizes[3]);
      Operand<TFloat32> layer = x;
      for (int i = 0; i < 3; i++) {
        Variable<TFloat32> w =
            variable(tf, session, "w" + i, Shape.of(sizes[i], sizes[i + 1]), random);
        Variable<TFloat32> b = variable(tf, session, "b" + i, Shape.of(sizes[i + 1]), random);
        Operand<TFloat32> product = tf.linalg.matMul(layer, w);
        layer = bias == Bias.FUSED ? tf.nn.biasAdd(product, b) : tf.math.add(product, b);
        layer = i == 0 ? tf.math.tanh(layer) : i == 1 ? tf.nn.relu(layer) : layer;
      }
      Operand<TFloat32> loss =
          tf.math.mean(tf.nn.softmaxCrossEntropyWithLogits(layer, y).loss(), tf.constant(0));
      Op train = minimize.apply(graph, loss);

      for (int step = 0; step < steps; step++) {
        float[] inputs = floats(batch * sizes[0], random);
        float[] labels = new float[batch * sizes[3]];
        for (int k = 0; k < batch; k++) {
          labels[k * sizes[3] + random.nextInt(sizes[3])] = 1;
        }
        try (TFloat32 xs = TFloat32.tensorOf(x.shape(), DataBuffers.of(inputs));
            TFloat32 ys = TFloat32.tensorOf(y.shape(), DataBuffers.of(labels))) {
          session.runner().feed(x, xs).feed(y, ys).addTarget(train).run().close();
        }
      }
      return Values.variables(graph, session);
    }
  }

  private static Placeholder<TFloat32> placeholder(Ops tf, String name, int rows, int columns) {
    return tf.withName(name)
        .placeholder(TFloat32.class, Placeholder.shape(Shape.of(rows, columns)));
  }

  private static Variable<TFloat32> variable(
      Ops tf, Session session, String name, Shape shape, Random random) {
    Variable<TFloat32> variable = tf.withName(name).variable(shape, TFloat32.class);
    float[] values = floats((int) shape.size(), random);
    session.run(tf.assign(variable, tf.constant(shape, DataBuffers.of(values))));
    return variable;
  }

  private static float[] floats(int count, Random random) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian() / 2;
    }
    return values;
  }

  /**
   * Steps of 1, 1/2, 1/4, … against the sign of the gradient, and a moving average of the weights.
   *
   * <p>As TF-Java's own optimizers do, it leaves open what of a step comes first.
   */
  private static final class SignedDescent extends Optimizer {

    static final String AVERAGE = "average";

    private final List<Output<? extends TType>> variables = new ArrayList<>();
    private Variable<TFloat32> steps;

    SignedDescent(Graph graph) {
      super(graph);
    }

    @Override
    protected void createSlots(List<Output<? extends TType>> variables) {
      variables.forEach(this::createAverage);
      this.variables.addAll(variables);
      steps = tf.withInitScope().withName("steps").variable(Shape.scalar(), TFloat32.class);
      tf.withInitScope().assign(steps, tf.withInitScope().constant(0f));
    }

    private <T extends TType> void createAverage(Output<T> variable) {
      Ops init = tf.withInitScope();
      createSlot(
          variable,
          AVERAGE,
          init.fill(
              init.constant(variable.shape()),
              init.dtypes.cast(init.constant(0f), variable.type())));
    }

    // One of the next two is called, depending on the line of TensorFlow Java.
    protected <T extends TType> Op applyDense(Output<T> gradient, Output<T> variable) {
      return applyDense(tf, gradient, variable);
    }

    protected <T extends TType> Op applyDense(
        Ops dependencies, Output<T> gradient, Output<T> variable) {
      Operand<TFloat32> rate = dependencies.math.pow(dependencies.constant(0.5f), steps);
      return dependencies.assignSub(
          variable,
          dependencies.math.mul(
              dependencies.math.sign(gradient), dependencies.dtypes.cast(rate, gradient.type())));
    }

    @Override
    protected Op finish(List<Op> updateOperations, String name) {
      updateOperations.add(tf.assignAdd(steps, tf.constant(1f)));
      variables.forEach(variable -> updateOperations.add(advanceAverage(variable)));
      return super.finish(updateOperations, name);
    }

    private <T extends TType> Op advanceAverage(Output<T> variable) {
      Variable<T> average = getSlot(variable, AVERAGE).orElseThrow();
      Operand<T> half = tf.dtypes.cast(tf.constant(0.5f), variable.type());
      return tf.assign(
          average, tf.math.add(tf.math.mul(half, average), tf.math.mul(half, variable)));
    }

    @Override
    public String getOptimizerName() {
      return "SignedDescent";
    }
  }
}
