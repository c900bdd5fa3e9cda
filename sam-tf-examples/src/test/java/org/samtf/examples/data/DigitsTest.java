package org.samtf.examples.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class DigitsTest {

  @Test
  void hasAllDigitsInThreeParts() {
    DataSet digits = DataSets.open("digits");

    assertThat(digits.shape()).isEqualTo(new ImageShape(8, 8, 1));
    assertThat(digits.classes()).isEqualTo(10);
    int total = digits.train().size() + digits.validation().size() + digits.test().size();
    assertThat(total).isEqualTo(1797);
    assertThat(digits.validation().size()).isBetween(260, 280);
    assertThat(digits.test().size()).isBetween(440, 460);
  }

  @Test
  void everyPartHasTheClassesInEqualShares() {
    DataSet digits = DataSets.open("digits");

    for (LabeledImages part : new LabeledImages[] {digits.validation(), digits.test()}) {
      int[] counts = new int[10];
      Arrays.stream(part.labels()).forEach(label -> counts[label]++);
      for (int count : counts) {
        assertThat(count).isBetween(part.size() / 10 - 3, part.size() / 10 + 3);
      }
    }
  }

  @Test
  void pixelsRunFromZeroToOne() {
    LabeledImages train = DataSets.open("digits").train();
    FloatBuffer pixels = FloatBuffer.allocate(train.size() * 64);
    for (int i = 0; i < train.size(); i++) {
      train.copyImage(i, pixels);
    }

    float min = 1;
    float max = 0;
    for (float pixel : pixels.array()) {
      min = Math.min(min, pixel);
      max = Math.max(max, pixel);
    }
    assertThat(min).isEqualTo(0f);
    assertThat(max).isEqualTo(1f);
  }

  @Test
  void isTheSameEveryTime() {
    assertThat(DataSets.open("digits").test().labels())
        .isEqualTo(DataSets.open("digits").test().labels());
  }
}
