package org.samtf.examples.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
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
  void splitsShareValidationImagesAndDealTheOthersAnew() {
    DataSet one = DataSets.digits(1);
    DataSet other = DataSets.digits(2);

    assertThat(images(one.validation())).isEqualTo(images(other.validation()));
    assertThat(all(one)).isEqualTo(all(other)).hasSize(1797);
    List<String> common = images(one.test());
    common.retainAll(images(other.test()));
    // 451 of 1,528 twice: 133 expected in both, standard deviation 8.
    assertThat(common.size()).isBetween(100, 166);
    assertThat(images(DataSets.digits(2).train())).isEqualTo(images(other.train()));
  }

  /** Every image of a part with its label. */
  private static List<String> images(LabeledImages part) {
    List<String> images = new ArrayList<>();
    for (int i = 0; i < part.size(); i++) {
      FloatBuffer pixels = FloatBuffer.allocate(64);
      part.copyImage(i, pixels);
      images.add(part.label(i) + Arrays.toString(pixels.array()));
    }
    return images;
  }

  private static List<String> all(DataSet data) {
    List<String> all = images(data.train());
    all.addAll(images(data.validation()));
    all.addAll(images(data.test()));
    Collections.sort(all);
    return all;
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
