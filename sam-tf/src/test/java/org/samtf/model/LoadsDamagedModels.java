package org.samtf.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;

/** A program that loads damaged models, and says which: TensorFlow may end it. */
final class LoadsDamagedModels {

  private final Path directory;
  private final int every;
  private int count;
  private int loaded;
  private int refused;

  private LoadsDamagedModels(Path directory, int every) {
    this.directory = directory;
    this.every = every;
  }

  /**
   * Loads models.
   *
   * @param args a SavedModel, a directory with its variables for the damaged ones, and how many of
   *     them to pass over
   */
  public static void main(String[] args) throws IOException {
    LoadsDamagedModels loads = new LoadsDamagedModels(Path.of(args[1]), Integer.parseInt(args[2]));
    DamagedModels.each(Path.of(args[0], "saved_model.pb"), loads::load);
    System.out.println("loaded " + loads.loaded + ", refused " + loads.refused);
  }

  private void load(String what, Supplier<byte[]> bytes) {
    boolean isCount = what.matches(".*\\.(N|num|num_split) [0-9]+ i: .*");
    boolean isConstant = what.matches("Const.value [0-9]+ tensor .*size.*size.*");
    if (count++ % every != 0 && !isCount && !isConstant) {
      return;
    }
    System.out.println(what);
    try {
      Files.write(directory.resolve("saved_model.pb"), bytes.get());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    try {
      LoadedModel.load(directory).close();
      loaded++;
    } catch (IllegalArgumentException e) {
      if (e.getMessage().lines().count() != 1) {
        throw new IllegalStateException(what + " is refused with " + e.getMessage(), e);
      }
      refused++;
    }
  }
}
