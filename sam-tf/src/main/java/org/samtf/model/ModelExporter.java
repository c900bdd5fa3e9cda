package org.samtf.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.samtf.SamOptimizer;
import org.samtf.internal.graph.Arguments;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.NamePatterns;
import org.samtf.internal.graph.NotTrainable;
import org.samtf.internal.graph.OpKinds;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.Signature;
import org.tensorflow.op.Op;
import org.tensorflow.op.Scope;

/**
 * Writes a SavedModel that holds what its signatures need, and nothing else.
 *
 * <pre>{@code
 * new ModelExporter(graph, session)
 *     .signature(predict)
 *     .signature(evaluate)
 *     .trainingSignature(train, step)
 *     .export(directory);
 * }</pre>
 *
 * <p>What a signature's outputs are computed from is written with the values of its variables: the
 * slots of the optimizer with a signature that trains, no twin, no slot and no op of an optimizer
 * without one. To load it and to run any of its signatures takes TensorFlow only, in any language,
 * and not this library.
 *
 * <p>TF-Java's exporter, in contrast, writes the whole graph, and the values of those variables
 * that the graph had when it was loaded or first saved: not the slots of an optimizer that was
 * added to it later.
 *
 * <p>The graph and the session stay as they are. While it exports, no step may run.
 */
public final class ModelExporter {

  private static final class Exported {
    final Signature signature;

    /** What each output comes after, or null. */
    final GraphOperation step;

    Exported(Signature signature, GraphOperation step) {
      this.signature = signature;
      this.step = step;
    }

    /** The ops that are run when the signature is. */
    Set<String> roots() {
      Set<String> roots = Signatures.ops(signature.getOutputs());
      if (step != null) {
        roots.add(step.name());
      }
      return roots;
    }
  }

  private final Graph graph;
  private final Session session;
  private final Signatures known;
  private final Map<String, Exported> signatures = new LinkedHashMap<>();
  private boolean withDevices = true;
  private OtherValues values = OtherValues.none();

  /**
   * Starts the export of a model.
   *
   * @param graph the model
   * @param session a session of that graph, with the values of its variables
   */
  public ModelExporter(Graph graph, Session session) {
    this(graph, session, new Signatures(List.of()));
  }

  ModelExporter(Graph graph, Session session, Signatures known) {
    if (graph == null || session == null) {
      throw new IllegalArgumentException(
          (graph == null ? "graph" : "session") + " is null; give a graph and a session of it");
    }
    this.graph = graph;
    this.session = session;
    this.known = known;
  }

  /**
   * Adds a signature.
   *
   * @param signature made of tensors of the graph
   * @return this exporter
   * @throws IllegalArgumentException if there is one with its key already, it has no output, or a
   *     tensor of it is not in the graph, or is there of another type or shape
   */
  public ModelExporter signature(Signature signature) {
    return add(Arguments.given(signature, "signature"), null);
  }

  /**
   * Adds a signature that runs a step of training: each call is one step, whichever of its outputs
   * are fetched.
   *
   * @param signature made of tensors of the graph, with at least one output, such as the loss. What
   *     the step computes before it updates the weights, such as {@link SamOptimizer#loss()}, is
   *     handed out as it was then
   * @param step the op that runs the step; it has to assign to some variable
   * @return this exporter
   * @throws IllegalArgumentException as {@link #signature} does, or if the step is not in the graph
   */
  public ModelExporter trainingSignature(Signature signature, Op step) {
    Arguments.given(signature, "signature");
    Arguments.opOfGraph(graph, step, "step");
    return add(signature, (GraphOperation) step.op());
  }

  /**
   * Adds signatures that the model was loaded with.
   *
   * @param keys their keys
   * @return this exporter
   * @throws IllegalArgumentException if the model was not loaded with one of that key, or there is
   *     one with its key already; the message lists what there is
   */
  public ModelExporter keep(String... keys) {
    for (String key : Arguments.noneNull(keys, "keys")) {
      add(known.get(key), null);
    }
    return this;
  }

  /**
   * Leaves out on which devices the ops are: for a model that was trained on devices that are not
   * there where it is loaded. By default each op stays on its device, if it has one.
   *
   * @return this exporter
   */
  public ModelExporter withoutDevices() {
    withDevices = false;
    return this;
  }

  /**
   * Writes other values than the variables have here, under the names of the variables: those of
   * {@code WeightAverage.values()}, for example. The variables keep theirs. A signature that trains
   * goes on from what is written.
   *
   * @param values tensors of this graph that need no feeds, by variable; variables that are not in
   *     it are written as they are
   * @return this exporter
   * @throws IllegalArgumentException if a key is no variable of this graph, or its value is of
   *     another type or shape
   */
  public ModelExporter values(Map<? extends Operand<?>, ? extends Operand<?>> values) {
    this.values = OtherValues.of(graph, values);
    return this;
  }

  private ModelExporter add(Signature signature, GraphOperation step) {
    if (signatures.containsKey(signature.key())) {
      throw new IllegalArgumentException(
          "there are two signatures \"" + signature.key() + "\"; give each a key of its own");
    }
    if (signature.outputNames().isEmpty()) {
      throw new IllegalArgumentException(
          "signature \"" + signature.key() + "\" has no output; give it at least one");
    }
    Signatures.requireOf(graph, signature);
    signatures.put(signature.key(), new Exported(signature, step));
    return this;
  }

