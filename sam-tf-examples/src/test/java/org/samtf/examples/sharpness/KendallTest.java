package org.samtf.examples.sharpness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class KendallTest {

  private static final Offset<Double> TOLERANCE = Offset.offset(1e-12);

  @Test
  void theSameOrderIsOneAndTheReverseIsMinusOne() {
    double[] x = {1, 2, 3, 4};

    assertThat(Kendall.tau(x, new double[] {-5, 0, 0.1, 1e9})).isCloseTo(1, TOLERANCE);
    assertThat(Kendall.tau(x, new double[] {4, 3, 2, 1})).isCloseTo(-1, TOLERANCE);
  }

  @Test
  void countsPairs() {
    // Of the 10 pairs only (2, 3) against (3, 2) and (4, 5) against (5, 4) are discordant.
    double tau = Kendall.tau(new double[] {1, 2, 3, 4, 5}, new double[] {1, 3, 2, 5, 4});

    assertThat(tau).isCloseTo((8 - 2) / 10.0, TOLERANCE);
  }

  @Test
  void tiesAreOfNeitherOrder() {
    // x ties the pair (1, 2), y ties (0, 1): 6 pairs, 5 differ in x, 5 in y. Concordant are
    // (0, 2), (0, 3), (1, 3) and (2, 3).
    double tau = Kendall.tau(new double[] {1, 2, 2, 3}, new double[] {1, 1, 2, 4});

    assertThat(tau).isCloseTo(4 / Math.sqrt(5 * 5), TOLERANCE);
  }

  @Test
  void aDifferentNumberOfTies() {
    // y has three equal values: 3 of the 6 pairs differ in it, all 6 in x. Concordant are (0, 3)
    // and (1, 3), discordant is none but (2, 3) with x 9 > 4.
    double tau = Kendall.tau(new double[] {1, 2, 9, 4}, new double[] {5, 5, 5, 7});

    assertThat(tau).isCloseTo((2 - 1) / Math.sqrt(6 * 3), TOLERANCE);
  }

  @Test
  void aWeightIsAsIfThePointWereThereThatOften() {
    double weighted =
        Kendall.tau(
            new double[] {1, 2, 3, 7}, new double[] {4, 1, 6, 0}, new double[] {2, 1, 3, 0});
    double repeated = Kendall.tau(new double[] {1, 1, 2, 3, 3, 3}, new double[] {4, 4, 1, 6, 6, 6});

    assertThat(weighted).isCloseTo(repeated, TOLERANCE);
  }

  @Test
  void withoutDifferencesThereIsNoOrder() {
    assertThat(Kendall.tau(new double[] {1, 1, 1}, new double[] {1, 2, 3})).isNaN();
  }

  @Test
  void refusesSamplesOfDifferentSize() {
    assertThatThrownBy(() -> Kendall.tau(new double[] {1, 2}, new double[] {1, 2, 3}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("2 x, 3 y");
  }
}
