package org.samtf.model;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.samtf.OrderedOptimizer;
import org.samtf.SamOptimizer;
import org.samtf.internal.flat.SignatureParts;
import org.samtf.internal.graph.Arguments;
import org.samtf.internal.graph.Assignments;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Messages;
import org.samtf.internal.graph.NamePatterns;
import org.samtf.internal.graph.Node;
import org.samtf.internal.graph.NotTrainable;
import org.samtf.internal.graph.Reals;
import org.samtf.internal.graph.Upstream;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.SessionFunction;
import org.tensorflow.Signature;
import org.tensorflow.Tensor;
import org.tensorflow.framework.initializers.Initializer;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.family.TType;

/**
 * A model from a file that is trained on and exported again.
 *
 * <pre>{@code
 * try (LoadedModel model = LoadedModel.load(Path.of("flowers"))) {
 *   Graph graph = model.graph();
 *   SamOptimizer sam = new SamOptimizer(graph, new Momentum(graph, 0.01f, 0.9f), 0.1f);
 *   Op step = model.minimize(sam, model.output("training_loss", "loss"));
 *   ...
 *   model.exporter().keep("predict", "evaluate").trainingSignature(train, step).export(Path.of("flowers-2"));
 * }
 * }</pre>
 *
 * <p>Models of Python's TensorFlow 2 and Keras have resource variables and functions. They are
 * loaded as graphs without: what the signatures compute is put in the place of the calls, and the
 * variables become those of {@code tf.variable}, with their values and names.
 *
 * <p>What a model says of its variables is believed: those that are {@link #notTrainable} are left
 * as they are, unless the optimizer names them.
 *
 * <p>Not safe for use by several threads while it is changed; running the graph is.
 */
public final class LoadedModel implements AutoCloseable {

  private final SavedModelBundle bundle;
  private final Graph graph;
  private final Session session;
  private final Signatures signatures;

  /** What signatures of Python's compute and assign besides, by their keys. */
  private final Map<String, SignatureParts> parts;

  private final List<String> opsLeftOut;
  private final GraphCheckpoint variables;

  /** The variables that steps were made for. */
  private final Set<String> trained = new LinkedHashSet<>();

  private LoadedModel(ModelFile file) {
    this.bundle = file.bundle;
    this.graph = bundle.graph();
    this.session = bundle.session();
    this.signatures = new Signatures(bundle.signatures(), file.refusedSignatures, file.parts);
    this.parts = file.parts;
    this.opsLeftOut = file.leftOut;
    this.variables = GraphCheckpoint.of(graph, session);
    UntrainedVariables.mark(graph, bundle.metaGraphDef());
  }

  /**
   * What was loaded, if it can be trained on; else it is closed.
   *
   * @param checkpoint that of its variables; null for none
   */
  static LoadedModel loaded(ModelFile file, String name, Path checkpoint) {
    try {
      SavedState.refuseResourceVariables(name, file.bundle.graph());
      LoadedModel model = new LoadedModel(file);
      if (checkpoint != null && !file.checkpointKeys.isEmpty()) {
        model.variables.restore(checkpoint, file.checkpointKeys);
      }
      if (!file.assignments.isEmpty()) {
        Session.Runner runner = model.session.runner();
        file.assignments.forEach(runner::addTarget);
        runner.run().close();
      }
      return model;
    } catch (RuntimeException e) {
      file.bundle.close();
      throw e;
    }
  }

  /**
   * Loads a SavedModel.
   *
   * <p><strong>A model is a program.</strong> It runs with the rights of this process, and some of
   * it does when it is loaded. One with ops that touch files, the network or the process is
   * refused, before any of it has run; {@link ModelLoader} can allow them. That is found by the
   * types of its ops, which is no fence: load models from people you trust only. What is damaged is
   * refused, as far as it can be seen in the file, before TensorFlow gets it: it would end the
   * process on some such models.
   *
   * @param directory its directory
   * @param tags those of the graph in it; {@link SavedModelBundle#DEFAULT_TAG} if none is given
   * @return the model, with the values of its variables
   * @throws IllegalArgumentException if it cannot be loaded, is damaged, has ops with such side
   *     effects, or no signature of it can be trained; the message says what to do
   */
  public static LoadedModel load(Path directory, String... tags) {
    return new ModelLoader().tags(tags).load(directory);
  }

