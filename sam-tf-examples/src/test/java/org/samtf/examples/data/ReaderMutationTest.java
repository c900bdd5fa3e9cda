package org.samtf.examples.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.samtf.examples.failure.InputException;

/** Damaged files are read with their true content or refused with one line. */
class ReaderMutationTest {

  private static final Duration LIMIT = Duration.ofSeconds(30);

  private static Path idx;
  private static Path compressed;
  private static int[] compressedLabels;
  private static Path cifar;
  private static Path cifar100;

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
    compressed = compress(IdxFiles.write(Files.createTempDirectory("idx"), 3, 2));
    compressedLabels = DataSets.open(compressed.toString()).train().labels();
    cifar = CifarFiles.write10(Files.createTempDirectory("cifar"));
    cifar100 = CifarFiles.write100(Files.createTempDirectory("cifar"));
  }

  private static Path compress(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        Path packed = file.resolveSibling(file.getFileName() + ".gz");
        IdxFiles.write(packed, IdxFiles.gzip(Files.readAllBytes(file)));
        Files.delete(file);
      }
    }
    return directory;
  }

  @AfterContainer
  static void deleteFiles() throws IOException {
    for (Path directory : List.of(idx, compressed, cifar, cifar100)) {
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

  @Provide
  Arbitrary<List<Damage>> severalDamages() {
    return damages().list().ofMinSize(1).ofMaxSize(4);
  }

  @Property(tries = 2000)
  void idx(@ForAll("severalDamages") List<Damage> damages) throws IOException {
    check(idx, damages);
  }

  @Property(tries = 2000)
  void compressedIdx(@ForAll("severalDamages") List<Damage> damages) throws IOException {
    check(compressed, damages);
  }

  @Property(tries = 300)
  void cifar(@ForAll("severalDamages") List<Damage> damages) throws IOException {
    check(cifar, damages);
  }

  @Property(tries = 1000)
  void cifar100(@ForAll("severalDamages") List<Damage> damages) throws IOException {
    check(cifar100, damages);
  }

  /** All the damage to one file. */
  private static void check(Path directory, List<Damage> damages) throws IOException {
    Path file;
    try (Stream<Path> files = Files.list(directory)) {
      List<Path> all = files.sorted().toList();
      file = all.get(damages.get(0).file() % all.size());
    }
    byte[] original = Files.readAllBytes(file);
    byte[] damaged = original;
    for (Damage damage : damages) {
      damaged = damage.apply(damaged);
    }
    boolean packed = file.toString().endsWith(".gz");
    Files.write(file, damaged);
    try {
      DataSet data = assertTimeoutPreemptively(LIMIT, () -> DataSets.open(directory.toString()));
      // Accepted: then nothing of the structure can have been damaged.
      if (packed) {
        // Its checksum holds, so the content is the true one.
        assertThat(data.train().labels()).isEqualTo(compressedLabels);
      } else {
        assertThat(damaged).hasSameSizeAs(original);
      }
      assertThat(Arrays.stream(data.train().labels()))
          .allMatch(label -> label >= 0 && label < data.classes());
    } catch (InputException e) {
      assertThat(damaged).isNotEqualTo(original);
      assertThat(e).message().hasLineCount(1);
    } finally {
      Files.write(file, original);
    }
  }

  /** The built-in digits, damaged before they are compressed or after. */
  @Property(tries = 1000)
  void digits(@ForAll("severalDamages") List<Damage> damages, @ForAll boolean before)
      throws IOException {
    byte[] text = digitsText();
    byte[] bytes = before ? text : IdxFiles.gzip(text);
    for (Damage damage : damages) {
      bytes = damage.apply(bytes);
    }
    byte[] packed = before ? IdxFiles.gzip(bytes) : bytes;
    try {
      DataSet data =
          assertTimeoutPreemptively(
              LIMIT, () -> DigitsReader.read(new ByteArrayInputStream(packed), 1));
      assertThat(Arrays.stream(data.train().labels())).allMatch(label -> label >= 0 && label < 10);
    } catch (Exception e) {
      assertThat(e).isInstanceOf(IOException.class);
      assertThat(packed).isNotEqualTo(IdxFiles.gzip(text));
    }
  }

  /** The first lines of the file. */
  private static byte[] digitsText() throws IOException {
    try (InputStream in =
        new GZIPInputStream(DigitsReader.class.getResourceAsStream("digits.csv.gz"))) {
      return new String(in.readAllBytes(), StandardCharsets.US_ASCII)
          .lines()
          .limit(60)
          .collect(Collectors.joining("\n"))
          .getBytes(StandardCharsets.US_ASCII);
    }
  }
}
