package org.samtf.examples.files;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Files that are there whole or not at all, whatever happens while they are written. */
public final class DurableFiles {

  private DurableFiles() {}

  /** Writes a file. */
  @FunctionalInterface
  public interface Writing {

    /**
     * Writes.
     *
     * @param file where to
     * @throws IOException if it cannot be written
     */
    void to(Path file) throws IOException;
  }

  /**
   * Writes a file beside its place and then moves it there.
   *
   * @param file where it is to be; what is there is replaced
   * @param writing what writes it
   * @throws IOException if it cannot be written; then nothing has changed
   */
  public static void write(Path file, Writing writing) throws IOException {
    Path beside = file.resolveSibling("." + file.getFileName() + ".writing");
    try {
      writing.to(beside);
      sync(beside);
      Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException | RuntimeException e) {
      Files.deleteIfExists(beside);
      throw e;
    }
    sync(parent(file));
  }

  /**
   * Writes a file beside its place and then moves it there.
   *
   * @param file where it is to be; what is there is replaced
   * @param bytes what is in it
   * @throws IOException if it cannot be written; then nothing has changed
   */
  public static void write(Path file, byte[] bytes) throws IOException {
    write(file, beside -> Files.write(beside, bytes));
  }

  /**
   * Moves a directory or a file to its place, once all that is in it is on the disk.
   *
   * @param from a directory or a file
   * @param to where it is to be, in a directory of the same file system; nothing may be there
   * @throws IOException if that fails
   */
  public static void move(Path from, Path to) throws IOException {
    for (Path entry : within(from)) {
      sync(entry);
    }
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    sync(parent(to));
  }

  /**
   * Waits until a file or the entries of a directory are on the disk.
   *
   * @param path the file or directory
   * @throws IOException if that fails
   */
  public static void sync(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /**
   * Deletes a directory with all that is in it; one that is not there is no failure.
   *
   * @param directory the directory
   * @throws IOException if something cannot be deleted
   */
  public static void deleteDirectory(Path directory) throws IOException {
    if (Files.isDirectory(directory)) {
      for (Path entry : within(directory)) {
        Files.delete(entry);
      }
    } else {
      Files.deleteIfExists(directory);
    }
  }

  /** All that is in a directory, and last the directory. */
  private static List<Path> within(Path directory) throws IOException {
    try (Stream<Path> entries = Files.walk(directory)) {
      return entries.sorted(Comparator.reverseOrder()).toList();
    }
  }

  private static Path parent(Path file) {
    return file.toAbsolutePath().getParent();
  }
}
