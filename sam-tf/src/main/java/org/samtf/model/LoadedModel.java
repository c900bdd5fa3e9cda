package org.samtf.model;

import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.samtf.OrderedOptimizer;
import org.samtf.SamOptimizer;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Messages;
import org.samtf.internal.graph.NamePatterns;
import org.samtf.internal.graph.Node;
import org.samtf.internal.graph.Reals;
import org.samtf.internal.graph.Upstream;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.Signature;
import org.tensorflow.Tensor;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.framework.initializers.Initializer;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
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
 *   model.exporter().keep("predict", "evaluate").step(train, step).export(Path.of("flowers-2"));
 * }
 * }</pre>
 *
 * <p>Loaded are SavedModels and GraphDefs whose variables are those of {@code tf.variable}, as
 * TensorFlow Java and the reference variables of Python's TensorFlow 1 are. Models with resource
 * variables, as Python's TensorFlow 2 and Keras write them, are refused.
 *
 * <p>Not safe for use by several threads while it is changed; running the graph is.
 */
public final class LoadedModel implements AutoCloseable {

  private static final int FIELD_META_GRAPHS = 2;
  private static final int FIELD_META_INFO = 1;
  private static final int FIELD_GRAPH_DEF = 2;
  private static final int FIELD_TAGS = 4;

  private final SavedModelBundle bundle;
  private final Graph graph;
  private final Session session;
  private final Signatures signatures;

  /** How a variable is set: where its value is fed, and what to run then. */
  private static final class Setter {
    final Placeholder<? extends TType> feed;
    final Op assign;

    Setter(Placeholder<? extends TType> feed, Op assign) {
      this.feed = feed;
      this.assign = assign;
    }
  }

  private final Map<String, Setter> setters = new LinkedHashMap<>();

  private LoadedModel(SavedModelBundle bundle, String name) {
    this.bundle = bundle;
    this.graph = bundle.graph();
    this.session = bundle.session();
    this.signatures = new Signatures(bundle.signatures());
    SavedState.refuseResourceVariables(name, graph);
  }

  /**
   * Loads a SavedModel.
   *
   * @param directory its directory
   * @param tags those of the graph in it; {@link SavedModelBundle#DEFAULT_TAG} if none is given
   * @return the model, with the values of its variables
   * @throws IllegalArgumentException if it cannot be loaded, or has resource variables; the message
   *     says what to do
   */
  public static LoadedModel load(Path directory, String... tags) {
    if (!Files.isRegularFile(directory.resolve("saved_model.pb"))) {
      throw new IllegalArgumentException(
          "model " + directory + " has no saved_model.pb; give the directory of a SavedModel");
    }
    LoadedModel model = load("model " + directory, directory, tags);
    // TensorFlow loads a model without its variables silently, and fails when they are first read.
    if (!VariableValues.of(model.graph).isEmpty()
        && !Files.isRegularFile(directory.resolve("variables/variables.index"))) {
      model.close();
      throw new IllegalArgumentException(
          "model "
              + directory
              + " has variables, but no variables/variables.index; give the whole SavedModel");
    }
    return model;
  }

  /**
   * Takes a model that was loaded with settings of its own, such as those of the session.
   *
   * @param bundle the model; it is closed with what is returned
   * @return the model, with the values of its variables
   * @throws IllegalArgumentException if it has resource variables; then it is not closed
   */
  public static LoadedModel of(SavedModelBundle bundle) {
    return new LoadedModel(bundle, "the model");
  }

