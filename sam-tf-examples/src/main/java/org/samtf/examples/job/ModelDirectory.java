package org.samtf.examples.job;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
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

  private final String option;
  private final Path directory;
  private final Export export;
  private final Set<String> parts;

  /**
   * Where a model goes.
   *
   * @param option the option that says so
   * @param directory the directory
   * @param export what writes the model
   * @param parts files and directories that it has besides those of an exported model
   */
  ModelDirectory(String option, Path directory, Export export, Set<String> parts) {
    this.option = option;
    this.directory = directory;
    this.export = export;
    this.parts = parts;
  }

  /** Writes a SavedModel to a directory. */
  interface Export {
    void to(Path directory) throws IOException;
  }

  /** Whether a whole model is there. */
  boolean isWritten() {
    return Files.exists(directory.resolve(HalfModel.LAST));
  }

  /**
   * Whether the job that is finished has its model there; then nothing is left beside it.
   *
   * @throws InputException if the model that is there is another one
   */
  boolean isFinished() {
    if (!isWritten()) {
      return false;
    }
    try {
      if (!hasItsValues()) {
        throw new InputException(
            option + " " + directory + " has a SavedModel that is not of this job",
            "its own, or a new or an empty directory",
            "choose another path or remove what is there");
      }
      removeEmptyLeftover();
      return true;
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** By the values of the variables: the graph's file has TensorFlow's version in it. */
  private boolean hasItsValues() throws IOException {
    Path values = directory.resolve(HalfModel.VALUES);
    return elsewhere(
        model ->
            Files.isRegularFile(values)
                && Files.mismatch(values, model.resolve(HalfModel.VALUES)) < 0);
  }

  /**
   * Writes the model to another place, which is deleted again: so that what stands in its way is
   * known before training.
   */
  void tryOut() {
    try {
      elsewhere(model -> true);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** Asks something of a model. */
  private interface Question {
    boolean of(Path model) throws IOException;
  }

  private boolean elsewhere(Question question) throws IOException {
    Path temporary = Files.createTempDirectory("samtf-export");
    try {
      Path model = temporary.resolve("model");
      export.to(model);
      return question.of(model);
    } finally {
      DurableFiles.deleteDirectory(temporary);
    }
  }

  /** A process that is killed after its last move leaves the directory that it moved from. */
  private void removeEmptyLeftover() throws IOException {
    Path writing = directory.resolve(HalfModel.WRITING);
    if (Files.isDirectory(writing, LinkOption.NOFOLLOW_LINKS) && entries(writing).isEmpty()) {
      Files.delete(writing);
    }
  }

  /**
   * Makes the directory empty of what was left half written, and refuses to touch anything else.
   */
  void clear() {
    try {
      Files.createDirectories(directory);
      List<Path> entries = new ArrayList<>(entries(directory));
      HalfModel half = new HalfModel(directory, parts);
      for (Path entry : entries) {
        if (isWritten() || !half.has(entry)) {
          throw new InputException(
              option
                  + " "
                  + directory
                  + " is not empty: "
                  + entry.getFileName()
                  + " is there, which is not what a killed job has left half written",
              "a new or an empty directory",
              "choose another path or remove what is there");
        }
      }
      // What shows that the others are ours goes last, so that a kill here changes nothing.
      entries.sort(Comparator.comparing(Path::getFileName).reversed());
      for (Path entry : entries) {
        DurableFiles.deleteDirectory(entry);
      }
    } catch (IOException e) {
      throw failed(e);
    }
  }

  void write() {
    try {
      clear();
      Path writing = directory.resolve(HalfModel.WRITING);
      export.to(writing);
      List<Path> entries = new ArrayList<>(entries(writing));
      entries.removeIf(entry -> entry.endsWith(HalfModel.LAST));
      for (Path entry : entries) {
        DurableFiles.move(entry, directory.resolve(entry.getFileName()));
      }
      DurableFiles.sync(writing.resolve(HalfModel.LAST));
      Files.move(
          writing.resolve(HalfModel.LAST),
          directory.resolve(HalfModel.LAST),
          StandardCopyOption.ATOMIC_MOVE);
      Files.delete(writing);
      DurableFiles.sync(directory);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private OutputException failed(IOException e) {
    return new OutputException(
        "SavedModel in " + directory, e, "free space or choose another " + option);
  }

  private static List<Path> entries(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.toList();
    }
  }
}