  /**
   * Takes a model that was loaded with settings of its own, such as those of the session. What it
   * had to run first has run by then: nothing is refused for its side effects.
   *
   * @param bundle the model; it is closed with what is returned
   * @return the model, with the values of its variables
   * @throws IllegalArgumentException if it has resource variables; then it is not closed
   */
  public static LoadedModel of(SavedModelBundle bundle) {
    SavedState.refuseResourceVariables("the model", Arguments.given(bundle, "bundle").graph());
    return new LoadedModel(ModelFile.of(bundle));
  }

  /**
   * Loads a GraphDef. Its variables, if it has any, have no values yet: {@link #restore} them from
   * a checkpoint, or {@link #setVariable} them. Its initializers are not run.
   *
   * @param file a GraphDef: in text form if its name ends with {@code .pbtxt}, and that of a
   *     training graph of TensorFlow 1 if it ends with {@code .meta}; else in binary form
   * @return the model; it has no signatures
   * @throws IOException if the file cannot be read
   * @throws IllegalArgumentException if it is no GraphDef, or has side effects, as for {@link
   *     #load}
   */
  public static LoadedModel loadGraphDef(Path file) throws IOException {
    return new ModelLoader().loadGraphDef(file);
  }

  /**
   * Loads a frozen GraphDef, and makes the constants in it that are weights variables again, with
   * the values that they have there.
   *
   * @param file a GraphDef, as for {@link #loadGraphDef}
   * @param patterns of the names of the constants, as for {@link #variables}; none for those that
   *     enter matrix products, convolutions, normalizations, embeddings and sums as weights do:
   *     floating-point constants that are no scalars
   * @return the model; its variables have the names of the constants. It has no signatures
   * @throws IOException if the file cannot be read
   * @throws IllegalArgumentException if it is no GraphDef, has side effects, as for {@link #load},
   *     a pattern matches no floating-point constant, or nothing in it looks like a weight
   */
  public static LoadedModel thaw(Path file, String... patterns) throws IOException {
    return new ModelLoader().thaw(file, patterns);
  }

  /**
   * The graph, to add ops to.
   *
   * @return the graph
   */
  public Graph graph() {
    return graph;
  }

  /**
   * The session in which the variables have their values.
   *
   * @return the session
   */
  public Session session() {
    return session;
  }

  /**
   * The signatures that the model was loaded with.
   *
   * @return the signatures, by key
   */
  public Collection<Signature> signatures() {
    return List.copyOf(signatures.all());
  }

  /**
   * The signatures that the file has and this model has not, since they cannot be taken over.
   *
   * @return why not, by key
   */
  public Map<String, String> signaturesLeftOut() {
    return signatures.leftOut();
  }

  /**
   * The ops that the file has and this model has not, since they would read or write files and
   * nothing else needs them: savers that were made beside that of a SavedModel, and the one of a
   * GraphDef. {@link ModelLoader#allowSideEffects} keeps them.
   *
   * @return their names and types, such as {@code "save/SaveV2" (SaveV2)}
   */
  public List<String> opsLeftOut() {
    return opsLeftOut;
  }

  /**
   * An input, by signature.
   *
   * @param signature the key of a signature
   * @param name the name of an input in it
   * @return the tensor to feed
   * @throws IllegalArgumentException if there is none; the message lists what there is
   */
  public Operand<?> input(String signature, String name) {
    return signatures.input(graph, signature, name);
  }

  /**
   * An output, by signature. What a signature of Python's TensorFlow 2 assigns besides, such as
   * moving averages, is not done when this is computed, but when {@link #function} is called; a
   * step that {@link #minimize} makes for a loss on it does so, too.
   *
   * @param signature the key of a signature
   * @param name the name of an output in it
   * @return the tensor
   * @throws IllegalArgumentException if there is none; the message lists what there is
   */
  public Operand<?> output(String signature, String name) {
    return signatures.output(graph, signature, name);
  }

  /**
   * A signature as a function: feed tensors by the names of its inputs, and get those of its
   * outputs.
   *
   * @param signature the key of a signature
   * @return the function; it is closed with this model
   * @throws IllegalArgumentException if there is none; the message lists what there is
   */
  public SessionFunction function(String signature) {
    return SessionFunction.create(signatures.ofGraph(graph, signature), session);
  }

