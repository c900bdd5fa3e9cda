package org.samtf.internal.flat;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.internal.graph.Protos;

/** Models of Python's in which something is wrong. */
class FlatModelTest {

  private static final int MODELS = 150;

  /** How often a part is left out, doubled or changed. */
  private static final double[] DAMAGE = {0.0002, 0.001, 0.01};

  private Random random;

  @ParameterizedTest
  @ValueSource(
      strings = {"module", "module_training", "control_flow", "keras3_lstm", "tensorflow1"})
  void damagedModelsAreRefusedInOneLine(String name) throws IOException {
    Path file =
        Path.of("src/test/resources/org/samtf/model/python", name, "model", "saved_model.pb");
    var model = Protos.savedModel(Files.readAllBytes(file)).getMetaGraphs(0);
    int refused = 0;
    for (int seed = 0; seed < MODELS; seed++) {
      random = new Random(seed);
      Message damaged = damaged(model, DAMAGE[seed % DAMAGE.length]);
      try {
        FlatModel.of(ModelFunctions.withTrainingIfAny(damaged));
      } catch (IllegalArgumentException e) {
        assertThat(e.getMessage()).as("seed %d", seed).hasLineCount(1);
        refused++;
      }
    }
    assertThat(refused).isPositive();
  }

  private Message damaged(Message message, double chance) {
    Message.Builder builder = message.toBuilder();
    for (FieldDescriptor field : List.copyOf(builder.getAllFields().keySet())) {
      if (field.isRepeated()) {
        List<Object> values = new ArrayList<>();
        for (Object value : (List<?>) builder.getField(field)) {
          double draw = random.nextDouble();
          if (draw >= chance) {
            values.add(damaged(value, chance));
            if (draw < 1.5 * chance && !field.isMapField()) {
              values.add(value);
            }
          }
        }
        builder.setField(field, values);
      } else if (random.nextDouble() < chance / 2) {
        builder.clearField(field);
      } else {
        builder.setField(field, damaged(builder.getField(field), chance));
      }
    }
    return builder.build();
  }

  private Object damaged(Object value, double chance) {
    if (value instanceof Message) {
      return damaged((Message) value, chance);
    }
    if (random.nextDouble() >= chance) {
      return value;
    }
    if (value instanceof String) {
      String text = (String) value;
      return text.isEmpty() || random.nextBoolean()
          ? ""
          : text.substring(random.nextInt(text.length())) + (random.nextBoolean() ? ":9" : "");
    }
    if (value instanceof Long) {
      return random.nextBoolean() ? -1L : (long) random.nextInt(100);
    }
    return value instanceof Integer ? (Object) random.nextInt(100) : value;
  }
}
