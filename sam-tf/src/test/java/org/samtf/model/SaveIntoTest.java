package org.samtf.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
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
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.SamOptimizer;
import org.samtf.Values;
import org.samtf.internal.graph.Reals;
import org.samtf.train.WeightAverage;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Signature;
import org.tensorflow.Tensor;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;

/** Models that are handed back to Python. */
class SaveIntoTest {

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
    Map<String, byte[]> found = files(target);
    assertThat(found.keySet()).isEqualTo(expected.keySet());
    expected.forEach((file, bytes) -> assertThat(found.get(file)).as(file).isEqualTo(bytes));
    try (Stream<Path> beside = Files.list(target.getParent())) {
      assertThat(beside).containsExactly(target);
    }
  }

  /** That of the index of the checkpoint, as Python wrote it. */
  @ParameterizedTest
  @ValueSource(strings = {"keras2_two", "keras3_flowers", "module"})
  void theFingerprintSaysThatTheValuesAreOthers(String name) throws IOException {
    PythonCase python = new PythonCase(name);
    Path original = python.directory.resolve("model");
    Path target = temporary.resolve("2");
    try (LoadedModel model = python.load()) {
      train(python, model);
      model.saveInto(original, target);
    }
    UnknownFieldSet before = fingerprint(original);
    UnknownFieldSet after = fingerprint(target);
    assertThat(before.getField(5).getVarintList()).containsExactly(hashOfIndex(original));
    assertThat(after.getField(5).getVarintList()).containsExactly(hashOfIndex(target));
    assertThat(hashOfIndex(target)).isNotEqualTo(hashOfIndex(original));
    assertThat(UnknownFieldSet.newBuilder(after).clearField(5).build())
        .isEqualTo(UnknownFieldSet.newBuilder(before).clearField(5).build());
  }

  private static UnknownFieldSet fingerprint(Path model) throws IOException {
    return UnknownFieldSet.parseFrom(Files.readAllBytes(model.resolve("fingerprint.pb")));
  }

  private static long hashOfIndex(Path model) throws IOException {
    return Fingerprint.of(Files.readAllBytes(model.resolve("variables/variables.index")));
  }

  /** Newer TensorFlows number each model that they write. */
  @Test
  void anotherModelHasAnotherNumber() throws IOException {
    UnknownFieldSet.Field number =
        UnknownFieldSet.Field.newBuilder()
            .addLengthDelimited(ByteString.copyFromUtf8("123"))
            .build();
    Path original = new PythonCase("keras3_flowers").directory.resolve("model");
    Path numbered = temporary.resolve("numbered");
    Files.write(
        numbered,
        UnknownFieldSet.newBuilder(fingerprint(original))
            .addField(7, number)
            .build()
            .toByteArray());
    Path same = temporary.resolve("same");
    Path other = temporary.resolve("other");
    Path again = temporary.resolve("again");
    Path index = Files.writeString(temporary.resolve("index"), "other values");

    Fingerprint.write(numbered, original.resolve("variables/variables.index"), same);
    Fingerprint.write(numbered, index, other);
    Fingerprint.write(numbered, index, again);

    assertThat(same).hasSameBinaryContentAs(numbered);
    assertThat(again).hasSameBinaryContentAs(other);
    UnknownFieldSet.Field another =
        UnknownFieldSet.parseFrom(Files.readAllBytes(other)).getField(7);
    assertThat(another.getLengthDelimitedList()).hasSize(1);
    assertThat(another).isNotEqualTo(number);
  }

  /** Averages go under the keys of the weights; what is no variable of the original is refused. */
  @Test
  void averagesAreHandedBack() throws IOException {
    PythonCase python = new PythonCase("keras3_dense");
    Path original = python.directory.resolve("model");
    Map<String, double[]> expected = new TreeMap<>();
    try (LoadedModel model = python.load()) {
      WeightAverage average = WeightAverage.swa(model.graph()).build();
      Optimizer base = average.around(new Momentum(model.graph(), 0.01f, 0.9f));
      Op step = model.minimize(new SamOptimizer(model.graph(), base, 0.05f), python.loss(model));
      for (int i = 0; i < 3; i++) {
        python.runner(model).addTarget(step).run().close();
      }
      average
          .values()
          .forEach(
              (variable, value) ->
                  expected.put(variable.op().name(), Values.of(model.session(), value)));
      model.saveInto(original, temporary.resolve("2"), average.values());
      expected.forEach(
          (name, values) ->
              assertThat(Values.of(model.session(), model.variables(name).get(0)))
                  .as(name)
                  .isNotEqualTo(values));
      Ops tf = Ops.create(model.graph());
      Variable<TFloat32> head = tf.withName("newHead").variable(tf.constant(1f));
      model.initialize();
      assertThatThrownBy(() -> model.saveInto(original, temporary.resolve("3"), Map.of(head, head)))
          .hasMessageContaining("no place for the values of newHead");
    }
    try (LoadedModel model = LoadedModel.load(temporary.resolve("2"))) {
      expected.forEach(
          (name, values) ->
              assertThat(Values.of(model.session(), model.variables(name).get(0)))
                  .as(name)
                  .isEqualTo(values));
    }
    assertThat(expected).isNotEmpty();
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
            "keras3_mixed_float16",
            "keras3_recurrent",
            "control_flow",
            "module",
            "tensorflow1");
    List<String> arguments = new ArrayList<>();
    for (String name : models) {
      PythonCase python = new PythonCase(name);
      // As TensorFlow Serving has them: versions of a model, each a folder.
      Path target = temporary.resolve(name).resolve("2");
      Path expected = temporary.resolve(name + ".json");
      ObjectNode json =
          (ObjectNode) new ObjectMapper().readTree(python.directory.resolve("case.json").toFile());
      try (LoadedModel model = python.load()) {
        train(python, model);
        python.outputs(model).forEach((output, values) -> put(json, output, values));
        if (name.endsWith("float16")) {
          json.put("tolerance", 1e-3);
        }
        model.saveInto(python.directory.resolve("model"), target);
      }
      Files.writeString(expected, json.toString());
      arguments.addAll(List.of(target.toString(), expected.toString()));
    }
    arguments.addAll(aNewHead());
    arguments.addAll(aThawedGraph());
    Python.run(temporary.resolve("log"), "check_models.py", arguments);
  }

  /** What Java exports itself: a model of Keras with a new head, under a new signature. */
  private List<String> aNewHead() throws IOException {
    PythonCase python = new PythonCase("keras3_convolutional");
    try (LoadedModel model = python.load()) {
      Ops tf = Ops.create(model.graph());
      Operand<TFloat32> features = Reals.unchecked(model.output(python.signature, "output_0"));
      Variable<TFloat32> head =
          tf.withName("head").variable(tf.constant(new float[][] {{1, -1}, {2, 0.5f}, {0, 3}}));
      Operand<TFloat32> scores = tf.linalg.matMul(features, head);
      Operand<TFloat32> loss = tf.math.mean(tf.math.square(scores), tf.constant(new int[] {0, 1}));
      Op step = model.minimize(new Momentum(model.graph(), 0.01f, 0.9f), loss);
      python.runner(model).addTarget(step).run().close();
      String input = python.inputs.keySet().iterator().next();
      return exported(
          python,
          model,
          "new_head",
          Signature.builder("scores")
              .input("images", model.input(python.signature, input))
              .output("scores", scores)
              .build());
    }
  }

  private List<String> aThawedGraph() throws IOException {
    PythonCase python = new PythonCase("frozen");
    try (LoadedModel model = LoadedModel.thaw(python.directory.resolve("frozen.pb"))) {
      train(python, model);
      return exported(
          python,
          model,
          "thawed",
          Signature.builder("serving_default")
              .input("images", model.tensor("x"))
              .output("scores", model.tensor("Identity"))
              .build());
    }
  }

  /** Exports a model, and writes down what it computes of the images of a case. */
  private List<String> exported(
      PythonCase python, LoadedModel model, String name, Signature signature) throws IOException {
    Path target = temporary.resolve("exported").resolve(name).resolve("1");
    model.exporter().signature(signature).export(target);
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode original =
        (ObjectNode) mapper.readTree(python.directory.resolve("case.json").toFile());
    ObjectNode json = mapper.createObjectNode().put("signature", signature.key());
    json.putObject("inputs").set("images", original.get("inputs").elements().next());
    ObjectNode scores = json.putObject("outputs").putObject("scores").put("dtype", "float32");
    Operand<?> output = model.graph().output(signature.getOutputs().get("scores").name);
    try (Result result = python.runner(model).fetch(output).run()) {
      for (long size : result.get(0).shape().asArray()) {
        scores.withArray("shape").add(size);
      }
      put(json, "scores", Values.of(result.get(0)));
    }
    Path expected = temporary.resolve(name + ".json");
    Files.writeString(expected, json.toString());
    return List.of(target.toString(), expected.toString());
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
}