  /**
   * Adds an op that runs all that a call of a signature does: what it computes, and what it
   * assigns. For a signature that trains it is the train op, which {@code SamTrainOp.around} takes.
   *
   * @param signature the key of a signature
   * @return the op
   * @throws IllegalArgumentException if there is none; the message lists what there is
   */
  public Op callOf(String signature) {
    Signature called = signatures.ofGraph(graph, signature);
    List<Operation> ops = new ArrayList<>();
    called
        .getOutputs()
        .values()
        .forEach(tensor -> ops.add(Signatures.find(graph, called, tensor.name).op()));
    return GraphScope.unique(graph, "call").withControlDependencyOps(ops).ops().noOp();
  }

  /**
   * A tensor, by its name in the graph, such as a loss that is in no signature.
   *
   * @param name {@code scope/op}, or {@code scope/op:1} for an output other than the first
   * @return the tensor
   * @throws IllegalArgumentException if there is none; the message lists some that are
   */
  public Operand<?> tensor(String name) {
    Arguments.given(name, "name");
    String opName = ModelGraph.opName(name);
    GraphOperation op = graph.operation(opName);
    String index = name.length() > opName.length() ? name.substring(opName.length() + 1) : "0";
    if (op != null && index.matches("\\d{1,9}") && Integer.parseInt(index) < op.numOutputs()) {
      return op.output(Integer.parseInt(index));
    }
    if (op != null) {
      throw new IllegalArgumentException(
          "there is no tensor \""
              + Messages.oneLine(name)
              + "\"; op \""
              + Messages.oneLine(opName)
              + "\" ("
              + op.type()
              + ") has "
              + op.numOutputs()
              + " outputs");
    }
    throw new IllegalArgumentException(
        "there is no tensor \""
            + Messages.oneLine(name)
            + "\"; there are "
            + NamePatterns.list(new TensorNames(graph).similar(opName)));
  }

  /**
   * The variables of the graph.
   *
   * @param patterns of their names: globs such as {@code conv*}, in which {@code *} stands for any
   *     characters and {@code ?} for one, or regular expressions such as {@code regex:conv[12]/.*}.
   *     None for all variables
   * @return the variables, in the order in which they were made
   * @throws IllegalArgumentException if a pattern matches none; the message lists their names
   */
  public List<Operand<?>> variables(String... patterns) {
    return new ArrayList<>(VariableValues.matching(graph, patterns).values());
  }

  /**
   * The variables that the model says are not to be trained, such as moving averages: Python's
   * object graph or its collection {@code trainable_variables} says so. {@link #minimize} leaves
   * them as they are, unless the optimizer was given them to train.
   *
   * @return the variables, in the order in which they were made
   */
  public List<Operand<?>> notTrainable() {
    return UntrainedVariables.of(graph);
  }

  /**
   * Gives variables the values that they have in a checkpoint, by their names.
   *
   * @param checkpoint the path of the checkpoint without {@code .index}, such as {@code
   *     model/variables/variables}
   * @param patterns of the names of the variables, as for {@link #variables}; none for all that the
   *     graph has
   * @return this model
   * @throws IllegalArgumentException if there is no such checkpoint, it lacks one of the variables
   *     or has it in another shape or type, or a pattern matches none. Then no variable has changed
   */
  public LoadedModel restore(Path checkpoint, String... patterns) {
    variables.restore(checkpoint, patterns);
    return this;
  }

  /**
   * Gives a variable a value.
   *
   * @param variable its name
   * @param value of the variable's type and shape
   * @return this model
   * @throws IllegalArgumentException if there is no such variable, or the value is of another type
   *     or shape; the message says which
   */
  public LoadedModel setVariable(String variable, Tensor value) {
    variables.set(Arguments.given(variable, "variable"), Arguments.given(value, "value"));
    return this;
  }

