package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.internal.graph.Reals;
import org.tensorflow.ConcreteFunction;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Session;
import org.tensorflow.Signature;
import org.tensorflow.framework.optimizers.GradientDescent;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;

/** What cannot be done is refused when the graph is built, in one line that says what to do. */
class RefusalTest {

  private static void refuses(Consumer<TestModels.Maker> minimize, String... parts) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Maker m = new TestModels.Maker(graph, session);
      assertThatThrownBy(() -> minimize.accept(m))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll(parts)
          .message()
          .doesNotContain("\n");
    }
  }

  private static SamOptimizer sam(TestModels.Maker m) {
    return new SamOptimizer(m.graph, new GradientDescent(m.graph, 0.1f));
  }

  private static SamOptimizerBuilder builder(TestModels.Maker m) {
    return SamOptimizer.builder(m.graph, new GradientDescent(m.graph, 0.1f));
  }

  @ParameterizedTest
  @ValueSource(floats = {-0.1f, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void numbersOutOfRange(float value) {
    refuses(m -> builder(m).rho(value), "rho is " + value, "finite and at least 0");
    refuses(m -> builder(m).l2(value), "l2 is " + value, "finite and at least 0");
    refuses(m -> builder(m).adaptive(value), "eta is " + value, "finite and at least 0");
    refuses(m -> new SamOptimizer(m.graph, new GradientDescent(m.graph), value), "rho is " + value);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.999, 0, -2, Double.NaN, Double.NEGATIVE_INFINITY})
  void normOutOfRange(double value) {
    refuses(m -> builder(m).norm(value), "norm is " + value, "at least 1");
  }

  @Test
  void rhoThatIsNoScalar() {
    refuses(m -> builder(m).rho(m.data(2)), "shape", "must be a scalar");
    refuses(m -> builder(m).rho(m.tf.constant(1)), "TInt32", "floating-point");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a/b", "_sam", "a b"})
  void namesThatTensorFlowDoesNotTake(String name) {
    refuses(m -> builder(m).name(name), "name is \"" + name + "\"");
    refuses(m -> sam(m).minimize(m.tf.nn.l2Loss(m.weight("w", 2)), name), "name is");
  }

  @Test
  void baseOfAnotherGraphOrAlreadySam() {
    try (Graph other = new Graph()) {
      refuses(m -> new SamOptimizer(m.graph, new GradientDescent(other)), "made for another graph");
      refuses(
          m -> new OrderedOptimizer(m.graph, new GradientDescent(other)), "made for another graph");
    }
    refuses(m -> new SamOptimizer(m.graph, sam(m)), "SamOptimizer", "the optimizer inside it");
    refuses(m -> new SamOptimizer(m.graph, null), "base is null");
  }

  @Test
  void lossWithoutVariables() {
    refuses(
        m -> sam(m).minimize(m.tf.withName("flat").nn.l2Loss(m.data(2))),
        "loss \"flat\"",
        "no variable that can be trained",
        "tf.variable");
    refuses(
        m -> sam(m).minimize(m.tf.withName("cut").nn.l2Loss(m.tf.stopGradient(m.weight("w", 2)))),
        "loss \"cut\"",
        "no variable that can be trained");
  }

  @Test
  void lossThatIsNoFloatingPointNumber() {
    refuses(
        m -> sam(m).minimize(m.tf.withName("count").dtypes.cast(m.weight("w"), TInt32.class)),
        "loss \"count\" has type TInt32",
        "TFloat32");
  }

  @Test
  void lossOfAnotherGraph() {
    try (Graph other = new Graph()) {
      Operand<TFloat64> foreign = Ops.create(other).constant(1.0);
      refuses(m -> sam(m).minimize(foreign), "is of another graph");
    }
  }

  @Test
  void variablesThatCannotBeTrained() {
    refuses(
        m -> {
          Variable<TFloat64> idle = m.weight("idle", 2);
          builder(m).trainable(List.of(idle)).build().minimize(m.tf.nn.l2Loss(m.weight("w", 2)));
        },
        "\"idle\"",
        "does not reach");
    refuses(
        m -> {
          Operand<TFloat64> twice = m.tf.withName("twice").math.mul(m.weight("w", 2), m.c(2));
          builder(m).trainable(List.of(twice)).build().minimize(m.tf.nn.l2Loss(twice));
        },
        "\"twice\", a Mul",
        "tf.variable");
    refuses(
        m -> {
          Variable<TFloat64> cut = m.weight("cut", 2);
          builder(m)
              .trainable(List.of(cut))
              .build()
              .minimize(m.tf.nn.l2Loss(m.tf.math.add(m.weight("w", 2), m.tf.stopGradient(cut))));
        },
        "\"cut\"",
        "no gradient flows");
    refuses(
        m -> builder(m).trainable(List.of()).build().minimize(m.tf.nn.l2Loss(m.weight("w", 2))),
        "trainable is empty");
    refuses(
        m ->
            builder(m)
                .doNotPerturb(name -> true)
                .build()
                .minimize(m.tf.nn.l2Loss(m.weight("w", 2))),
        "doNotPerturb takes all of the variables w,");
  }

  @Test
  void resourceVariable() {
    refuses(
        m -> {
          Output<?> handle =
              m.graph
                  .opBuilder("VarHandleOp", "resource", m.graph.baseScope())
                  .setAttr("dtype", m.c(0).asOutput().dataType())
                  .setAttr("shape", Shape.of(2))
                  .build()
                  .output(0);
          Operand<TFloat64> value = m.tf.readVariableOp(cast(handle), TFloat64.class);
          sam(m).minimize(m.tf.nn.l2Loss(m.tf.math.mul(value, m.weight("w", 2))));
        },
        "\"resource\", a VarHandleOp",
        "tf.variable",
        "trainable(...)");
  }

  /** What the message about resource variables offers works. */
  @Test
  void resourceVariableIsLeftAloneIfTheTrainableOnesAreNamed() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Maker m = new TestModels.Maker(graph, session);
      GraphOperation handle =
          graph
              .opBuilder("VarHandleOp", "resource", graph.baseScope())
              .setAttr("dtype", m.c(0).asOutput().dataType())
              .setAttr("shape", Shape.of(2))
              .build();
      session.run(
          m.tf.assignVariableOp(cast(handle.output(0)), m.tf.constant(new double[] {2, 3})));
      Operand<TFloat64> value = m.tf.readVariableOp(cast(handle.output(0)), TFloat64.class);
      Variable<TFloat64> w = m.variable("w", new double[] {1, 1}, 2);
      SamOptimizer sam = builder(m).trainable(List.of(w)).build();
      session.run(sam.minimize(m.tf.nn.l2Loss(m.tf.math.mul(value, w))));
      assertThat(Values.of(session, w)).isNotEqualTo(new double[] {1, 1});
      assertThat(Values.of(session, value)).isEqualTo(new double[] {2, 3});
    }
  }

  private static Operand<org.tensorflow.types.family.TType> cast(Output<?> handle) {
    return Reals.unchecked(handle);
  }

  @Test
  void loopWithABackEdge() {
    refuses(
        m -> {
          Variable<TFloat64> w = m.variable("w", new double[] {1}, 1);
          Output<?>[] loop =
              m.graph.whileLoop(
                  new Output<?>[] {m.tf.identity(w).asOutput()},
                  (inner, in, out) -> {
                    Ops tf = Ops.create(inner);
                    Operand<TFloat64> x = Reals.unchecked(in[0]);
                    out[0] =
                        tf.math
                            .less(tf.sum(x, tf.constant(new int[] {0})), tf.constant(10.0))
                            .asOutput();
                  },
                  (inner, in, out) -> {
                    Ops tf = Ops.create(inner);
                    Operand<TFloat64> x = Reals.unchecked(in[0]);
                    out[0] = tf.math.mul(x, tf.constant(2.0)).asOutput();
                  },
                  "doubling");
          sam(m).minimize(m.tf.nn.l2Loss(Reals.<Operand<TFloat64>>unchecked(loop[0])));
        },
        "doubling",
        "loop with a back edge",
        "unroll");
  }

  @Test
  void opThatTakesTheVariableItself() {
    refuses(
        m -> {
          Variable<TFloat64> w = m.weight("w", 2);
          Output<?> reference =
              m.graph
                  .opBuilder("RefIdentity", "reference", m.graph.baseScope())
                  .addInput(w.asOutput())
                  .build()
                  .output(0);
          sam(m).minimize(m.tf.nn.l2Loss(Reals.<Operand<TFloat64>>unchecked(reference)));
        },
        "\"reference\" (RefIdentity)",
        "tf.identity",
        "inPlace(true)");
  }

  /** What the message about references offers works. */
  @Test
  void opThatTakesTheVariableItselfTrainsInPlace() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Maker m = new TestModels.Maker(graph, session);
      Variable<TFloat64> w = m.variable("w", new double[] {3, 4}, 2);
      Output<?> reference =
          graph
              .opBuilder("RefIdentity", "reference", graph.baseScope())
              .addInput(w.asOutput())
              .build()
              .output(0);
      SamOptimizer sam = builder(m).rho(1f).inPlace(true).build();
      session.run(sam.minimize(m.tf.nn.l2Loss(Reals.<Operand<TFloat64>>unchecked(reference))));
      assertThat(Values.of(session, w))
          .containsExactly(new double[] {2.64, 3.52}, org.assertj.core.data.Offset.offset(1e-7));
    }
  }

  @Test
  void randomNumbersThatDependOnTheWeights() {
    refuses(
        m -> {
          Operand<TFloat64> rates = m.tf.math.exp(m.weight("w", 3));
          Output<?> drawn =
              m.graph
                  .opBuilder("RandomGamma", "gamma", m.graph.baseScope())
                  .addInput(m.tf.constant(new int[] {2}).asOutput())
                  .addInput(rates.asOutput())
                  .build()
                  .output(0);
          Operand<TFloat64> noise = Reals.unchecked(drawn);
          sam(m)
              .minimize(
                  m.tf.nn.l2Loss(
                      m.tf.math.add(m.tf.math.mul(rates, m.tf.stopGradient(noise)), rates)));
        },
        "\"gamma\" (RandomGamma)",
        "runs once a step");
  }

  @Test
  void lossComputedFromAnAssignment() {
    refuses(
        m -> {
          Variable<TFloat64> w = m.weight("w", 2);
          Variable<TFloat64> state = m.variable("state", new double[2], 2);
          Operand<TFloat64> stored = m.tf.withName("store").assign(state, m.tf.math.mul(w, m.c(2)));
          sam(m)
              .minimize(
                  m.tf.nn.l2Loss(
                      m.tf.math.add(m.tf.math.mul(w, m.c(3)), m.tf.stopGradient(stored))));
        },
        "\"store\" (Assign)",
        "assigns to a variable",
        "from the value that is assigned");
  }

  @Test
  void functionWithRandomNumbersInIt() {
    refuses(
        m -> {
          ConcreteFunction noisy =
              ConcreteFunction.create(
                  inner -> {
                    Placeholder<TFloat64> x =
                        inner.placeholder(TFloat64.class, Placeholder.shape(Shape.of(2)));
                    return Signature.builder("noisy")
                        .input("x", x)
                        .output(
                            "y",
                            inner.math.mul(
                                x,
                                inner.random.randomUniform(
                                    inner.constant(new int[] {2}), TFloat64.class)))
                        .build();
                  });
          try (noisy) {
            Operand<TFloat64> y = Reals.unchecked(noisy.call(m.tf, m.weight("w", 2)));
            sam(m).minimize(m.tf.nn.l2Loss(y));
          }
        },
        "PartitionedCall",
        "op RandomUniform",
        "out of the function");
  }

  @Test
  void opWithoutAGradient() {
    refuses(
        m -> sam(m).minimize(m.tf.withName("z").math.zeta(m.weight("w"), m.c(2))),
        "loss \"z\" cannot be differentiated",
        "No gradient defined for op: Zeta");
  }

  @Test
  void nothingToReadBeforeTheFirstStep() {
    try (Graph graph = new Graph()) {
      SamOptimizer sam = new SamOptimizer(graph, new GradientDescent(graph));
      assertThatThrownBy(sam::sharpness)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("minimize(loss) first");
      assertThatThrownBy(sam::undoPerturbation)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("inPlace(true)");
    }
  }
}
