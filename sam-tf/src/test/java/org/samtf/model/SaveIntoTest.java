package org.samtf.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.SamOptimizer;
import org.samtf.Values;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Tensor;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;

/** Models that are handed back to Python. */
class SaveIntoTest {

  private static final String FINGERPRINT = "fingerprint.pb";

  @TempDir Path temporary;

  /** All files below a directory, by path. */
  private static Map<String, byte[]> files(Path directory) throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : (Iterable<Path>) paths.filter(Files::isRegularFile)::iterator) {
        files.put(directory.relativize(path).toString(), Files.readAllBytes(path));
      }
    }
    return files;
  }

  private static void train(PythonCase python, LoadedModel model) {
    SamOptimizer sam =
        new SamOptimizer(model.graph(), new Momentum(model.graph(), 0.01f, 0.9f), 0.05f);
    Op step = model.minimize(sam, python.loss(model));
    for (int i = 0; i < 3; i++) {
      python.runner(model).addTarget(step).run().close();
    }
  }

  /** What is not trained comes back byte for byte, and the checkpoint, too. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "keras2_convolutional",
        "keras3_convolutional",
        "keras3_mixed_float16",
        "module",
        "tensorflow1"
      })
  void aModelThatWasNotTrainedIsCopied(String name) throws IOException {
    PythonCase python = new PythonCase(name);
    Path original = python.directory.resolve("model");
    Path target = temporary.resolve("models").resolve("2");
    try (LoadedModel model = python.load()) {
      model.saveInto(original, target);
    }
    Map<String, byte[]> expected = files(original);
    expected.remove(FINGERPRINT);
    Map<String, byte[]> found = files(target);
    assertThat(found.keySet()).isEqualTo(expected.keySet());
    expected.forEach((file, bytes) -> assertThat(found.get(file)).as(file).isEqualTo(bytes));
    try (Stream<Path> beside = Files.list(target.getParent())) {
      assertThat(beside).containsExactly(target);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "keras2_convolutional",
        "keras2_two",
        "keras3_dense",
        "keras3_convolutional",
        "keras3_transformer",
        "module",
        "tensorflow1"
      })
  void tensorFlowReadsTheTrainedModelAsItReadTheOriginal(String name) throws IOException {
    PythonCase python = new PythonCase(name);
    python.assumeThatItTrains();
    Path original = python.directory.resolve("model");
    Path target = temporary.resolve("2");
    Map<String, double[]> expected;
    try (LoadedModel model = python.load()) {
      train(python, model);
      expected = python.outputs(model);
      model.saveInto(original, target);
    }
    assertThat(files(target).get("saved_model.pb"))
        .isEqualTo(Files.readAllBytes(original.resolve("saved_model.pb")));
    Map<String, Tensor> inputs = new TreeMap<>();
    python.inputs.forEach((input, value) -> inputs.put(input, value.tensor()));
    try (SavedModelBundle bundle = SavedModelBundle.load(target.toString());
        Result result = bundle.function(python.signature).call(inputs)) {
      expected.forEach(
          (output, values) -> {
            double[] found = Values.of(result.get(output).orElseThrow());
            for (int i = 0; i < values.length; i++) {
              assertThat(found[i]).isCloseTo(values[i], within(1e-5));
              assertThat(Math.abs(found[i] - python.outputs.get(output).doubles()[i]))
                  .isGreaterThan(1e-5);
            }
          });
    }
    inputs.values().forEach(Tensor::close);
  }

  /** All by one Python, which takes long to start. */
  @Test
  @Tag("python")
  void pythonReadsTheTrainedModels() throws Exception {
    assumeTrue(Python.IS_THERE, "there is no Python with TensorFlow; see src/test/python");
    List<String> models =
        List.of(
            "keras2_dense",
            "keras2_convolutional",
            "keras2_separable",
            "keras2_transformer",
            "keras2_recurrent",
            "keras2_gru_unrolled",
            "keras2_two",
            "keras3_dense",
            "keras3_convolutional",
            "keras3_transformer",
            "keras3_lstm_unrolled",
            "keras3_recurrent",
            "control_flow",
            "module",
            "tensorflow1");
    List<String> arguments = new ArrayList<>();
    for (String name : models) {
      PythonCase python = new PythonCase(name);
      if (!python.trains()) {
        continue;
      }
      Path target = temporary.resolve(name);
      Path expected = temporary.resolve(name + ".json");
      ObjectNode json =
          (ObjectNode) new ObjectMapper().readTree(python.directory.resolve("case.json").toFile());
      try (LoadedModel model = python.load()) {
        train(python, model);
        python.outputs(model).forEach((output, values) -> put(json, output, values));
        model.saveInto(python.directory.resolve("model"), target);
      }
      Files.writeString(expected, json.toString());
      arguments.addAll(List.of(target.toString(), expected.toString()));
    }
    Python.run(temporary.resolve("log"), "check_models.py", arguments);
  }

  private static void put(ObjectNode json, String output, double[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (double value : values) {
      bytes.putFloat((float) value);
    }
    ((ObjectNode) json.get("outputs").get(output))
        .put("data", Base64.getEncoder().encodeToString(bytes.array()));
  }

  @Test
  void aNewHeadHasNoPlace() throws IOException {
    PythonCase python = new PythonCase("keras2_dense");
    try (LoadedModel model = python.load()) {
      Ops tf = Ops.create(model.graph());
      Variable<TFloat32> head = tf.withName("head").variable(tf.constant(2f));
      Operand<TFloat32> loss = tf.math.mul(head, python.loss(model));
      model.minimize(new Momentum(model.graph(), 0.01f, 0.9f), loss);
      assertRefused(model, python, "has no place for the values of head, which are trained");
    }
  }

  @Test
  void anotherModelIsRefused() throws IOException {
    try (LoadedModel model = new PythonCase("module").load()) {
      assertRefused(model, new PythonCase("keras2_two"), "has none of the variables; it has ");
    }
    try (LoadedModel model = new PythonCase("keras2_dense").load()) {
      assertRefused(
          model,
          new PythonCase("keras2_two"),
          "has variable \"dense_1/bias\" of shape [3], and not [4]");
    }
  }

  @Test
  void aModelThatJavaHasWrittenInBetweenIsHandedBack() throws IOException {
    Path exported = temporary.resolve("exported");
    PythonCase python = new PythonCase("keras2_two");
    try (LoadedModel model = python.load()) {
      model.exporter().keep(python.signature).export(exported);
      // What Java wrote in between does not matter: the variables are those of the original.
      try (LoadedModel again = LoadedModel.load(exported)) {
        train(python, again);
        again.saveInto(python.directory.resolve("model"), temporary.resolve("2"));
      }
    }
    assertThat(temporary.resolve("2").resolve("keras_metadata.pb")).exists();
  }

  private void assertRefused(LoadedModel model, PythonCase original, String message) {
    Path target = temporary.resolve("refused");
    assertThatThrownBy(() -> model.saveInto(original.directory.resolve("model"), target))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message)
        .message()
        .hasLineCount(1);
    assertThat(target).doesNotExist();
  }

  /** A Python with TensorFlow, if there is one: SAMTF_PYTHON, or python3. */
  private static final class Python {
    static final String COMMAND = System.getenv().getOrDefault("SAMTF_PYTHON", "python3");
    static final boolean IS_THERE = isThere();

    private static boolean isThere() {
      try {
        Process process =
            new ProcessBuilder(COMMAND, "-c", "import tensorflow, tf_keras, keras")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        return process.waitFor(2, TimeUnit.MINUTES) && process.exitValue() == 0;
      } catch (IOException e) {
        return false;
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    static void run(Path log, String script, List<String> arguments) throws Exception {
      List<String> command = new ArrayList<>(List.of(COMMAND, script));
      command.addAll(arguments);
      Process process =
          new ProcessBuilder(command)
              .directory(new File("src/test/python"))
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      assertThat(process.waitFor(10, TimeUnit.MINUTES)).isTrue();
      assertThat(process.exitValue()).as(Files.readString(log)).isZero();
    }
  }
}