  /**
   * Gives variables new initial values: the start of a part that is to be trained anew.
   *
   * @param initializer of TF-Java's, such as {@code new Glorot<>(Distribution.UNIFORM, seed)}
   * @param patterns of the names of the variables, as for {@link #variables}; at least one
   * @param <T> the type of the variables
   * @return this model
   * @throws IllegalArgumentException if no pattern is given, or one matches no variable
   */
  public <T extends TType> LoadedModel reinitialize(
      Initializer<T> initializer, String... patterns) {
    Arguments.given(initializer, "initializer");
    if (Arguments.noneNull(patterns, "patterns").length == 0) {
      throw new IllegalArgumentException(
          "reinitialize has no pattern; name the variables that lose their values");
    }
    Ops tf = GraphScope.unique(graph, "reinitialize").ops();
    Session.Runner runner = session.runner();
    for (Operand<?> variable : variables(patterns)) {
      Operand<T> typed = Reals.unchecked(variable);
      Operand<T> value = initializer.call(tf, tf.constant(typed.shape().asArray()), typed.type());
      runner.addTarget(tf.assign(typed, value));
    }
    session.initialize();
    runner.run().close();
    return this;
  }

  /**
   * Adds a training step, and gives the variables that are new, such as the optimizer's slots,
   * their initial values; all others keep theirs.
   *
   * <p>What a step that was loaded assigns beside weights and slots, the new one assigns as well,
   * if the model needs it: variables that another signature reads, as the moving averages of batch
   * normalization, and integer variables that the loss is computed from, as a count of steps. It
   * waits for the new step in place of the old one. So does what is in the collection {@code
   * update_ops} of a model of Python's TensorFlow 1 and is computed from what the loss is computed
   * from; and what a signature of TensorFlow 2 assigns beside the outputs that the loss is computed
   * from, if it is no step itself.
   *
   * @param optimizer made for this model's graph: a {@link SamOptimizer}, an {@link
   *     OrderedOptimizer}, or any other. One of TF-Java's own is put into an {@link
   *     OrderedOptimizer} if variables are {@link #notTrainable} or have a slash in their names, as
   *     Python's do
   * @param loss the loss; not the one that a signature hands out after a step
   * @return the op that runs the step
   * @throws IllegalArgumentException as the optimizer does
   * @throws IllegalStateException if a variable that the loss is computed from has no value
   */
  public Op minimize(Optimizer optimizer, Operand<?> loss) {
    Arguments.given(optimizer, "optimizer");
    Arguments.ofGraph(graph, loss, "loss");
    session.initialize();
    Upstream forward = new Upstream(loss.asOutput());
    List<Node> variables = new ArrayList<>(forward.feeding());
    variables.removeIf(node -> !node.isVariable());
    forward.refuseAfterUpdate(variables);
    requireValues(variables);
    CarriedUpdates carried =
        CarriedUpdates.find(
            graph, signaturesFor(forward), forward, variables, updateOps(forward, variables));
    Op train = UntrainedVariables.minimize(optimizer, carried.before(loss));
    Op step = carried.after(train, skipped(optimizer));
    session.initialize();
    for (Node variable : variables) {
      if (Reals.isFloating(variable.op.output(0)) && !NotTrainable.is(variable.op)) {
        trained.add(variable.name);
      }
    }
    return step;
  }

  private static Optional<Operand<TBool>> skipped(Optimizer optimizer) {
    if (optimizer instanceof SamOptimizer && ((SamOptimizer) optimizer).skipsSteps()) {
      return Optional.of(((SamOptimizer) optimizer).skipped());
    }
    if (optimizer instanceof OrderedOptimizer && ((OrderedOptimizer) optimizer).skipsSteps()) {
      return Optional.of(((OrderedOptimizer) optimizer).skipped());
    }
    return Optional.empty();
  }

  /**
   * What a graph of Python's TensorFlow 1 says is to be run with each step, and what a function of
   * TensorFlow 2 assigns besides what a loss is computed from.
   */
  private List<String> updateOps(Upstream loss, List<Node> variables) {
    var collection = bundle.metaGraphDef().getCollectionDefMap().get("update_ops");
    List<String> names = new ArrayList<>();
    if (collection != null) {
      collection.getNodeList().getValueList().forEach(op -> names.add(ModelGraph.opName(op)));
    }
    for (SignatureParts signature : parts.values()) {
      if (isIn(signature, loss)
          && signature.updates().stream().noneMatch(op -> assignsTo(op, variables))) {
        names.addAll(signature.updates());
      }
    }
    return names;
  }

