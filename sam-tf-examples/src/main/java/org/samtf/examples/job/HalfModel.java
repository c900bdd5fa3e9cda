package org.samtf.examples.job;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a job leaves in the directory of its model that is killed while it writes it.
 *
 * <p>By its name and by all that is in it: anything else may be the user's.
 */
final class HalfModel {

  /** Where the model is before its parts are moved up. */
  static final String WRITING = ".writing";

  /** The part that is moved last. */
  static final String LAST = "saved_model.pb";

  /** The values of all variables; a job's are small enough for one file. */
  static final String VALUES = "variables/variables.data-00000-of-00001";

  private static final String VARIABLES = "variables";

  /** The exporter writes beside its target, under such a name. */
  private static final Pattern EXPORTING =
      Pattern.compile("\\.\\.writing\\.\\p{XDigit}{8}(-\\p{XDigit}{4}){3}-\\p{XDigit}{12}");

  /** All that a model has below its directory while it is written; TensorFlow has names too. */
  private static final Pattern PART =
      Pattern.compile(
          "saved_model\\.pb|variables|values"
              + "|(variables/variables|values/values)\\.(index|data-\\d{5}-of-\\d{5})"
              + "(\\.tempstate\\d+)?");

  private final Path directory;
  private final Set<String> parts;

  /**
   * A model in a directory.
   *
   * @param parts files and directories that it has besides, with slashes; none for an exported one
   */
  HalfModel(Path directory, Set<String> parts) {
    this.directory = directory;
    this.parts = parts;
  }

  /** Whether an entry of the directory is part of a model that was being written. */
  boolean has(Path entry) throws IOException {
    String name = entry.getFileName().toString();
    if (name.equals(WRITING) || EXPORTING.matcher(name).matches()) {
      return hasOnlyParts(entry, entry);
    }
    // It is moved up while the last part still waits; on its own, it may be any directory.
    return (name.equals(VARIABLES) || parts.contains(name))
        && Files.isRegularFile(directory.resolve(WRITING).resolve(LAST), LinkOption.NOFOLLOW_LINKS)
        && hasOnlyParts(entry, directory);
  }

  private boolean hasOnlyParts(Path within, Path model) throws IOException {
    try (Stream<Path> paths = Files.walk(within)) {
      return (!within.equals(model) || Files.isDirectory(within, LinkOption.NOFOLLOW_LINKS))
          && paths.filter(path -> !path.equals(model)).allMatch(path -> isPart(path, model));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private boolean isPart(Path path, Path model) {
    String relative = model.relativize(path).toString().replace('\\', '/');
    if (parts.contains(relative)) {
      return Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)
          || Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS);
    }
    boolean mayBeDirectory = relative.equals(VARIABLES) || relative.equals("values");
    return PART.matcher(relative).matches()
        && (mayBeDirectory
            ? Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)
            : Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS));
  }
}
