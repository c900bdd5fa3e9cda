package org.samtf.examples.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.samtf.examples.files.Sha256;

/** A directory with the state of a job after a step. */
record Checkpoint(Path directory, Manifest manifest) {

  /** Writes all parts of a state and the manifest into an empty directory. */
  static void write(
      Path directory, Position position, Origin origin, List<? extends Checkpointed> parts)
      throws IOException {
    for (Checkpointed part : parts) {
      part.save(directory);
    }
    Map<String, Manifest.Entry> files = new TreeMap<>();
    for (String name : names(directory)) {
      files.put(name, Manifest.Entry.of(directory.resolve(name)));
    }
    String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    List<String> partNames = parts.stream().map(Checkpointed::name).toList();
    new Manifest(Manifest.FORMAT, position, now, partNames, origin, files).write(directory);
  }

  /**
   * Opens a checkpoint and looks at every byte of it.
   *
   * @param position where it has to be from
   * @throws DamagedCheckpointException if it is not as it was written
   * @throws IOException if it cannot be read, whole or not
   */
  static Checkpoint open(Path directory, Position position)
      throws IOException, DamagedCheckpointException {
    Manifest manifest = Manifest.read(directory);
    if (!manifest.position().equals(position)) {
      throw new DamagedCheckpointException("it is in truth that of " + manifest.position());
    }
    Set<String> expected = new TreeSet<>(manifest.files().keySet());
    expected.add(Manifest.NAME);
    expected.add(Manifest.DIGEST_NAME);
    for (String name : names(directory)) {
      if (!expected.remove(name)) {
        throw new DamagedCheckpointException("it has a file " + name + " too much");
      }
    }
    for (String missing : expected) {
      throw new DamagedCheckpointException("it has no " + missing);
    }
    for (Map.Entry<String, Manifest.Entry> file : manifest.files().entrySet()) {
      check(directory.resolve(file.getKey()), file.getValue());
    }
    return new Checkpoint(directory, manifest);
  }

  private static void check(Path file, Manifest.Entry entry)
      throws IOException, DamagedCheckpointException {
    BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
    if (!attributes.isRegularFile() || attributes.size() != entry.size()) {
      throw new DamagedCheckpointException(
          file.getFileName() + " does not have its " + entry.size() + " bytes");
    }
    if (!Sha256.of(file).equals(entry.sha256())) {
      throw new DamagedCheckpointException(file.getFileName() + " does not have its digest");
    }
  }

  private static Set<String> names(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries
          .map(entry -> entry.getFileName().toString())
          .collect(Collectors.toCollection(TreeSet::new));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
