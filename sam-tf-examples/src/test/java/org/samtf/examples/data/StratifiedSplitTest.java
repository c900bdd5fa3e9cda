package org.samtf.examples.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;

class StratifiedSplitTest {

  @Property(tries = 200)
  void partsHoldEveryExampleOnce(
      @ForAll @IntRange(min = 1, max = 200) int size,
      @ForAll @DoubleRange(max = 0.5) double first,
      @ForAll @DoubleRange(max = 0.5) double second,
      @ForAll long seed) {
    int[] labels = IntStream.range(0, size).map(i -> i * i % 4).toArray();

    int[][] parts = StratifiedSplit.split(labels, 4, new Random(seed), first, second);

    int[] all = Arrays.stream(parts).flatMapToInt(Arrays::stream).sorted().toArray();
    assertThat(all).isEqualTo(IntStream.range(0, size).toArray());
  }
}
