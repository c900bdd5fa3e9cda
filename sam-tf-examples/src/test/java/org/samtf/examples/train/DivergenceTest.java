package org.samtf.examples.train;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.tensorflow.exceptions.TFInvalidArgumentException;

class DivergenceTest {

  @Test
  void namesWhatIsNotFinite() {
    var failure =
        new TFInvalidArgumentException(
            "Sam: the gradient at w+epsilon of variable dense1_kernel is not finite, no variable"
                + " was changed : Tensor had NaN values\n\t [[{{node Sam/descent/check}}]]");

    assertThat(Divergence.of(3, failure))
        .isInstanceOf(DivergenceException.class)
        .hasCause(failure)
        .hasMessage(
            "training diverged in epoch 3: the gradient at w+epsilon of variable dense1_kernel is"
                + " not finite; lower the learning rate");
  }

  @Test
  void worksWithOtherWords() {
    var failure = new TFInvalidArgumentException("Something else : Tensor had Inf and NaN values");

    assertThat(Divergence.of(1, failure))
        .isInstanceOf(DivergenceException.class)
        .hasMessageContaining("a gradient is not finite");
  }

  @Test
  void leavesOtherFailuresAlone() {
    var failure = new TFInvalidArgumentException("the shapes do not fit");

    assertThat(Divergence.of(1, failure)).isSameAs(failure);
  }
}
