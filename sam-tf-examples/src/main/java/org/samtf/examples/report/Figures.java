package org.samtf.examples.report;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** Writes measured figures as JSON. */
public final class Figures {

  private Figures() {}

  /**
   * Writes a file.
   *
   * @param file where to
   * @param figures records, lists, maps, numbers and text
   * @throws IOException if it cannot be written
   */
  public static void write(Path file, Object figures) throws IOException {
    new ObjectMapper()
        .registerModule(optionalAsNull())
        .enable(SerializationFeature.INDENT_OUTPUT)
        .writeValue(file.toFile(), figures);
  }

  private static SimpleModule optionalAsNull() {
    return new SimpleModule()
        .addSerializer(
            new StdSerializer<Optional<?>>(Optional.class, false) {
              private static final long serialVersionUID = 1L;

              @Override
              public void serialize(Optional<?> value, JsonGenerator json, SerializerProvider p)
                  throws IOException {
                json.writeObject(value.orElse(null));
              }
            });
  }
}
