package org.samtf.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samtf.OrderedOptimizer;
import org.samtf.SamOptimizer;
import org.samtf.Values;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.framework.optimizers.GradientDescent;
import org.tensorflow.framework.optimizers.Optimizer.GradAndVar;
import org.tensorflow.op.Op;
import org.tensorflow.types.TFloat32;

/**
 * The table of docs/keras-layers.md is what a trial of each layer gives.
 *
 * <p>Python takes minutes for it, so this is not run by {@code verify}. Where the models are there
 * already (keras_layers.py), the variable SAMTF_KERAS_LAYERS names their directory.
 */
class KerasLayersTest {

  private static final Path PAGE = Path.of("..", "docs", "keras-layers.md");
  private static final String BEGIN = "<!-- table: written by KerasLayersTest -->";
  private static final String END = "<!-- end of the table -->";
  private static final double TOLERANCE = 1e-5;

  private static final Pattern NO_GRADIENT = Pattern.compile("No gradient defined for op: (\\w+)");
  private static final Pattern OP = Pattern.compile("\\(([A-Z]\\w*)\\)");

  @TempDir Path temporary;

  /** Which variants of a layer came out in the same way, in both versions of Keras. */
  private static final class Row {
    final String group;
    final String layer;
    final List<String> variants = new ArrayList<>();
    final Map<Integer, String> verdicts;

    Row(String group, String layer, Map<Integer, String> verdicts) {
      this.group = group;
      this.layer = layer;
      this.verdicts = verdicts;
    }
  }

  @Test
  @Tag("python")
  @Tag("long")
  void theTableIsWhatWasTried() throws Exception {
    String there = System.getenv("SAMTF_KERAS_LAYERS");
    Path models = there == null ? temporary.resolve("layers") : Path.of(there);
    if (there == null) {
      assumeTrue(Python.IS_THERE, "there is no Python with TensorFlow; see src/test/python");
      Python.run(temporary.resolve("log"), "keras_layers.py", List.of(models.toString()));
    }
    String table =
        table(new ObjectMapper().readTree(models.resolve("index.json").toFile()), models);
    Files.createDirectories(Path.of("target"));
    Files.writeString(Path.of("target", "keras-layers.md"), table);
    String page = Files.readString(PAGE);
    assertThat(page.substring(page.indexOf(BEGIN) + BEGIN.length(), page.indexOf(END)).strip())
        .as("the table in %s; the new one is in target/keras-layers.md", PAGE)
        .isEqualTo(table.strip());
  }

  private static String table(JsonNode index, Path models) throws IOException {
    Map<List<String>, Map<Integer, String>> byVariant = new LinkedHashMap<>();
    for (JsonNode entry : index) {
      String verdict = verdict(entry, models);
      byVariant
          .computeIfAbsent(
              List.of(
                  entry.get("group").asText(),
                  entry.get("layer").asText(),
                  entry.get("variant").asText()),
              key -> new TreeMap<>())
          .put(entry.get("keras").asInt(), verdict);
    }
    Map<List<Object>, Row> rows = new LinkedHashMap<>();
    byVariant.forEach(
        (key, verdicts) -> {
          boolean isActivation = key.get(0).equals("activations");
          String layer = isActivation ? "activation" : key.get(1);
          String variant = isActivation ? (key.get(1) + " " + key.get(2)).strip() : key.get(2);
          rows.computeIfAbsent(
                  List.of(key.get(0), layer, verdicts), any -> new Row(key.get(0), layer, verdicts))
              .variants
              .add(variant.isEmpty() ? "plain" : variant);
        });
    StringBuilder table = new StringBuilder();
    String group = "";
    List<Row> sorted = new ArrayList<>(rows.values());
    List<String> groups = new ArrayList<>();
    sorted.forEach(row -> groups.add(row.group));
    sorted.sort(java.util.Comparator.comparingInt(row -> groups.indexOf(row.group)));
    for (Row row : sorted) {
      if (!row.group.equals(group)) {
        group = row.group;
        table
            .append("\n### ")
            .append(Character.toUpperCase(group.charAt(0)))
            .append(group, 1, group.length());
        table.append("\n\n| layer | variants | Keras 2 | Keras 3 |\n| --- | --- | --- | --- |\n");
      }
      String variants = String.join("; ", row.variants);
      table
          .append("| ")
          .append(row.layer)
          .append(" | ")
          .append(variants.equals("plain") ? "" : variants);
      for (int keras = 2; keras <= 3; keras++) {
        table.append(" | ").append(row.verdicts.getOrDefault(keras, "not there"));
      }
      table.append(" |\n");
    }
    return table.toString();
  }

