package org.samtf.examples.model;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.samtf.SamOptimizer;
import org.samtf.examples.data.DataSet;
import org.samtf.examples.data.ImageFormat;
import org.samtf.examples.failure.InputException;
import org.samtf.examples.failure.OneLine;
import org.samtf.model.LoadedModel;
import org.samtf.model.ModelExporter;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.Signature;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TNumber;

/**
 * A network that was loaded from a file: with the last layer that it has, or with a new one.
 *
 * <p>What is trained is what Python traced in training mode, if the model has that. Else it is
 * trained as it infers: without dropout, and with its moving averages.
 */
final class LoadedNetwork implements Network {

  private final LoadedModel model;
  private final Pretrained settings;
  private final ModelPorts ports;
  private final Ops tf;
  private final Variables variables;
  private final Draws draws;
  private final ImageFormat format;
  private final Placeholder<TInt32> labels;
  private final Operand<TFloat32> logits;
  private final Classification inference;
  private final ModelPorts.InTraining inTraining;
  private final Operand<TFloat32> trainingLogits;
  private final Operand<TFloat32> loss;

  /**
   * Adds to a model what training needs.
   *
   * @param model the model
   * @param settings which parts of it are meant
   * @param data what it is for
   * @param seed of a new head
   * @throws InputException if the model is not for such data, or the parts are not to be found
   */
  LoadedNetwork(LoadedModel model, Pretrained settings, DataSet data, long seed) {
    this.model = model;
    this.settings = settings;
    ports = ModelPorts.of(model, settings);
    format =
        ImageFormat.fitted(
            ports.inputName(),
            ports.input().shape(),
            ports.input().type(),
            data.name(),
            data.shape(),
            settings.pixels());
    Graph graph = model.graph();
    tf = Ops.create(graph).withSubScope("fine_tuning");
    variables = new Variables(graph, seed);
    draws = new Draws(tf, variables, seed);
    labels =
        tf.withName("labels")
            .placeholder(TInt32.class, Placeholder.shape(Shape.of(Shape.UNKNOWN_SIZE)));
    inTraining = ports.inTraining(model, settings);
    if (inTraining.ports().isEmpty() && settings.trainingMode() == Pretrained.TrainingMode.ON) {
      throw new InputException(
          "--training-mode is on for " + settings.name() + ", and would be " + inTraining.inWords(),
          "a model, and options, that it goes with",
          "leave it out");
    }
    if (settings.head().isPresent()) {
      Pretrained.NewHead head = settings.head().get();
      NewHead made = new NewHead(ports.features(model, head), data.classes());
      logits = made.on("logits", ports.features(model, head));
      trainingLogits =
          inTraining
              .ports()
              .map(there -> made.on("training_logits", there.features(model, head)))
              .orElse(logits);
    } else {
      logits = oldHead(ports, data);
      trainingLogits = inTraining.ports().map(there -> oldHead(there, data)).orElse(logits);
    }
    requireNothingElseFed(logits);
    requireNothingElseFed(trainingLogits);
    inference = Classification.of(tf, logits, labels, data.classes());
    loss =
        inTraining.ports().isEmpty()
            ? inference.loss()
            : Classification.loss(
                tf.withSubScope("training"), trainingLogits, labels, data.classes());
    variables.initialize(model.session());
  }

  private Operand<TFloat32> oldHead(ModelPorts of, DataSet data) {
    Operand<? extends TNumber> scores = of.scores().logits();
    Shape shape = scores.shape();
    if (shape.numDimensions() != 2 || shape.get(1) != data.classes()) {
      throw new InputException(
          ports.scores().name()
              + " of "
              + settings.name()
              + " have shape "
              + shape
              + ", and "
              + data.name()
              + " has "
              + data.classes()
              + " classes",
          Shape.of(Shape.UNKNOWN_SIZE, data.classes()).toString(),
          "add --new-head, or name others by --output or --logits");
    }
    return tf.dtypes.cast(scores, TFloat32.class);
  }

  /** A last layer, which both passes have. */
  private final class NewHead {
    private final Variable<TFloat32> kernel;
    private final Variable<TFloat32> bias;

    NewHead(Operand<? extends TNumber> features, int classes) {
      int axes = features.shape().numDimensions();
      long size = axes == 2 || axes == 4 ? features.shape().get(axes - 1) : Shape.UNKNOWN_SIZE;
      if (size == Shape.UNKNOWN_SIZE) {
        throw new InputException(
            "features \"" + features.op().name() + "\" have shape " + features.shape(),
            "[-1, units] or [-1, height, width, channels], the last one known",
            "name another tensor by --new-head TENSOR");
      }
      kernel = variables.kernel("head", Shape.of(size, classes));
      bias = variables.vector("head", "bias", classes, 0);
    }

    Operand<TFloat32> on(String name, Operand<? extends TNumber> features) {
      Operand<TFloat32> input = tf.dtypes.cast(features, TFloat32.class);
      if (input.shape().numDimensions() == 4) {
        input = tf.math.mean(input, tf.constant(new int[] {1, 2}));
      }
      return tf.withName(name).nn.biasAdd(tf.linalg.matMul(input, kernel), bias);
    }
  }

