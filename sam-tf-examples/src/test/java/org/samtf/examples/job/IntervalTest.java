package org.samtf.examples.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IntervalTest {

  @Test
  void isStepsOrTime() {
    assertThat(Interval.parse("200")).isEqualTo(new Interval(200, Duration.ZERO));
    assertThat(Interval.parse("30s")).isEqualTo(new Interval(0, Duration.ofSeconds(30)));
    assertThat(Interval.parse("5m")).isEqualTo(new Interval(0, Duration.ofMinutes(5)));
    assertThat(Interval.parse("2h")).isEqualTo(new Interval(0, Duration.ofHours(2)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0", "0s", "-1", "5 m", "m", "1.5h", "5d", "99999999999", "5m5s"})
  void isNothingElse(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> Interval.parse(text));
  }

  @Test
  void isOverAtItsMultiplesOrAfterItsTime() {
    Interval steps = Interval.parse("5");
    assertThat(steps.isOver(10, 0)).isTrue();
    assertThat(steps.isOver(11, Long.MAX_VALUE)).isFalse();
    Interval time = Interval.parse("1m");
    assertThat(time.isOver(10, 59_999_999_999L)).isFalse();
    assertThat(time.isOver(11, 60_000_000_000L)).isTrue();
  }
}
