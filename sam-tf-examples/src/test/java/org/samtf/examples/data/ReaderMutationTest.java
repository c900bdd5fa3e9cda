package org.samtf.examples.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.samtf.examples.InputException;

/** Damaged files are read with their true content or refused with one line. */
class ReaderMutationTest {

  private static Path idx;
  private static Path cifar;

  /** A change to one file: bytes overwritten, cut off or added. */
  record Damage(int file, int place, byte value, int lengthChange) {

    byte[] apply(byte[] bytes) {
      byte[] changed = Arrays.copyOf(bytes, Math.max(0, bytes.length + lengthChange));
      if (changed.length > 0) {
        changed[place % changed.length] = value;
      }
      return changed;
    }
  }

  @BeforeContainer
  static void writeFiles() throws IOException {
    idx = IdxFiles.write(Files.createTempDirectory("idx"), 3, 2);
    cifar = CifarFiles.write10(Files.createTempDirectory("cifar"));
  }

  @AfterContainer
  static void deleteFiles() throws IOException {
    for (Path directory : List.of(idx, cifar)) {
      try (Stream<Path> files = Files.walk(directory)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  @Provide
  Arbitrary<Damage> damages() {
    // The first bytes are the header: most of the damage goes there.
    Arbitrary<Integer> places =
        Arbitraries.frequencyOf(
            Tuple.of(3, Arbitraries.integers().between(0, 20)),
            Tuple.of(1, Arbitraries.integers().between(0, 10_000)));
    Arbitrary<Integer> lengths =
        Arbitraries.frequencyOf(
            Tuple.of(2, Arbitraries.just(0)),
            Tuple.of(1, Arbitraries.integers().between(-300, 300)));
    return Combinators.combine(
            Arbitraries.integers().between(0, 3), places, Arbitraries.bytes(), lengths)
        .as(Damage::new);
  }

  @Property(tries = 1000)
  void idx(@ForAll("damages") Damage damage) throws IOException {
    check(idx, damage);
  }

  @Property(tries = 300)
  void cifar(@ForAll("damages") Damage damage) throws IOException {
    check(cifar, damage);
  }

  private static void check(Path directory, Damage damage) throws IOException {
    Path file;
    try (Stream<Path> files = Files.list(directory)) {
      file = files.sorted().skip(damage.file()).findFirst().orElseThrow();
    }
    byte[] original = Files.readAllBytes(file);
    byte[] damaged = damage.apply(original);
    Files.write(file, damaged);
    try {
      DataSet data = DataSets.open(directory.toString());
      // Accepted: then nothing of the structure can have been damaged.
      assertThat(damaged).hasSameSizeAs(original);
      assertThat(Arrays.stream(data.train().labels()))
          .allMatch(label -> label >= 0 && label < data.classes());
    } catch (InputException e) {
      assertThat(damaged).isNotEqualTo(original);
      assertThat(e).message().hasLineCount(1);
    } finally {
      Files.write(file, original);
    }
    assertThatCode(() -> DataSets.open(directory.toString())).doesNotThrowAnyException();
  }
}
