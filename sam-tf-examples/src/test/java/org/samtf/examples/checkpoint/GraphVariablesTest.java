package org.samtf.examples.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TType;

class GraphVariablesTest {

  @TempDir private Path directory;

  /** Also of types and shapes that no network here has. */
  @Test
  void bringsEveryVariableBack() throws IOException {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Variable<TFloat32> weights = tf.withName("w").variable(Shape.of(2), TFloat32.class);
      Variable<TInt64> counter = tf.withName("n").variable(Shape.scalar(), TInt64.class);
      Variable<TBool> flag = tf.withName("b").variable(Shape.of(0), TBool.class);
      var set = tf.assign(weights, tf.constant(new float[] {1.5f, Float.NaN}));
      var count = tf.assign(counter, tf.constant(1L << 62));
      var none = tf.assign(flag, tf.constant(new boolean[0]));
      var zero = tf.assign(weights, tf.constant(new float[] {0, 0}));
      var back = tf.assign(counter, tf.constant(0L));
      GraphVariables variables = new GraphVariables(graph, session);
      session.runner().addTarget(set.op()).addTarget(count.op()).addTarget(none.op()).run().close();

      variables.save(directory);
      session.runner().addTarget(zero.op()).addTarget(back.op()).run().close();
      variables.restore(directory);

      try (Result result = session.runner().fetch(weights).fetch(counter).run()) {
        TFloat32 w = (TFloat32) result.get(0);
        assertThat(w.getFloat(0)).isEqualTo(1.5f);
        assertThat(w.getFloat(1)).isNaN();
        assertThat(((TInt64) result.get(1)).getLong()).isEqualTo(1L << 62);
      }
    }
  }

  static Stream<Consumer<Ops>> statesThatCannotBeSaved() {
    return Stream.of(
        tf -> tf.random.randomUniform(tf.array(2), TFloat32.class),
        tf -> tf.random.randomShuffle(tf.array(1, 2)),
        tf -> tf.varHandleOp(TFloat32.class, Shape.scalar()),
        tf -> tf.io.fifoQueue(List.<Class<? extends TType>>of(TFloat32.class)),
        tf -> tf.hashTable(TInt64.class, TInt64.class),
        tf ->
            tf.data.anonymousIterator(
                List.<Class<? extends TType>>of(TFloat32.class), List.of(Shape.scalar())));
  }

  @ParameterizedTest
  @MethodSource("statesThatCannotBeSaved")
  void refusesAGraphWithOtherState(Consumer<Ops> state) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      state.accept(Ops.create(graph).withName("mine"));

      assertThatIllegalStateException()
          .isThrownBy(() -> new GraphVariables(graph, session))
          .withMessageContaining("has state that no checkpoint can keep")
          .withMessageContaining("op \"");
    }
  }

  /** TF-Java's saver would keep those of the first time only. */
  @Test
  void aVariableThatComesLaterIsNotForgotten() throws IOException {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Variable<TFloat32> w = tf.withName("w").variable(Shape.of(2), TFloat32.class);
      session.run(tf.assign(w, tf.constant(new float[] {1, 2})));
      GraphVariables variables = new GraphVariables(graph, session);
      variables.save(directory);
      Variable<TFloat32> later = tf.withName("later").variable(Shape.of(2), TFloat32.class);
      session.run(tf.assign(later, tf.constant(new float[] {3, 4})));
      variables.save(directory);
      session.run(tf.assign(later, tf.constant(new float[] {0, 0})));

      variables.restore(directory);

      try (Result result = session.runner().fetch(later).run()) {
        assertThat(((TFloat32) result.get(0)).getFloat(1)).isEqualTo(4);
      }
    }
  }

  @Test
  void stateThatComesLaterIsRefused() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      GraphVariables variables = new GraphVariables(graph, session);
      tf.withName("later").random.randomUniform(tf.array(2), TFloat32.class);

      assertThatIllegalStateException()
          .isThrownBy(() -> variables.save(directory))
          .withMessageContaining("later");
    }
  }

  @Test
  void whatTensorFlowCannotWriteIsAnIoException() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Variable<TFloat32> weights = tf.withName("w").variable(Shape.of(2), TFloat32.class);
      session
          .runner()
          .addTarget(tf.assign(weights, tf.zeros(tf.array(2), TFloat32.class)).op())
          .run()
          .close();
      GraphVariables variables = new GraphVariables(graph, session);

      assertThatIOException().isThrownBy(() -> variables.save(Path.of("/proc/none")));
      assertThatIOException().isThrownBy(() -> variables.restore(directory));
    }
  }
}
