package org.samtf.examples.benchmark;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.samtf.examples.failure.InputException;

class ResidentTest {

  @Test
  void saysThatASystemDoesNotTell() {
    assertThatThrownBy(() -> Resident.require(Path.of("no", "status")))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("there is no ")
        .hasMessageContaining("use Linux");
  }
}
