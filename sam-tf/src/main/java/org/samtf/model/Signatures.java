package org.samtf.model;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samtf.internal.flat.SignatureParts;
import org.samtf.internal.graph.Arguments;
import org.samtf.internal.graph.Messages;
import org.samtf.internal.graph.NamePatterns;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Signature;
import org.tensorflow.Signature.TensorDescription;
import org.tensorflow.ndarray.Shape;

/** The signatures of a model: what is asked for by key and name, or a line that says what is. */
final class Signatures {

  /** What the numbers of types of references are greater by. */
  private static final int REFERENCE = 100;

  private final Map<String, Signature> byKey = new LinkedHashMap<>();

  /** Why signatures are not here that the file has, by their keys. */
  Map<String, String> leftOut() {
    return Map.copyOf(refused);
  }

  /** Why signatures are not here that the file has, by their keys. */
  private final Map<String, String> refused;

  /** What signatures compute without what they assign besides, by their keys. */
  private final Map<String, SignatureParts> parts;

  Signatures(Collection<Signature> signatures) {
    this(signatures, Map.of(), Map.of());
  }

  Signatures(
      Collection<Signature> signatures,
      Map<String, String> refused,
      Map<String, SignatureParts> parts) {
    this.refused = refused;
    this.parts = parts;
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
    Arguments.given(key, "key of a signature");
    Signature signature = byKey.get(key);
    if (signature == null) {
      if (refused.containsKey(key)) {
        throw new IllegalArgumentException(
            "signature \"" + key + "\" was left out: " + refused.get(key));
      }
      List<String> lines = new ArrayList<>();
      byKey.values().forEach(known -> lines.add(describe(known)));
      throw new IllegalArgumentException(
          "there is no signature " + quoted(key) + "; there are " + NamePatterns.list(lines));
    }
    return signature;
  }

  Output<?> input(Graph graph, String key, String name) {
    Signature signature = get(key);
    Arguments.given(name, "name of an input");
    return tensor(graph, signature, "input", signature.getInputs(), name);
  }

  Output<?> output(Graph graph, String key, String name) {
    Signature signature = get(key);
    Arguments.given(name, "name of an output");
    Output<?> output = tensor(graph, signature, "output", signature.getOutputs(), name);
    return parts.containsKey(key)
        ? find(graph, signature, parts.get(key).computed().get(name))
        : output;
  }

  private static Output<?> tensor(
      Graph graph,
      Signature signature,
      String what,
      Map<String, TensorDescription> tensors,
      String name) {
    if (!tensors.containsKey(name)) {
      throw new IllegalArgumentException(
          "signature "
              + quoted(signature.key())
              + " has no "
              + what
              + " "
              + quoted(name)
              + "; it is "
              + describe(signature));
    }
    return find(graph, signature, tensors.get(name).name);
  }

  /**
   * A signature whose tensors are all in a graph.
   *
   * @throws IllegalArgumentException if there is none of that key, or one of its tensors is not
   */
  Signature ofGraph(Graph graph, String key) {
    Signature signature = get(key);
    signature.getInputs().values().forEach(tensor -> find(graph, signature, tensor.name));
    signature.getOutputs().values().forEach(tensor -> find(graph, signature, tensor.name));
    return signature;
  }

  /** The tensor of the graph that a signature means. */
  static Output<?> find(Graph graph, Signature signature, String tensor) {
    Output<?> output = graph.output(tensor);
    if (output == null || output.index() >= output.op().numOutputs()) {
      throw new IllegalArgumentException(
          "signature "
              + quoted(signature.key())
              + " has "
              + quoted(tensor)
              + ", which is not in the graph");
    }
    return output;
  }

  /**
   * Checks that a signature is one of a graph. It knows its tensors by name only, so one of another
   * graph shows by types and shapes.
   *
   * @throws IllegalArgumentException if it is not
   */
  static void requireOf(Graph graph, Signature signature) {
    List<TensorDescription> tensors = new ArrayList<>(signature.getInputs().values());
    tensors.addAll(signature.getOutputs().values());
    for (TensorDescription tensor : tensors) {
      Output<?> found = find(graph, signature, tensor.name);
      if (!isSame(found.dataType().getNumber(), tensor.dataType.getNumber())
          || !found.shape().isCompatibleWith(tensor.shape)) {
        throw new IllegalArgumentException(
            "signature "
                + quoted(signature.key())
                + " has "
                + quoted(tensor.name)
                + " of "
                + describe(tensor.dataType.name(), tensor.shape)
                + ", which in this graph is of "
                + describe(found.dataType().name(), found.shape())
                + "; make the signature of tensors of this graph");
      }
    }
  }

  /** A reference is of the type that it refers to. */
  private static boolean isSame(int dataType, int other) {
    return dataType % REFERENCE == other % REFERENCE;
  }

  private static String quoted(String name) {
    return "\"" + Messages.oneLine(name) + "\"";
  }

  private static String describe(String type, Shape shape) {
    return type + (shape.isUnknown() ? " and unknown shape" : " and shape " + shape);
  }

  /** The ops that the tensors of a signature come from. */
  static Set<String> ops(Map<String, TensorDescription> tensors) {
    Set<String> ops = new LinkedHashSet<>();
    tensors.values().forEach(tensor -> ops.add(ModelGraph.opName(tensor.name)));
    return ops;
  }

  /** Such as {@code evaluate(images, labels) -> (loss)}. */
  static String describe(Signature signature) {
    return Messages.oneLine(
        signature.key()
            + "("
            + String.join(", ", sorted(signature.inputNames()))
            + ") -> ("
            + String.join(", ", sorted(signature.outputNames()))
            + ")");
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
