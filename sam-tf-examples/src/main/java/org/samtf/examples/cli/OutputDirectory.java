package org.samtf.examples.cli;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.samtf.examples.failure.Failure;
import org.samtf.examples.failure.InputException;
import org.samtf.examples.failure.OutputException;

/** Checks directories to write to, before anything long begins. */
final class OutputDirectory {

  private static final String REMEDY = "make it writable or choose another path";

  private OutputDirectory() {}

  /** Checks that files can be written there; the directory need not exist. Creates nothing. */
  static void check(String option, Path directory) {
    if (directory.toString().isBlank()) {
      throw new InputException(option + " is empty", "a directory", "give a path");
    }
    Path existing = directory.toAbsolutePath().normalize();
    while (!Files.exists(existing) && existing.getParent() != null) {
      existing = existing.getParent();
    }
    if (!Files.isDirectory(existing)) {
      throw new InputException(
          option + " " + directory + " leads to " + existing + ", which is not a directory",
          "a directory, there or not yet",
          "choose another path");
    }
    if (!Files.isWritable(existing)) {
      throw new OutputException(
          option + " " + directory,
          new IOException("no permission, or a read-only file system"),
          REMEDY);
    }
  }

  /** Checks also that nothing is there that could be overwritten. */
  static void checkEmpty(String option, Path directory) {
    check(option, directory);
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> entries = Files.list(directory)) {
      if (entries.findAny().isPresent()) {
        throw new InputException(
            option + " " + directory + " is not empty",
            "a new or an empty directory",
            "choose another path or remove what is there");
      }
    } catch (IOException e) {
      throw notWritable(option, directory, e);
    }
  }

  /** Checks that a file can be written; it may be there already only if that is said. */
  static void checkFile(String option, Path file, boolean mayExist) {
    if (file.getFileName() == null || file.toString().isBlank() || Files.isDirectory(file)) {
      throw new InputException(
          option + " " + file + " is no file", "a file, there or not yet", "choose another path");
    }
    check(option, file.toAbsolutePath().getParent());
    if (Files.exists(file) && !mayExist) {
      throw new InputException(
          option + " " + file + " is there already",
          "a new file",
          "choose another path or remove what is there");
    }
  }

  /** Creates the directory; it goes again in the end if nothing is written to it. */
  static void create(String option, Path directory) {
    try {
      CreatedDirectories.create(directory);
    } catch (IOException e) {
      throw notWritable(option, directory, e);
    }
  }

  /** A path that can be no directory is the user's; all else may be put right. */
  private static Failure notWritable(String option, Path directory, IOException e) {
    String reason = String.valueOf(e.getMessage());
    if (e instanceof FileAlreadyExistsException || reason.contains("name too long")) {
      return new InputException(
          option + " " + directory + " cannot be used (" + reason + ")",
          "a writable directory",
          "choose another path");
    }
    return new OutputException(option + " " + directory, e, REMEDY);
  }
}
