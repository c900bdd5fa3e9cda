package org.samtf.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.samtf.Values;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TString;

/** A model that Python wrote, with what Python computed of it: see src/test/python. */
final class PythonCase {

  /** Numbers, as they are in the file. */
  static final class Numbers {
    final Shape shape;
    final boolean isFloat;
    final ByteBuffer data;

    /** Null if these are numbers. */
    final String[] texts;

    Numbers(JsonNode node) {
      List<Long> sizes = new ArrayList<>();
      node.get("shape").forEach(size -> sizes.add(size.asLong()));
      shape = Shape.of(sizes.stream().mapToLong(Long::longValue).toArray());
      isFloat = node.get("dtype").asText().equals("float32");
      boolean isText = node.get("dtype").asText().equals("string");
      String text = node.get("data").asText();
      texts = isText ? text.split(" ") : null;
      data =
          ByteBuffer.wrap(isText ? new byte[0] : Base64.getDecoder().decode(text))
              .order(ByteOrder.LITTLE_ENDIAN);
    }

    Tensor tensor() {
      if (texts != null) {
        return TString.tensorOf(NdArrays.wrap(shape, DataBuffers.ofObjects(texts)));
      }
      if (isFloat) {
        return TFloat32.tensorOf(shape, DataBuffers.of(floats()));
      }
      int[] values = new int[data.remaining() / Integer.BYTES];
      data.duplicate().order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(values);
      return TInt32.tensorOf(shape, DataBuffers.of(values));
    }

    float[] floats() {
      float[] values = new float[data.remaining() / Float.BYTES];
      data.duplicate().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
      return values;
    }

    double[] doubles() {
      double[] values = new double[data.remaining() / Float.BYTES];
      for (int i = 0; i < values.length; i++) {
        values[i] = isFloat ? data.getFloat(4 * i) : data.getInt(4 * i);
      }
      return values;
    }
  }

  final Path directory;
  final String signature;
  final float rho;
  final float learningRate;
  final double loss;
  final Map<String, Numbers> inputs;
  final Map<String, Numbers> outputs;
  final Map<String, Numbers> targets;
  final Map<String, Numbers> gradients;
  final Map<String, Numbers> weights;

  /** What is not trained and yet changes with each step. */
  final Map<String, Numbers> updated;

  final List<Double> losses = new ArrayList<>();
  final List<String> notTrainable = new ArrayList<>();

  PythonCase(String name) throws IOException {
    this(Path.of("src", "test", "resources", "org", "samtf", "model", "python", name));
  }

  PythonCase(Path directory) throws IOException {
    this.directory = directory;
    JsonNode json = new ObjectMapper().readTree(directory.resolve("case.json").toFile());
    signature = json.get("signature").asText();
    rho = (float) json.get("rho").asDouble();
    learningRate = (float) json.get("learningRate").asDouble();
    loss = json.get("loss").asDouble();
    inputs = numbers(json, "inputs");
    outputs = numbers(json, "outputs");
    targets = numbers(json, "targets");
    gradients = numbers(json, "gradients");
    weights = numbers(json, "weights");
    updated = json.has("updated") ? numbers(json, "updated") : Map.of();
    json.get("losses").forEach(value -> losses.add(value.asDouble()));
    json.get("notTrainable").forEach(value -> notTrainable.add(value.asText()));
  }

  private static Map<String, Numbers> numbers(JsonNode json, String field) {
    Map<String, Numbers> numbers = new TreeMap<>();
    json.get(field)
        .fields()
        .forEachRemaining(entry -> numbers.put(entry.getKey(), new Numbers(entry.getValue())));
    return numbers;
  }

  LoadedModel load() {
    return load(new ModelLoader());
  }

  LoadedModel load(ModelLoader loader) {
    return loader.load(directory.resolve("model"));
  }

  /** The variables that steps change. */
  Set<String> changed() {
    Set<String> changed = new TreeSet<>(weights.keySet());
    changed.addAll(updated.keySet());
    return changed;
  }

  /** A run with the inputs fed. */
  Session.Runner runner(LoadedModel model) {
    Session.Runner runner = model.session().runner();
    inputs.forEach((name, value) -> runner.feed(input(model, name).asOutput(), value.tensor()));
    return runner;
  }

  /** What a graph without signatures has by the names of its ops. */
  private Operand<?> input(LoadedModel model, String name) {
    return model.signatures().isEmpty() ? model.tensor(name) : model.input(signature, name);
  }

  private Operand<?> output(LoadedModel model, String name) {
    return model.signatures().isEmpty() ? model.tensor(name) : model.output(signature, name);
  }

  /** What the outputs of the signature are now. */
  Map<String, double[]> outputs(LoadedModel model) {
    Map<String, double[]> found = new LinkedHashMap<>();
    for (String name : outputs.keySet()) {
      try (Result result = runner(model).fetch(output(model, name)).run()) {
        found.put(name, Values.of(result.get(0)));
      }
    }
    return found;
  }

  /** The mean over all entries of the squares of output less target; the sum over the outputs. */
  Operand<TFloat32> loss(LoadedModel model) {
    Ops tf = Ops.create(model.graph());
    List<Operand<TFloat32>> parts = new ArrayList<>();
    for (String name : outputs.keySet()) {
      Operand<TFloat32> output = Reals.unchecked(output(model, name));
      Operand<TFloat32> target = tf.constant((TFloat32) targets.get(name).tensor());
      Operand<TFloat32> squares = tf.math.square(tf.math.sub(output, target));
      int[] axes = new int[targets.get(name).shape.numDimensions()];
      for (int i = 0; i < axes.length; i++) {
        axes[i] = i;
      }
      parts.add(tf.math.mean(squares, tf.constant(axes)));
    }
    Operand<TFloat32> sum = parts.get(0);
    for (Operand<TFloat32> part : parts.subList(1, parts.size())) {
      sum = tf.math.add(sum, part);
    }
    return sum;
  }
}
