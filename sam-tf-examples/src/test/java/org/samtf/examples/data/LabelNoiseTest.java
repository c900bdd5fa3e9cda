package org.samtf.examples.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LabelNoiseTest {

  private static final DataSet DIGITS = DataSets.open("digits");

  @Property(tries = 50)
  void exactlyTheShareBecomesWrongAndNothingElseChanges(
      @ForAll @DoubleRange(max = 0.99) double fraction, @ForAll long seed) {
    DataSet noisy = LabelNoise.apply(DIGITS, fraction, seed);

    int[] before = DIGITS.train().labels();
    int[] after = noisy.train().labels();
    int wrong = 0;
    for (int i = 0; i < before.length; i++) {
      wrong += before[i] == after[i] ? 0 : 1;
      assertThat(after[i]).isBetween(0, 9);
    }
    assertThat(wrong).isEqualTo((int) Math.round(fraction * before.length));
    assertThat(noisy.test()).isSameAs(DIGITS.test());
    assertThat(noisy.validation()).isSameAs(DIGITS.validation());
  }

  @Test
  void wrongClassesAreDrawnUniformly() {
    int size = 90_000;
    LabeledImages zeros =
        new LabeledImages(new ImageShape(1, 1, 1), new float[size], new int[size]);
    DataSet data = new DataSet("zeros", 10, zeros, zeros, zeros);

    int[] labels = LabelNoise.apply(data, 0.99, 3).train().labels();

    for (int c = 1; c < 10; c++) {
      int wanted = c;
      long count = Arrays.stream(labels).filter(label -> label == wanted).count();
      // 9,900 expected with a standard deviation below 100.
      assertThat(count).isBetween(9_400L, 10_400L);
    }
  }

  @Test
  void dependsOnTheSeedAlone() {
    int[] first = LabelNoise.apply(DIGITS, 0.4, 7).train().labels();

    assertThat(LabelNoise.apply(DIGITS, 0.4, 7).train().labels()).isEqualTo(first);
    assertThat(LabelNoise.apply(DIGITS, 0.4, 8).train().labels()).isNotEqualTo(first);
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.1, 1, Double.NaN})
  void refusesWhatIsNoShare(double fraction) {
    assertThatThrownBy(() -> LabelNoise.apply(DIGITS, fraction, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("[0, 1)");
  }
}
