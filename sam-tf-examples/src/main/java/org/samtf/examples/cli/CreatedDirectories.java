package org.samtf.examples.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;

/** The directories that a command has made, so that none stays behind empty when it fails. */
public final class CreatedDirectories {

  private static final Deque<Path> NEWEST_FIRST = new ConcurrentLinkedDeque<>();

  private CreatedDirectories() {}

  /** Creates a directory and those above it that are not there. */
  static void create(Path directory) throws IOException {
    Path absolute = directory.toAbsolutePath();
    if (Files.isDirectory(absolute)) {
      return;
    }
    if (absolute.getParent() != null) {
      create(absolute.getParent());
    }
    Files.createDirectories(absolute);
    NEWEST_FIRST.push(absolute);
  }

  /** Removes those that are empty. */
  public static void removeEmpty() {
    for (Path made = NEWEST_FIRST.poll(); made != null; made = NEWEST_FIRST.poll()) {
      try {
        Files.deleteIfExists(made);
      } catch (IOException e) {
        // Something is in it, or it is no longer ours.
      }
    }
  }
}