  /** Those of Python's that assign do so for what is computed from them only. */
  private List<Signature> signaturesFor(Upstream loss) {
    List<Signature> found = new ArrayList<>(signatures.all());
    found.removeIf(
        signature -> {
          SignatureParts of = parts.get(signature.key());
          return of != null && !of.updates().isEmpty() && !isIn(of, loss);
        });
    return found;
  }

  private static boolean isIn(SignatureParts signature, Upstream loss) {
    return loss.inputsFirst().stream().anyMatch(node -> signature.ops().contains(node.name));
  }

  /** Whether an op assigns to one of some variables that are trained: then it is a step itself. */
  private boolean assignsTo(String op, List<Node> variables) {
    Set<GraphOperation> assigned = Assignments.of(graph.operation(op));
    return variables.stream()
        .anyMatch(
            node ->
                assigned.contains(node.op)
                    && Reals.isFloating(node.op.output(0))
                    && !NotTrainable.is(node.op));
  }

  private void requireValues(List<Node> variables) {
    if (variables.isEmpty()) {
      return; // the optimizer says so
    }
    Ops tf = GraphScope.unique(graph, "hasValue").ops();
    Session.Runner runner = session.runner();
    variables.forEach(node -> runner.fetch(tf.isVariableInitialized(node.op.output(0))));
    List<String> missing = new ArrayList<>();
    try (Result result = runner.run()) {
      for (int i = 0; i < variables.size(); i++) {
        if (!((TBool) result.get(i)).getBoolean()) {
          missing.add(variables.get(i).name);
        }
      }
    }
    if (!missing.isEmpty()) {
      throw new IllegalStateException(
          "the loss is computed from variables without a value: "
              + NamePatterns.list(missing)
              + "; restore them from a checkpoint, or set them");
    }
  }

  /**
   * Gives the variables that were added since the model was loaded, with an initializer, their
   * initial values, if they have not got them yet. All others keep theirs.
   *
   * @return this model
   */
  public LoadedModel initialize() {
    session.initialize();
    return this;
  }

  /**
   * Starts an export of this model as it is now. With {@code keep("predict")} alone it is the model
   * stripped for serving: without twin, slots and optimizer.
   *
   * @return an exporter that knows the signatures that the model was loaded with
   */
  public ModelExporter exporter() {
    return new ModelExporter(graph, session, signatures);
  }

  /**
   * Hands a model back to Python: a copy of it, byte for byte, with the values that its variables
   * have here, under the same keys. Python, Keras and TensorFlow Serving read it as they read the
   * original: all its signatures, functions, objects and assets are there.
   *
   * <p>Slots of the optimizer have no place in it. The file {@code fingerprint.pb} says that the
   * values are others, as TensorFlow would.
   *
   * @param original the SavedModel that the variables come from, as Python wrote it
   * @param target a new or an empty directory, such as the next version folder of TensorFlow
   *     Serving. The copy is written beside it and renamed, so that it is there as a whole or not
   *     at all
   * @param tags those of the graph in it that was loaded; {@link SavedModelBundle#DEFAULT_TAG} if
   *     none is given
   * @throws IOException if it cannot be written
   * @throws IllegalArgumentException if the target has something in it, or the original has no
   *     place for a variable that is trained, such as a new head: then use {@link #exporter}
   */
  public void saveInto(Path original, Path target, String... tags) throws IOException {
    saveInto(original, target, Map.of(), tags);
  }

  /**
   * The same, with other values than some variables have here: those of {@code
   * WeightAverage.values()}, for example.
   *
   * @param original as above
   * @param target as above
   * @param values as for {@link ModelExporter#values}
   * @param tags as above
   * @throws IOException as above
   * @throws IllegalArgumentException as above, and as {@link ModelExporter#values} does
   */
  public void saveInto(
      Path original,
      Path target,
      Map<? extends Operand<?>, ? extends Operand<?>> values,
      String... tags)
      throws IOException {
    Arguments.given(original, "original");
    Arguments.given(target, "target");
    Arguments.noneNull(tags, "tags");
    OtherValues others = OtherValues.of(graph, values);
    SavedModelCopy.of(original, tags).write(target, graph, variables, trained, others);
  }

  /** Closes the graph and the session. */
  @Override
  public void close() {
    bundle.close();
  }
}
