package org.samtf.internal.graph;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.tensorflow.exceptions.TFInvalidArgumentException;

class MessagesTest {

  @Test
  void onlyTheFirstLineIsForUsers() {
    assertThat(Messages.firstLine(new TFInvalidArgumentException("wrong shape \n [[{{node x}}]]")))
        .isEqualTo("wrong shape");
  }

  @Test
  void anExceptionWithoutAMessageIsNamed() {
    assertThat(Messages.firstLine(new IllegalArgumentException()))
        .isEqualTo("java.lang.IllegalArgumentException");
  }
}
