package org.samtf.model;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samtf.internal.graph.NamePatterns;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Signature;
import org.tensorflow.Signature.TensorDescription;

/** The signatures of a model: what is asked for by key and name, or a line that says what is. */
final class Signatures {

  private final Map<String, Signature> byKey = new LinkedHashMap<>();

  Signatures(Collection<Signature> signatures) {
    List<String> keys = new ArrayList<>();
    signatures.forEach(signature -> keys.add(signature.key()));
    Collections.sort(keys);
    for (String key : keys) {
      signatures.stream().filter(s -> s.key().equals(key)).forEach(s -> byKey.put(key, s));
    }
  }

  Collection<Signature> all() {
    return byKey.values();
  }

  Signature get(String key) {
    Signature signature = byKey.get(key);
    if (signature == null) {
      List<String> lines = new ArrayList<>();
      byKey.values().forEach(known -> lines.add(describe(known)));
      throw new IllegalArgumentException(
          "there is no signature \"" + key + "\"; there are " + NamePatterns.list(lines));
    }
    return signature;
  }

  Output<?> input(Graph graph, String key, String name) {
    Signature signature = get(key);
    return tensor(graph, signature, "input", signature.getInputs(), name);
  }

  Output<?> output(Graph graph, String key, String name) {
    Signature signature = get(key);
    return tensor(graph, signature, "output", signature.getOutputs(), name);
  }

  private static Output<?> tensor(
      Graph graph,
      Signature signature,
      String what,
      Map<String, TensorDescription> tensors,
      String name) {
    if (!tensors.containsKey(name)) {
      throw new IllegalArgumentException(
          "signature \""
              + signature.key()
              + "\" has no "
              + what
              + " \""
              + name
              + "\"; it is "
              + describe(signature));
    }
    return find(graph, signature, tensors.get(name).name);
  }

  /** The tensor of the graph that a signature means. */
  static Output<?> find(Graph graph, Signature signature, String tensor) {
    Output<?> output = graph.output(tensor);
    if (output == null || output.index() >= output.op().numOutputs()) {
      throw new IllegalArgumentException(
          "signature \""
              + signature.key()
              + "\" has \""
              + tensor
              + "\", which is not in the graph");
    }
    return output;
  }

  /** The ops that the tensors of a signature come from. */
  static Set<String> ops(Map<String, TensorDescription> tensors) {
    Set<String> ops = new LinkedHashSet<>();
    tensors.values().forEach(tensor -> ops.add(ModelGraph.opName(tensor.name)));
    return ops;
  }

  /** Such as {@code evaluate(images, labels) -> (loss)}. */
  static String describe(Signature signature) {
    return signature.key()
        + "("
        + String.join(", ", sorted(signature.inputNames()))
        + ") -> ("
        + String.join(", ", sorted(signature.outputNames()))
        + ")";
  }

  /** The same signature of a copy of the graph. */
  static Signature in(Graph copy, Signature signature) {
    Signature.Builder builder = like(signature);
    addInputs(copy, signature, builder);
    for (String name : sorted(signature.outputNames())) {
      builder.output(name, find(copy, signature, signature.getOutputs().get(name).name));
    }
    return builder.build();
  }

  /** The same signature with other outputs. */
  static Signature with(
      Graph copy, Signature signature, Map<String, ? extends Operand<?>> outputs) {
    Signature.Builder builder = like(signature);
    addInputs(copy, signature, builder);
    outputs.forEach(builder::output);
    return builder.build();
  }

  private static Signature.Builder like(Signature signature) {
    return Signature.builder().key(signature.key()).methodName(signature.methodName());
  }

  private static void addInputs(Graph copy, Signature signature, Signature.Builder builder) {
    for (String name : sorted(signature.inputNames())) {
      builder.input(name, find(copy, signature, signature.getInputs().get(name).name));
    }
  }

  static List<String> sorted(Collection<String> names) {
    List<String> sorted = new ArrayList<>(names);
    Collections.sort(sorted);
    return sorted;
  }
}
