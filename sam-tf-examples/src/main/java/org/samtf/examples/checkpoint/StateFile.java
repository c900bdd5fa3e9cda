package org.samtf.examples.checkpoint;

import java.io.IOException;
import java.nio.file.Path;

/** The state of a part that is one small record, as a JSON file. */
public final class StateFile {

  private StateFile() {}

  /**
   * Writes {@code NAME.json}.
   *
   * @param directory where to
   * @param name name of the part
   * @param state the record
   * @throws IOException if it cannot be written
   */
  public static void write(Path directory, String name, Object state) throws IOException {
    Json.STRICT.writeValue(directory.resolve(name + ".json").toFile(), state);
  }

  /**
   * Reads {@code NAME.json}.
   *
   * @param directory where it is
   * @param name name of the part
   * @param type the type of the record
   * @param <T> the type of the record
   * @return the record
   * @throws IOException if it cannot be read
   */
  public static <T> T read(Path directory, String name, Class<T> type) throws IOException {
    return Json.STRICT.readValue(directory.resolve(name + ".json").toFile(), type);
  }
}