  /**
   * Writes the SavedModel, with the tag {@link SavedModelBundle#DEFAULT_TAG}.
   *
   * <p>The same model with the same values gives the same bytes, in whichever order its ops were
   * made; the order of its variables stays.
   *
   * @param directory a new or an empty directory. The model is written beside it and renamed, so
   *     that it is there as a whole or not at all
   * @throws IOException if it cannot be written
   * @throws IllegalArgumentException if the directory has something in it, the step of a signature
   *     assigns to no variable, or a signature needs what is not among its inputs or cannot be
   *     saved: a placeholder, a table, an iterator, a resource variable
   * @throws IllegalStateException if there is no signature, or a variable has no value
   */
  public void export(Path directory) throws IOException {
    if (signatures.isEmpty()) {
      throw new IllegalStateException("there is no signature to export; give at least one");
    }
    WholeDirectory target = WholeDirectory.at(directory);
    ModelGraph model = new ModelGraph(graph);
    Set<String> kept = new HashSet<>();
    for (Exported exported : signatures.values()) {
      requirePlaceholdersFed(model, exported);
      requireUpdates(model, exported);
      Set<String> roots = exported.roots();
      roots.addAll(Signatures.ops(exported.signature.getInputs()));
      kept.addAll(model.behind(roots, Set.of()));
    }
    requireSavable(kept);
    // What is said of variables is said where the model is loaded again.
    for (String variable : model.ofType(OpKinds.VARIABLE, kept)) {
      if (NotTrainable.is(graph.operation(variable))) {
        kept.add(NotTrainable.marker(variable));
      }
    }

    target.write(beside -> write(model, kept, beside));
  }

  private void write(ModelGraph model, Set<String> kept, Path directory) throws IOException {
    List<String> variables = model.ofType(OpKinds.VARIABLE, kept);
    // Beside the model while it is written, and gone before it is renamed.
    Path saved = directory.resolve("values");
    if (!variables.isEmpty()) {
      Files.createDirectory(saved);
      try (Result result = GraphCheckpoint.read(session, values.of(graph, variables), "export")) {
        VariableValues.write(saved.resolve("values"), variables, result);
      }
    }
    try (Graph copy = new Graph();
        Session copySession = new Session(copy)) {
      model.copyTo(copy, kept, withDevices);
      List<Signature> written = new ArrayList<>();
      for (Exported exported : new TreeMap<>(signatures).values()) {
        written.add(
            exported.step == null
                ? Signatures.in(copy, exported.signature)
                : afterStep(copy, exported));
      }
      copySession.restore(saved.resolve("values").toString());
      WholeDirectory.delete(saved);
      SavedModelBundle.exporter(directory.toString())
          .withSession(copySession)
          .withSignatures(written.toArray(new Signature[0]))
          .export();
    }
    FixedBytes.rewrite(directory.resolve("saved_model.pb"));
  }

  /** A signature is a list of tensors: so that it runs a step, they are handed out after it. */
  private static Signature afterStep(Graph copy, Exported exported) {
    Signature signature = exported.signature;
    String key = signature.key();
    GraphScope scope =
        GraphScope.unique(copy, Scope.isValidOpName(key) ? key : "step")
            .withControlDependencyOps(List.of(copy.operation(exported.step.name())));
    Map<String, Operand<?>> outputs = new LinkedHashMap<>();
    for (String name : Signatures.sorted(signature.outputNames())) {
      Output<?> output = Signatures.find(copy, signature, signature.getOutputs().get(name).name);
      GraphScope named = scope.withName(Scope.isValidOpName(name) ? name : "output");
      outputs.put(name, named.ops().identity(output));
    }
    return Signatures.with(copy, signature, outputs);
  }

  private static void requirePlaceholdersFed(ModelGraph model, Exported exported) {
    Set<String> fed = Signatures.ops(exported.signature.getInputs());
    List<String> open =
        new ArrayList<>(model.ofType("Placeholder", model.behind(exported.roots(), fed)));
    open.removeAll(fed);
    if (!open.isEmpty()) {
      throw new IllegalArgumentException(
          "signature "
              + Signatures.describe(exported.signature)
              + " needs placeholder "
              + NamePatterns.list(open)
              + ", which is not among its inputs; add it");
    }
  }

  /** A step that trains assigns; one that does not is another op than was meant. */
  private static void requireUpdates(ModelGraph model, Exported exported) {
    if (exported.step == null) {
      return;
    }
    String step = exported.step.name();
    for (String op : model.behind(List.of(step), Set.of())) {
      if (!model.assignedBy(op).isEmpty()) {
        return;
      }
    }
    throw new IllegalArgumentException(
        "the step of signature "
            + Signatures.describe(exported.signature)
            + " (op \""
            + step
            + "\") assigns to no variable; give the op that minimize returns, or one that runs it");
  }

  /** A SavedModel of TF-Java's has the values of variables, and no other state. */
  private void requireSavable(Collection<String> ops) {
    for (String name : Signatures.sorted(ops)) {
      GraphOperation op = graph.operation(name);
      if (SavedState.isLost(op)) {
        throw new IllegalArgumentException(
            "op \""
                + name
                + "\" ("
                + op.type()
                + ") has state that a SavedModel written by TensorFlow Java does not hold; "
                + SavedState.insteadOf(op));
      }
    }
  }
}
