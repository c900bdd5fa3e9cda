package org.samtf.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SpellingTest {

  private static final List<String> COMMANDS =
      List.of("compare", "train", "predict", "strip", "benchmark", "m-sharpness", "doctor");

  @ParameterizedTest
  @CsvSource({
    "trian,train",
    "tran,train",
    "tr,train",
    "trainn,train",
    "stripp,strip",
    "bench,benchmark",
    "bencmark,benchmark",
    "msharpness,m-sharpness",
    "TRAIN,",
    "comparison,",
    "serve,"
  })
  void findsTheNearest(String typed, String word) {
    assertThat(Spelling.nearest(typed, COMMANDS).orElse(null)).isEqualTo(word);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "no"})
  void guessesNothingFromTooLittle(String typed) {
    assertThat(Spelling.nearest(typed, COMMANDS)).isEmpty();
  }

  @Test
  void givesNothingWhereThereIsNothing() {
    assertThat(Spelling.nearest("train", List.of())).isEmpty();
  }
}
