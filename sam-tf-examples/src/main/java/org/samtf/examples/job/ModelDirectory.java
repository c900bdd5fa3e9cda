package org.samtf.examples.job;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.samtf.examples.failure.InputException;
import org.samtf.examples.failure.OutputException;
import org.samtf.examples.files.DurableFiles;

/**
 * Where a job puts its SavedModel in the end.
 *
 * <p>The model is written below the directory and then moved up, {@code saved_model.pb} last: with
 * that file it is whole. (Not beside the directory, which may be where a volume is mounted.)
 */
final class ModelDirectory {

  private static final String WRITING = ".writing";
  private static final String LAST = "saved_model.pb";

  /** What a process leaves that is killed while it writes. */
  private static final List<String> LEFTOVERS = List.of(WRITING, "variables", "assets");

  private final Path directory;

  ModelDirectory(Path directory) {
    this.directory = directory;
  }

  /** Writes a SavedModel to a directory. */
  interface Export {
    void to(Path directory) throws IOException;
  }

  /** Whether a whole model is there. */
  boolean isWritten() {
    return Files.exists(directory.resolve(LAST));
  }

  /**
   * Makes the directory empty of what was left half written, and refuses to touch anything else.
   */
  void clear() {
    try {
      Files.createDirectories(directory);
      for (Path entry : entries(directory)) {
        if (isWritten() || !LEFTOVERS.contains(entry.getFileName().toString())) {
          throw new InputException(
              "--export " + directory + " is not empty, and training is not finished",
              "a new or an empty directory",
              "choose another path or remove what is there");
        }
      }
      for (Path entry : entries(directory)) {
        DurableFiles.deleteDirectory(entry);
      }
    } catch (IOException e) {
      throw failed(e);
    }
  }

  void write(Export export) {
    try {
      clear();
      Path writing = directory.resolve(WRITING);
      export.to(writing);
      List<Path> entries = new ArrayList<>(entries(writing));
      entries.removeIf(entry -> entry.endsWith(LAST));
      for (Path entry : entries) {
        DurableFiles.moveDirectory(entry, directory.resolve(entry.getFileName()));
      }
      DurableFiles.sync(writing.resolve(LAST));
      Files.move(writing.resolve(LAST), directory.resolve(LAST), StandardCopyOption.ATOMIC_MOVE);
      Files.delete(writing);
      DurableFiles.sync(directory);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private OutputException failed(IOException e) {
    return new OutputException(
        "SavedModel in " + directory, e, "free space or choose another --export");
  }

  private static List<Path> entries(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.toList();
    }
  }
}
