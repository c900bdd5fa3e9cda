package org.samtf.examples.report;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.samtf.examples.files.DurableFiles;

/** Writes measured figures as JSON. */
public final class Figures {

  private static final ObjectMapper MAPPER =
      new ObjectMapper()
          .registerModule(optionalAsNull())
          .enable(SerializationFeature.INDENT_OUTPUT);

  /**
   * Writes a file, whole or not at all.
   *
   * @param file where to
   * @param figures records, lists, maps, numbers and text
   * @throws IOException if it cannot be written
   */
  public static void write(Path file, Object figures) throws IOException {
    DurableFiles.write(file, MAPPER.writeValueAsBytes(figures));
  }

  /**
   * Makes a tree of JSON.
   *
   * @param figures records, lists, maps, numbers and text
   * @return the tree
   */
  public static JsonNode tree(Object figures) {
    return MAPPER.valueToTree(figures);
  }

  private Figures() {}

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
