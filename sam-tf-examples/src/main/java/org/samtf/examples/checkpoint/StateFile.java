package org.samtf.examples.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
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
   * @throws IOException if it cannot be read, or its text is no such record; the message names the
   *     field
   */
  public static <T> T read(Path directory, String name, Class<T> type) throws IOException {
    try {
      T state = Json.STRICT.readValue(directory.resolve(name + ".json").toFile(), type);
      if (state == null) {
        throw new IOException("it is null");
      }
      return state;
    } catch (JsonProcessingException e) {
      throw new IOException(Json.whatIsWrong(e), e);
    }
  }

  /**
   * Checks a field of a record that is read, in its constructor.
   *
   * @param valid whether it is as it has to be
   * @param field its name
   * @param value its value
   * @throws IllegalArgumentException if it is not
   */
  public static void require(boolean valid, String field, Object value) {
    if (!valid) {
      throw new IllegalArgumentException(field + " is " + value);
    }
  }
}