  /**
   * Loads a GraphDef. Its variables, if it has any, have no values yet: {@link #restore} them from
   * a checkpoint, or {@link #set} them. Its initializers are not run.
   *
   * @param file a GraphDef in binary form
   * @return the model; it has no signatures
   * @throws IOException if the file cannot be read
   * @throws IllegalArgumentException if it is no GraphDef, or has resource variables
   */
  public static LoadedModel loadGraphDef(Path file) throws IOException {
    // As a SavedModel without variables: TF-Java's import would take each op whose name starts with
    // "Init" for an initializer, and run it before the first step, over what was restored.
    Path directory = Files.createTempDirectory("samtf-graph");
    Path savedModel = directory.resolve("saved_model.pb");
    try {
      Files.write(savedModel, asSavedModel(Files.readAllBytes(file)));
      return load("GraphDef " + file, directory);
    } finally {
      Files.deleteIfExists(savedModel);
      Files.delete(directory);
    }
  }

  private static LoadedModel load(String name, Path directory, String... tags) {
    String[] tagsOrDefault = tags.length == 0 ? new String[] {SavedModelBundle.DEFAULT_TAG} : tags;
    SavedModelBundle bundle;
    try {
      bundle = SavedModelBundle.load(directory.toString(), tagsOrDefault);
    } catch (TensorFlowException | IllegalArgumentException e) {
      throw new IllegalArgumentException(name + " cannot be loaded: " + Messages.firstLine(e), e);
    }
    try {
      return new LoadedModel(bundle, name);
    } catch (RuntimeException e) {
      bundle.close();
      throw e;
    }
  }

  /** The message {@code SavedModel {meta_graphs {meta_info_def {tags} graph_def}}}. */
  private static byte[] asSavedModel(byte[] graphDef) throws IOException {
    byte[] info = message(out -> out.writeString(FIELD_TAGS, SavedModelBundle.DEFAULT_TAG));
    byte[] metaGraph =
        message(
            out -> {
              out.writeByteArray(FIELD_META_INFO, info);
              out.writeByteArray(FIELD_GRAPH_DEF, graphDef);
            });
    return message(out -> out.writeByteArray(FIELD_META_GRAPHS, metaGraph));
  }

  private interface Fields {
    void write(CodedOutputStream out) throws IOException;
  }

  private static byte[] message(Fields fields) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    fields.write(out);
    out.flush();
    return bytes.toByteArray();
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
   * An output, by signature.
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
   * A tensor, by its name in the graph, such as a loss that is in no signature.
   *
   * @param name {@code scope/op}, or {@code scope/op:1} for an output other than the first
   * @return the tensor
   * @throws IllegalArgumentException if there is none; the message lists some that are
   */
  public Operand<?> tensor(String name) {
    String opName = ModelGraph.opName(name);
    GraphOperation op = graph.operation(opName);
    String index = name.length() > opName.length() ? name.substring(opName.length() + 1) : "0";
    if (op != null && index.matches("\\d{1,9}") && Integer.parseInt(index) < op.numOutputs()) {
      return op.output(Integer.parseInt(index));
    }
    if (op != null) {
      throw new IllegalArgumentException(
          "there is no tensor \""
              + name
              + "\"; op \""
              + opName
              + "\" ("
              + op.type()
              + ") has "
              + op.numOutputs()
              + " outputs");
    }
    throw new IllegalArgumentException(
        "there is no tensor \"" + name + "\"; there are " + NamePatterns.list(similar(opName)));
  }