  /** A data set has images and labels, and nothing for another placeholder. */
  private void requireNothingElseFed(Operand<?> output) {
    Set<GraphOperation> behind = behind(output);
    for (GraphOperation op : behind) {
      if (op.type().equals("Placeholder") && !op.equals(ports.input().op())) {
        throw new InputException(
            settings.name() + " also needs to be fed \"" + op.name() + "\"",
            "a model that needs images only",
            "export it without that input");
      }
    }
    if (!behind.contains(ports.input().op())) {
      throw new InputException(
          settings.name() + " does not compute its output from " + ports.inputName(),
          "an output that depends on the images",
          "name others by --input and --output");
    }
  }

  /** What an output is computed from, as far as the images. */
  private Set<GraphOperation> behind(Operand<?> output) {
    Deque<GraphOperation> todo = new ArrayDeque<>(List.of((GraphOperation) output.op()));
    Set<GraphOperation> seen = new LinkedHashSet<>(todo);
    while (!todo.isEmpty()) {
      GraphOperation op = todo.pop();
      if (!op.equals(ports.input().op())) {
        op.inputs().forEach(input -> add((GraphOperation) input.op(), seen, todo));
        op.controlInputs().forEach(input -> add(input, seen, todo));
      }
    }
    return seen;
  }

  private static void add(GraphOperation op, Set<GraphOperation> seen, Deque<GraphOperation> todo) {
    if (seen.add(op)) {
      todo.push(op);
    }
  }

  @Override
  public Operand<?> images() {
    return ports.input();
  }

  @Override
  public ImageFormat format() {
    return format;
  }

  @Override
  public Operand<TInt32> labels() {
    return labels;
  }

  @Override
  public Operand<?>[] batchInputs() {
    return new Operand<?>[] {ports.input(), labels};
  }

  @Override
  public Operand<TInt64> drawSeed(String purpose) {
    return draws.seed(tf.withSubScope("draws"), purpose);
  }

  @Override
  public Operand<TFloat32> loss() {
    return loss;
  }

  @Override
  public Operand<TFloat32> logits() {
    return trainingLogits;
  }

  @Override
  public Optional<String> trainingMode() {
    return Optional.of(inTraining.inWords());
  }

  /** Whoever reads the averages of the weights reads moving averages that are of others. */
  @Override
  public void requireNoMovingAverages() {
    Set<GraphOperation> kept = new HashSet<>();
    model.notTrainable().forEach(variable -> kept.add((GraphOperation) variable.op()));
    kept.retainAll(behind(logits));
    if (inTraining.ports().isPresent() && !kept.isEmpty()) {
      throw new InputException(
          "--average is given for "
              + settings.name()
              + ", and each step in training mode moves \""
              + OneLine.of(kept.iterator().next().name())
              + "\", which would be of other weights",
          "one of the two",
          "add --training-mode off, or leave --average out");
    }
  }

  @Override
  public Operand<TFloat32> inferenceLoss() {
    return inference.loss();
  }

  @Override
  public Operand<TFloat32> probabilities() {
    return inference.probabilities();
  }

  @Override
  public Operand<TInt64> predictedClass() {
    return inference.predictedClass();
  }

  @Override
  public Operand<TInt32> correct() {
    return inference.correct();
  }

  /** The model completes the step with what it wants to be assigned with each. */
  @Override
  public Op minimize(Optimizer optimizer, Operand<TFloat32> minimized) {
    return model.minimize(optimizer, minimized);
  }

  @Override
  public Op step(Op train) {
    List<Op> all = new ArrayList<>(List.of(train));
    draws.advance(train).ifPresent(all::add);
    return tf.withName("step").withControlDependencies(all).noOp();
  }

  @Override
  public Op step(Op train, SamOptimizer sam) {
    return step(train);
  }

  @Override
  public Op step(
      Op train,
      Function<Operand<TFloat32>, List<Operand<TFloat32>>> asTheStepHasIt,
      Optional<Operand<TBool>> skipped) {
    return step(train);
  }

  @Override
  public void initialize(Session session) {
    variables.initialize(session);
  }

  /** What the model was asked for by before stays, with the trained weights. */
  @Override
  public ModelExporter exporter(Graph graph, Session session, Set<String> taken) {
    ModelExporter exporter = model.exporter();
    Optional<Signature> signature = ports.signature();
    String key = signature.map(Signature::key).orElse(ModelPorts.USUAL_SIGNATURE);
    if (taken.contains(key)) {
      return exporter;
    }
    if (settings.head().isEmpty() && signature.isPresent()) {
      return exporter.keep(key);
    }
    return exporter.signature(
        Signature.builder(key)
            .input(ports.inputKey(), ports.input())
            .output(ports.outputKey(), ports.isSoftmax() ? probabilities() : logits)
            .build());
  }

  @Override
  public void handBack(Path target, Map<Operand<?>, Operand<?>> values) throws IOException {
    model.saveInto(
        Path.of(settings.path()), target, values, settings.tags().toArray(new String[0]));
  }
}
