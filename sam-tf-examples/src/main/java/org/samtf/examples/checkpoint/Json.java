package org.samtf.examples.checkpoint;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.deser.std.StdScalarDeserializer;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import java.io.IOException;

/** JSON that is read only if nothing is missing, doubtful or left over. */
final class Json {

  static final ObjectMapper STRICT =
      JsonMapper.builder()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(
              DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES,
              DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES,
              DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES,
              DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          // A number in quotes is none.
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .addModule(new SimpleModule().addDeserializer(double.class, new Doubles()))
          .build();

  /** Takes no number that is beyond the range, which Java reads as infinite. */
  private static final class Doubles extends StdScalarDeserializer<Double> {

    private static final long serialVersionUID = 1L;

    Doubles() {
      super(double.class);
    }

    @Override
    public Double deserialize(JsonParser parser, DeserializationContext context)
        throws IOException {
      if (parser.currentToken().isNumeric()) {
        double value = parser.getDoubleValue();
        if (!Double.isFinite(value)) {
          return (Double)
              context.handleWeirdNumberValue(double.class, value, "not in the range of doubles");
        }
        return value;
      }
      // As it is written where there is none: without images to evaluate, for example.
      return switch (parser.getValueAsString("")) {
        case "NaN" -> Double.NaN;
        case "Infinity" -> Double.POSITIVE_INFINITY;
        case "-Infinity" -> Double.NEGATIVE_INFINITY;
        default -> (Double) context.handleUnexpectedToken(double.class, parser);
      };
    }
  }

  /**
   * Says in a line what was wrong with a text.
   *
   * @param failure what the mapper threw
   * @return the name of the field, if there is one, and what is wrong with it
   */
  static String whatIsWrong(JsonProcessingException failure) {
    // What follows is about the mapper.
    String what = String.valueOf(failure.getOriginalMessage()).split("[;\\n]", 2)[0];
    if (failure instanceof ValueInstantiationException && failure.getCause() != null) {
      what = String.valueOf(failure.getCause().getMessage());
    }
    String field = field(failure);
    return field.isEmpty() ? what : field + ": " + what;
  }

  private static String field(JsonProcessingException failure) {
    StringBuilder field = new StringBuilder();
    if (failure instanceof JsonMappingException mapping) {
      for (JsonMappingException.Reference reference : mapping.getPath()) {
        if (reference.getFieldName() == null) {
          field.append('[').append(reference.getIndex()).append(']');
        } else {
          field.append(field.isEmpty() ? "" : ".").append(reference.getFieldName());
        }
      }
    }
    return field.toString();
  }

  private Json() {}
}
