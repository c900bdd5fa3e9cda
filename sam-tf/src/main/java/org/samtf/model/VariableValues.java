package org.samtf.model;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.samtf.internal.graph.Arguments;
import org.samtf.internal.graph.NamePatterns;
import org.samtf.internal.graph.OpKinds;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TString;
import org.tensorflow.types.family.TType;

/**
 * The values of variables on their way between sessions and checkpoints.
 *
 * <p>TF-Java's own saver knows the variables that a graph had when it was first asked for, or when
 * it was exported: never the slots that a loaded graph got afterwards. This one works in a graph of
 * its own and leaves the model's as it is.
 */
final class VariableValues {

  private VariableValues() {}

  /** What tensors of a session are, in one run. */
  static Result read(Session session, Collection<Output<?>> tensors) {
    Session.Runner runner = session.runner();
    tensors.forEach(runner::fetch);
    return runner.run();
  }

  /** Writes a checkpoint. */
  static void write(Path prefix, List<String> names, Result values) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Session.Runner runner = session.runner();
      List<Operand<?>> tensors = new ArrayList<>();
      for (int i = 0; i < names.size(); i++) {
        Placeholder<? extends TType> value = tf.placeholder(typeOf(values.get(i)));
        runner.feed(value, values.get(i));
        tensors.add(value);
      }
      runner
          .addTarget(
              tf.train.save(
                  tf.constant(prefix.toString()), vector(tf, names), slices(tf, names), tensors))
          .run()
          .close();
    }
  }

  /**
   * Writes a checkpoint again, with other values for some of its keys.
   *
   * @param tensors TensorFlow's numbers of the types of all that it holds, by key, in its order
   * @param replaced the keys that get other values, and which of {@code values} each gets
   * @throws IllegalArgumentException if there is a type that TensorFlow Java does not have
   */
  static void rewrite(
      Path from,
      Path to,
      Map<String, Integer> tensors,
      Map<String, Integer> replaced,
      Result values) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      List<String> kept = new ArrayList<>(tensors.keySet());
      kept.removeAll(replaced.keySet());
      Map<String, Operand<?>> byKey = new LinkedHashMap<>();
      if (!kept.isEmpty()) {
        List<Class<? extends TType>> types = new ArrayList<>();
        kept.forEach(key -> types.add(TensorTypes.of(tensors.get(key))));
        List<Output<?>> read =
            tf.train
                .restore(tf.constant(from.toString()), vector(tf, kept), slices(tf, kept), types)
                .tensors();
        for (int i = 0; i < kept.size(); i++) {
          byKey.put(kept.get(i), read.get(i));
        }
      }
      Session.Runner runner = session.runner();
      replaced.forEach(
          (key, index) -> {
            Placeholder<? extends TType> value = tf.placeholder(typeOf(values.get(index)));
            runner.feed(value, values.get(index));
            byKey.put(key, value);
          });
      List<String> keys = new ArrayList<>(tensors.keySet());
      List<Operand<?>> inOrder = new ArrayList<>();
      keys.forEach(key -> inOrder.add(byKey.get(key)));
      runner
          .addTarget(
              tf.train.save(
                  tf.constant(to.toString()), vector(tf, keys), slices(tf, keys), inOrder))
          .run()
          .close();
    }
  }

  private static Class<? extends TType> typeOf(Tensor tensor) {
    return ((TType) tensor).type();
  }

  /**
   * Reads variables from a checkpoint.
   *
   * @param variables what to read, by name
   * @return their values, in that order
   */
  static Result fromCheckpoint(Path prefix, Map<String, Output<?>> variables) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      List<String> names = new ArrayList<>(variables.keySet());
      List<Class<? extends TType>> types = new ArrayList<>();
      variables.values().forEach(variable -> types.add(variable.type()));
      Session.Runner runner = session.runner();
      tf.train
          .restore(tf.constant(prefix.toString()), vector(tf, names), slices(tf, names), types)
          .tensors()
          .forEach(runner::fetch);
      return runner.run();
    }
  }

  /** The variables of a graph, by name, in the order in which they were made. */
  static Map<String, Output<?>> of(Graph graph) {
    Map<String, Output<?>> variables = new LinkedHashMap<>();
    graph
        .operations()
        .forEachRemaining(
            (GraphOperation op) -> {
              if (OpKinds.isVariable(op.type())) {
                variables.put(op.name(), op.output(0));
              }
            });
    return variables;
  }

  /**
   * The variables whose names a pattern matches; all, if there is no pattern.
   *
   * @throws IllegalArgumentException if a pattern matches none
   */
  static Map<String, Output<?>> matching(Graph graph, String... patterns) {
    Map<String, Output<?>> all = of(graph);
    if (Arguments.noneNull(patterns, "patterns").length == 0) {
      return all;
    }
    Map<String, Output<?>> matching = new LinkedHashMap<>();
    NamePatterns.matching("variables", Arrays.asList(patterns), all.keySet())
        .forEach(name -> matching.put(name, all.get(name)));
    return matching;
  }

  private static Operand<TString> vector(Ops tf, List<String> texts) {
    return tf.constant(NdArrays.vectorOfObjects(texts.toArray(new String[0])));
  }

  /** Whole tensors, not slices of them. */
  private static Operand<TString> slices(Ops tf, List<String> names) {
    return vector(tf, Collections.nCopies(names.size(), ""));
  }
}