  /** Ops with a part of the name in theirs; or else those that nothing reads, as losses are. */
  private List<String> similar(String name) {
    String last = name.substring(name.lastIndexOf('/') + 1).toLowerCase(Locale.ROOT);
    List<String> similar = new ArrayList<>();
    List<String> ends = new ArrayList<>();
    graph
        .operations()
        .forEachRemaining(
            op -> {
              if (op.numOutputs() > 0) {
                if (!last.isEmpty() && op.name().toLowerCase(Locale.ROOT).contains(last)) {
                  similar.add(op.name());
                } else if (op.numConsumers(0) == 0) {
                  ends.add(op.name());
                }
              }
            });
    return similar.isEmpty() ? ends : similar;
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
    Map<String, Output<?>> all = VariableValues.of(graph);
    if (patterns.length == 0) {
      return new ArrayList<>(all.values());
    }
    List<Operand<?>> variables = new ArrayList<>();
    NamePatterns.matching("variables", Arrays.asList(patterns), all.keySet())
        .forEach(name -> variables.add(all.get(name)));
    return variables;
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
    Path index = checkpoint.resolveSibling(checkpoint.getFileName() + ".index");
    if (!Files.isRegularFile(index)) {
      throw new IllegalArgumentException(
          "there is no checkpoint " + checkpoint + ": " + index + " is missing");
    }
    Map<String, Output<?>> wanted = new LinkedHashMap<>();
    variables(patterns).forEach(v -> wanted.put(v.asOutput().op().name(), v.asOutput()));
    if (wanted.isEmpty()) {
      throw new IllegalArgumentException("the graph has no variable to restore");
    }
    try (Result values = fromCheckpoint(checkpoint, wanted)) {
      Map<String, Tensor> byName = new LinkedHashMap<>();
      int next = 0;
      for (String name : wanted.keySet()) {
        byName.put(name, values.get(next++));
      }
      setAll(byName);
    }
    return this;
  }

  private static Result fromCheckpoint(Path checkpoint, Map<String, Output<?>> wanted) {
    try {
      return VariableValues.fromCheckpoint(checkpoint, wanted);
    } catch (TensorFlowException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "checkpoint " + checkpoint + " cannot be restored: " + Messages.firstLine(e), e);
    }
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
  public LoadedModel set(String variable, Tensor value) {
    setAll(Map.of(variable, value));
    return this;
  }

  private void setAll(Map<String, Tensor> values) {
    Session.Runner runner = session.runner();
    values.forEach(
        (name, value) -> {
          Setter setter = setters.computeIfAbsent(name, this::setter);
          if (!setter.feed.shape().isCompatibleWith(value.shape())
              || setter.feed.asOutput().dataType() != value.dataType()) {
            throw new IllegalArgumentException(
                "variable \""
                    + name
                    + "\" is of "
                    + setter.feed.type().getSimpleName()
                    + " and shape "
                    + setter.feed.shape()
                    + "; the value is "
                    + value.dataType()
                    + " of shape "
                    + value.shape());
          }
          runner.feed(setter.feed, value).addTarget(setter.assign);
        });
    session.initialize();
    runner.run().close();
  }

  private Setter setter(String name) {
    Output<?> variable = VariableValues.of(graph).get(name);
    if (variable == null) {
      throw new IllegalArgumentException(
          "there is no variable \""
              + name
              + "\"; there are "
              + NamePatterns.list(VariableValues.of(graph).keySet()));
    }
    Ops tf = GraphScope.unique(graph, "set").ops();
    Placeholder<? extends TType> feed =
        tf.placeholder(variable.type(), Placeholder.shape(variable.shape()));
    return new Setter(feed, tf.assign(Reals.unchecked(variable), Reals.unchecked(feed)));
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
    if (patterns.length == 0) {
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
   * waits for the new step in place of the old one.
   *
   * @param optimizer made for this model's graph: a {@link SamOptimizer}, an {@link
   *     OrderedOptimizer}, or any other
   * @param loss the loss; not the one that a signature hands out after a step
   * @return the op that runs the step
   * @throws IllegalArgumentException as the optimizer does
   * @throws IllegalStateException if a variable that the loss is computed from has no value
   */
  public Op minimize(Optimizer optimizer, Operand<?> loss) {
    graph.checkInput(loss);
    session.initialize();
    Upstream forward = new Upstream(loss.asOutput());
    List<Node> variables = new ArrayList<>(forward.feeding());
    variables.removeIf(node -> !node.isVariable());
    forward.refuseAfterUpdate(variables);
    requireValues(variables);
    CarriedUpdates carried = CarriedUpdates.find(graph, signatures.all(), variables);
    Op step = carried.after(optimizer.minimize(carried.before(loss)));
    session.initialize();
    return step;
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

  /** Closes the graph and the session. */
  @Override
  public void close() {
    bundle.close();
  }
}
