package org.samtf.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Slurm's short forms of lists. What TensorFlow makes of them is in {@link EnvironmentsTest}. */
class SlurmListsTest {

  /** A list in short form, and what it is short for. */
  record Case(String list, List<String> hosts) {

    Case then(Case other, String between) {
      List<String> both = new ArrayList<>(hosts);
      both.addAll(other.hosts);
      return new Case(list + between + other.list, both);
    }

    /** One after the other in one name. */
    Case times(Case other) {
      List<String> all = new ArrayList<>();
      hosts.forEach(a -> other.hosts.forEach(b -> all.add(a + b)));
      return new Case(list + other.list, all);
    }
  }

  private static Case range(int from, int length, int width) {
    String format = "%0" + width + "d";
    List<String> numbers = new ArrayList<>();
    for (int i = from; i < from + length; i++) {
      numbers.add(String.format(format, i));
    }
    String first = numbers.get(0);
    String last = String.format(format, from + length - 1);
    return new Case(length == 1 ? first : first + "-" + last, numbers);
  }

  private static Case inBrackets(List<Case> ranges) {
    Case all = ranges.stream().reduce((a, b) -> a.then(b, ",")).orElseThrow();
    return new Case("[" + all.list + "]", all.hosts);
  }

  @Provide
  Arbitrary<List<Case>> parts() {
    Arbitrary<Case> ranges =
        Combinators.combine(
                Arbitraries.integers().between(0, 1200),
                Arbitraries.integers().between(1, 12),
                Arbitraries.integers().between(1, 5))
            .as(SlurmListsTest::range);
    Arbitrary<Case> brackets = ranges.list().ofMinSize(1).ofMaxSize(3).map(c -> inBrackets(c));
    Arbitrary<Case> text =
        Arbitraries.strings()
            .withChars("abcxyzN019.-_")
            .ofMinLength(1)
            .ofMaxLength(6)
            .map(t -> new Case(t, List.of(t)));
    Arbitrary<Case> numbered = Combinators.combine(text, brackets).as(Case::times);
    Arbitrary<Case> part =
        Arbitraries.oneOf(
            text,
            brackets,
            numbered,
            Combinators.combine(numbered, numbered).as(Case::times),
            Combinators.combine(numbered, text).as(Case::times),
            Combinators.combine(brackets, brackets).as(Case::times));
    return part.list().ofMinSize(1).ofMaxSize(4);
  }

  @Property(tries = 300)
  void aListIsWhatItIsShortFor(@ForAll("parts") List<Case> parts) {
    Case all = parts.stream().reduce((a, b) -> a.then(b, ",")).orElseThrow();
    assertThat(SlurmLists.hosts(all.list)).isEqualTo(all.hosts);
  }

  /** Damage either leaves a list or gets a line; nothing runs on, and nothing else is thrown. */
  @Property(tries = 500)
  void damagedListsGetALine(@ForAll("damaged") String list) {
    for (Runnable parse :
        List.<Runnable>of(() -> SlurmLists.hosts(list), () -> SlurmLists.counts(list))) {
      try {
        parse.run();
      } catch (IllegalArgumentException e) {
        assertThat(e).hasMessageContaining(list).message().hasLineCount(1);
      }
    }
  }

  @Provide
  Arbitrary<String> damaged() {
    return Arbitraries.strings().withChars("[]-,()x0129an").ofMaxLength(14);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "rack[1-2]n[01-02] | rack1n01,rack1n02,rack2n01,rack2n02",
        "r[1-2]-x | r1-x,r2-x",
        "n[098-101] | n098,n099,n100,n101",
        "n[8-11] | n8,n9,n10,n11",
      })
  void severalBracketsAndWidths(String list, String hosts) {
    assertThat(SlurmLists.hosts(list)).containsExactly(hosts.split(","));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ",",
        "a,",
        ",a",
        "a,,b",
        "n[",
        "n]",
        "n[]",
        "n[1-]",
        "n[-2]",
        "n[3-1]",
        "n[1-2",
        "n[a]",
        "n[1--2]",
        "n[[1-2]]",
        "n[1-2]]",
        "n[1,]",
        "a b",
        "n[1-99999999]",
        "n[1-9999][1-9999]"
      })
  void listsThatAreNone(String list) {
    assertThatThrownBy(() -> SlurmLists.hosts(list))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("\"" + list + "\"", "; expected ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"2(3)", "2(x)", "x2", "2,", "", "-1", "2(x99999999)", "2x3"})
  void countsThatAreNone(String list) {
    assertThatThrownBy(() -> SlurmLists.counts(list)).isInstanceOf(IllegalArgumentException.class);
  }
}