  private static String verdict(JsonNode entry, Path models) throws IOException {
    if (entry.has("error")) {
      return "not tried: Keras "
          + (entry.get("error").asText().contains("gradient registry")
              ? "has no gradient"
              : "does not export it");
    }
    PythonCase python = new PythonCase(models.resolve(entry.get("directory").asText()));
    String verdict;
    try (LoadedModel model = python.load()) {
      verdict = verdict(python, model);
    } catch (IllegalArgumentException e) {
      verdict = "**no**, not loaded: " + reason(e);
    } catch (RuntimeException e) {
      verdict =
          "**no**, TensorFlow fails: "
              + String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }
    System.out.println(
        entry.get("directory").asText()
            + " "
            + entry.get("layer")
            + " "
            + entry.get("variant")
            + ": "
            + verdict);
    return verdict;
  }

  private static String verdict(PythonCase python, LoadedModel model) {
    for (Map.Entry<String, double[]> output : python.outputs(model).entrySet()) {
      if (!isClose(output.getValue(), python.outputs.get(output.getKey()).doubles())) {
        return "**no**: other outputs";
      }
    }
    if (python.gradients.isEmpty()) {
      return "yes; it has no weights";
    }
    try {
      Operand<TFloat32> loss = python.loss(model);
      Map<String, Operand<?>> gradients = new LinkedHashMap<>();
      for (GradAndVar<?> pair :
          new OrderedOptimizer(
                  model.graph(), new GradientDescent(model.graph(), python.learningRate))
              .computeGradients(loss)) {
        gradients.put(pair.getVariable().op().name(), pair.getGradient());
      }
      for (Map.Entry<String, PythonCase.Numbers> expected : python.gradients.entrySet()) {
        if (!isClose(
            value(python, model, gradients.get(expected.getKey())),
            expected.getValue().doubles())) {
          return "**no**: another gradient";
        }
      }
      Op step =
          model.minimize(
              new SamOptimizer(
                  model.graph(),
                  new GradientDescent(model.graph(), python.learningRate),
                  python.rho),
              loss);
      python.runner(model).addTarget(step).run().close();
      for (Map.Entry<String, PythonCase.Numbers> expected : python.weights.entrySet()) {
        if (!isClose(
            value(python, model, model.tensor(expected.getKey())), expected.getValue().doubles())) {
          return "**no**: other weights after a step";
        }
      }
    } catch (IllegalArgumentException e) {
      return "**no**: " + reason(e);
    }
    return "yes";
  }

  private static double[] value(PythonCase python, LoadedModel model, Operand<?> tensor) {
    if (tensor == null) {
      return new double[0];
    }
    try (Result result = python.runner(model).fetch(tensor).run()) {
      return Values.of(result.get(0));
    }
  }

  private static boolean isClose(double[] found, double[] expected) {
    double largest = 1;
    for (double x : expected) {
      largest = Math.max(largest, Math.abs(x));
    }
    boolean isClose = found.length == expected.length;
    for (int i = 0; isClose && i < found.length; i++) {
      isClose = Math.abs(found[i] - expected[i]) <= TOLERANCE * largest;
    }
    return isClose;
  }

  private static String reason(IllegalArgumentException e) {
    System.out.println("  " + e.getMessage());
    for (Pattern pattern : List.of(NO_GRADIENT, OP)) {
      Matcher matcher = pattern.matcher(e.getMessage());
      if (matcher.find()) {
        return "`" + matcher.group(1) + "`";
      }
    }
    return "TensorFlow does not take it";
  }
}
