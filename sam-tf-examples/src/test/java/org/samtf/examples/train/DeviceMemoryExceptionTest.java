package org.samtf.examples.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TFResourceExhaustedException;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

class DeviceMemoryExceptionTest {

  /** What TensorFlow says when memory cannot be had: here, 4 exabytes. */
  private static final TFResourceExhaustedException FAILURE = failure();

  private static TFResourceExhaustedException failure() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Operand<TFloat32> huge =
          tf.fill(tf.constant(new long[] {1L << 30, 1L << 30}), tf.constant(1f));
      return catchThrowableOfType(
          TFResourceExhaustedException.class, () -> session.runner().fetch(huge).run());
    }
  }

  @Test
  void saysTheBatchSizeAndWhatToTry() {
    SamSettings sam = SamSettings.of(0.05f);

    assertThat(new DeviceMemoryException("a step", 64, Optional.of(sam), FAILURE))
        .hasMessageStartingWith("out of memory in a step with 64 images (")
        .hasMessageContaining("OOM when allocating tensor with shape")
        .hasMessageContaining("a smaller --batch-size, or --micro-batches with --sequential")
        .message()
        .hasLineCount(1);
    assertThat(
            new DeviceMemoryException(
                "a step", 64, Optional.of(sam.with(BatchCut.inParts(2))), FAILURE))
        .hasMessageContaining("more --micro-batches with --sequential");
    assertThat(new DeviceMemoryException("a step", 64, Optional.empty(), FAILURE))
        .message()
        .doesNotContain("micro-batches");
  }
}
