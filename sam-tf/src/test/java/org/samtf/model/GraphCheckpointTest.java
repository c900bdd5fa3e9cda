package org.samtf.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.samtf.SamOptimizer;
import org.samtf.SmallClassifier;
import org.samtf.Values;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.framework.optimizers.Adam;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Operands;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;

/** Variables saved and restored, whenever they were added. */
class GraphCheckpointTest {

  @TempDir Path directory;

  /** TF-Java's saver knows the variables of the first time only. */
  @Test
  void slotsThatWereAddedAfterTheFirstTimeComeBack() throws IOException {
    Path first = directory.resolve("first");
    Path second = directory.resolve("second");
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      SmallClassifier model = new SmallClassifier(graph, session, "", 0);
      session.save(first.toString());
      GraphCheckpoint checkpoint = GraphCheckpoint.of(graph, session);
      Op step = new SamOptimizer(graph, new Adam(graph, 0.01f)).minimize(model.trainingLoss);
      session.initialize();
      SmallClassifier.run(session, step, 0, 2);
      Map<String, byte[]> saved = new TreeMap<>(Values.variables(graph, session));
      checkpoint.save(second);
      SmallClassifier.run(session, step, 2, 4);
      assertThat(Values.changed(saved, Values.variables(graph, session)))
          .contains("conv_kernel", "conv_kernel-m", "beta1_power");

      checkpoint.restore(second);

      assertThat(Values.changed(saved, Values.variables(graph, session))).isEmpty();
      assertThat(checkpoint.names()).containsExactlyInAnyOrderElementsOf(saved.keySet());

      SmallClassifier.run(session, step, 2, 3);
      checkpoint.restore(second, "*-m");
      assertThat(Values.changed(saved, Values.variables(graph, session)))
          .contains("conv_kernel")
          .doesNotContain("conv_kernel-m");
      // And what TF-Java's saver wrote is read.
      checkpoint.restore(first, "conv_kernel");
    }
  }

  /** Two walks through the graph for each variable took minutes. */
  @Test
  @Timeout(60)
  void manyVariablesAreRestoredInOneScope() throws IOException {
    int n = 500;
    Path path = directory.resolve("many");
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      for (int i = 0; i < n; i++) {
        graph
            .opBuilder("VariableV2", "v" + i, graph.baseScope())
            .setAttr("shape", Shape.scalar())
            .setAttr("dtype", Operands.toDataType(TFloat32.class))
            .build();
      }
      GraphCheckpoint checkpoint = GraphCheckpoint.of(graph, session);
      Map<String, Tensor> values = new LinkedHashMap<>();
      for (int i = 0; i < n; i++) {
        values.put("v" + i, TFloat32.scalarOf(i));
      }
      VariableAssigner assigner = new VariableAssigner(graph, session);
      assigner.set(values);
      values.values().forEach(Tensor::close);
      checkpoint.save(path);
      checkpoint.restore(path);
      checkpoint.restore(path);
      try (Result result = session.runner().fetch("v499").run()) {
        assertThat(Values.of(result.get(0))).containsExactly(499);
      }
      assertThat(graph.operation("set/Placeholder_499")).isNotNull();
      // One scope for the assigner, and one for the checkpoint, which was restored twice.
      assertThat(graph.operation("set_1/Placeholder")).isNotNull();
      assertThat(graph.operation("set_2/Placeholder")).isNull();
    }
  }

  @Test
  void whatCannotBeSavedOrRestoredIsSaidInOneLine() throws IOException {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      GraphCheckpoint checkpoint = GraphCheckpoint.of(graph, session);
      assertThatThrownBy(() -> checkpoint.save(directory.resolve("none")))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("no variable to save");
      Ops tf = Ops.create(graph);
      Variable<TFloat32> w = tf.withName("w").variable(Shape.of(2), TFloat32.class);
      assertThatThrownBy(() -> checkpoint.save(directory.resolve("none")))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("a variable has no value to save")
          .message()
          .hasLineCount(1);
      session.run(tf.assign(w, tf.constant(new float[] {1, 2})));
      assertThatThrownBy(() -> checkpoint.save(Path.of("/proc/none/x")))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("checkpoint /proc/none/x cannot be written")
          .message()
          .hasLineCount(1);
      assertThatThrownBy(() -> checkpoint.restore(directory.resolve("none")))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("there is no checkpoint");
      assertThatThrownBy(() -> checkpoint.save(null)).hasMessageContaining("checkpoint is null");
      assertThatThrownBy(() -> GraphCheckpoint.of(null, session))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("graph is null");
    }
  }
}
