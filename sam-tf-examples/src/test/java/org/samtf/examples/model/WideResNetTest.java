package org.samtf.examples.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.samtf.examples.data.ImageShape;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;

class WideResNetTest {

  /** The paper has 2.7, 36.5 and 8.9 million. */
  @ParameterizedTest
  @CsvSource({"16, 4, 2748890", "28, 10, 36479194", "40, 4, 8949210"})
  void hasAsManyWeightsAsThePublishedOne(int depth, int width, long weights) {
    try (Graph graph = new Graph()) {
      Variables variables = new Variables(graph, 1);
      new WideResNet(depth, width, 0.9f).layers(variables, new ImageShape(32, 32, 3), 10);
      long count = 0;
      for (var ops = graph.operations(); ops.hasNext(); ) {
        GraphOperation op = ops.next();
        if (op.type().equals("VariableV2") && !op.name().contains("moving")) {
          count += op.output(0).shape().size();
        }
      }
      assertThat(count).isEqualTo(weights);
    }
  }

  @Test
  void refusesSizesThatItCannotHave() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new WideResNet(17, 4, 0.9f))
        .withMessageContaining("17");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new WideResNet(16, 0, 0.9f))
        .withMessageContaining("width is 0");
  }
}
