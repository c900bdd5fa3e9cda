package org.samtf.examples.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.samtf.examples.files.DurableFiles;

/** Whatever happens to the bytes of a checkpoint, it is noticed, and in no other way than that. */
class ManifestMutationTest {

  private static final Position POSITION = new Position(7, 1);
  private static Path checkpoint;
  private static byte[] manifest;

  @BeforeContainer
  static void write() throws IOException {
    checkpoint = Files.createTempDirectory("checkpoint");
    Origin origin =
        new Origin(
            JsonNodeFactory.instance.objectNode().put("rate", 0.5),
            Map.of("file", "abc"),
            Map.of("processors", "2"));
    Checkpointed part =
        new Checkpointed() {
          @Override
          public String name() {
            return "text";
          }

          @Override
          public void save(Path directory) throws IOException {
            Files.writeString(directory.resolve("text.txt"), "some text");
            Files.writeString(directory.resolve("more.txt"), "more text");
          }

          @Override
          public void restore(Path directory) {}
        };
    Checkpoint.write(checkpoint, POSITION, origin, List.of(part));
    manifest = Files.readAllBytes(checkpoint.resolve(Manifest.NAME));
  }

  @AfterContainer
  static void delete() throws IOException {
    DurableFiles.deleteDirectory(checkpoint);
  }

  /** A piece of the text that is replaced. */
  record Damage(int from, int length, String by) {

    String apply(String text) {
      int start = Math.min(from, text.length());
      int end = Math.min(start + length, text.length());
      return text.substring(0, start) + by + text.substring(end);
    }
  }

  @Provide
  Arbitrary<Damage> damages() {
    Arbitrary<String> pieces =
        Arbitraries.oneOf(
            Arbitraries.strings().all().ofMaxLength(4),
            Arbitraries.of(
                "",
                "null",
                "[",
                "{",
                "}",
                "\"",
                ",",
                "-1",
                "1e999999999",
                "99999999999999999999",
                "true",
                "../x",
                "\\u0000",
                "[".repeat(100_000),
                "{\"a\":".repeat(50_000),
                "9".repeat(100_000)));
    return Combinators.combine(
            Arbitraries.integers().between(0, 1000), Arbitraries.integers().between(0, 60), pieces)
        .as(Damage::new);
  }

  @Property(tries = 5000)
  void aManifestIsReadOrRefused(@ForAll("damages") Damage one, @ForAll("damages") Damage two) {
    String text = two.apply(one.apply(new String(manifest, StandardCharsets.UTF_8)));

    assertTimeoutPreemptively(
        Duration.ofSeconds(30),
        () -> {
          try {
            Manifest read = Manifest.parse(text.getBytes(StandardCharsets.UTF_8));
            assertThat(read.format()).isEqualTo(Manifest.FORMAT);
            assertThat(read.files().keySet()).noneMatch(name -> name.contains("/"));
          } catch (DamagedCheckpointException e) {
            assertThat(e).message().hasLineCount(1);
          }
        });
  }

  @Property(tries = 1000)
  void everyChangedByteIsNoticed(
      @ForAll byte value, @ForAll int place, @ForAll int file, @ForAll boolean cut)
      throws Exception {
    List<Path> files;
    try (Stream<Path> entries = Files.list(checkpoint)) {
      files = entries.sorted().toList();
    }
    Path damaged = files.get(Math.floorMod(file, files.size()));
    byte[] original = Files.readAllBytes(damaged);
    int at = Math.floorMod(place, original.length);
    byte[] bytes = cut ? java.util.Arrays.copyOf(original, at) : original.clone();
    if (!cut) {
      bytes[at] = value;
    }
    Files.write(damaged, bytes);
    try {
      if (java.util.Arrays.equals(bytes, original)) {
        Checkpoint.open(checkpoint, POSITION);
      } else {
        assertThatThrownBy(() -> Checkpoint.open(checkpoint, POSITION))
            .isInstanceOf(DamagedCheckpointException.class);
      }
    } finally {
      Files.write(damaged, original);
    }
  }
}
