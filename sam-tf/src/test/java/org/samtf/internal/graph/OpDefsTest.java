package org.samtf.internal.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class OpDefsTest {

  /** As when a library of custom ops is loaded after the first graph was written. */
  @Test
  void theRegistryIsReadOnceMoreForWhatIsRegisteredLater() {
    Map<String, OpDefs.Definition> registered = new HashMap<>(OpDefs.read());
    OpDefs.Definition late = registered.remove("MatMul");
    AtomicInteger readings = new AtomicInteger();
    OpDefs.Registry registry =
        new OpDefs.Registry(
            () -> {
              readings.incrementAndGet();
              return Map.copyOf(registered);
            });
    registry.find("Add");
    registered.put("MatMul", late);
    for (int i = 0; i < 5; i++) {
      assertThat(registry.find("MatMul")).isSameAs(late);
      registry.find("Add");
    }
    assertThat(readings).hasValue(2);
  }

  @Test
  void anOpThatTensorFlowDoesNotHaveIsNamed() {
    assertThatThrownBy(() -> OpDefs.of("NoSuchOp"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("TensorFlow has no op of type NoSuchOp");
  }
}
