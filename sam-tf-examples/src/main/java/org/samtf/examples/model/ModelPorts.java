package org.samtf.examples.model;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.samtf.examples.failure.InputException;
import org.samtf.examples.failure.OneLine;
import org.samtf.model.LoadedModel;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Signature;
import org.tensorflow.types.TBfloat16;
import org.tensorflow.types.TFloat16;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.family.TNumber;

/**
 * Where a classifier that was loaded takes images, and where it says what it sees.
 *
 * @param signature the signature that is trained; empty for a graph without any
 * @param inputKey the name of the input in the signature
 * @param input where images are fed
 * @param outputKey the name of the output in the signature
 * @param scores what the classes are told by
 */
record ModelPorts(
    Optional<Signature> signature,
    String inputKey,
    Operand<?> input,
    String outputKey,
    Scores scores) {

  /** The key that Python and TensorFlow Serving have for the signature to call. */
  static final String USUAL_SIGNATURE = "serving_default";

  /** What follows the key of a signature in that of the same in training mode. */
  private static final String TRAINING = "/training";

  private static final Set<Class<?>> FLOATING =
      Set.of(TFloat16.class, TBfloat16.class, TFloat32.class, TFloat64.class);

  /** They hand on what they get, or the same in another type. */
  private static final Set<String> HANDS_ON =
      Set.of("Identity", "IdentityN", "Cast", "StopGradient", "Snapshot", "PreventGradient");

  /** What a last layer without an activation ends with. */
  private static final Set<String> LINEAR =
      Set.of("BiasAdd", "Add", "AddV2", "MatMul", "BatchMatMulV2", "Einsum", "Conv2D");

  /** They are linear if what they get is. */
  private static final Set<String> LINEAR_BEHIND = Set.of("Reshape", "Squeeze", "Mean");

  /** What the last layer may end with; a new head is without. */
  private static final Set<String> ACTIVATIONS = Set.of("Sigmoid", "Tanh", "Relu", "Exp");

  private static final Set<String> SOFTMAX = Set.of("Softmax", "LogSoftmax");

  /**
   * What the classes are told by.
   *
   * @param name what to call them in messages
   * @param logits before the softmax
   * @param isSoftmax whether the output is a softmax of them
   */
  record Scores(String name, Operand<? extends TNumber> logits, boolean isSoftmax) {}

  /**
   * Finds the parts of a model.
   *
   * @throws InputException if one is not to be found; the message says what there is
   */
  static ModelPorts of(LoadedModel model, Pretrained settings) {
    if (model.signatures().isEmpty()) {
      return ofGraph(model, settings);
    }
    Signature signature = signature(model, settings);
    String key = signature.key();
    String input = only("input", "--input", settings.input(), signature, signature.inputNames());
    String output =
        only("output", "--output", settings.output(), signature, floatingOutputs(model, signature));
    Operand<?> output0 = model.output(key, output);
    return new ModelPorts(
        Optional.of(signature),
        input,
        model.input(key, input),
        output,
        scores(model, settings, "output \"" + output + "\"", output0));
  }

  private static Signature signature(LoadedModel model, Pretrained settings) {
    Collection<Signature> all = model.signatures();
    Set<String> keys = new TreeSet<>();
    all.forEach(signature -> keys.add(signature.key()));
    // Not to be chosen without being named: it belongs to the other.
    keys.removeIf(
        key -> key.endsWith(TRAINING) && keys.contains(key.replaceAll(TRAINING + "$", "")));
    String key =
        settings.signature().orElse(keys.size() == 1 ? keys.iterator().next() : USUAL_SIGNATURE);
    return all.stream()
        .filter(signature -> signature.key().equals(key))
        .findFirst()
        .orElseThrow(
            () ->
                new InputException(
                    settings.name()
                        + " has no signature '"
                        + OneLine.of(key)
                        + "'"
                        + (model.signaturesLeftOut().containsKey(key)
                            ? " (left out: " + OneLine.of(model.signaturesLeftOut().get(key)) + ")"
                            : ""),
                    OneLine.of(String.join(", ", keys)),
                    "name one of them by --signature"));
  }

  private static List<String> floatingOutputs(LoadedModel model, Signature signature) {
    List<String> names = new ArrayList<>();
    for (String name : signature.outputNames()) {
      if (FLOATING.contains(model.output(signature.key(), name).type())) {
        names.add(name);
      }
    }
    return names;
  }

  private static String only(
      String what,
      String option,
      Optional<String> given,
      Signature signature,
      Collection<String> found) {
    Set<String> names = new TreeSet<>(found);
    if (given.isPresent() ? names.contains(given.get()) : names.size() == 1) {
      return given.orElseGet(() -> names.iterator().next());
    }
    throw new InputException(
        "signature '"
            + OneLine.of(signature.key())
            + "' has "
            + given
                .map(name -> "no " + what + " '" + name + "'")
                .orElse(names.size() + " " + what + "s"),
        names.isEmpty() ? "one " + what : OneLine.of(String.join(", ", names)),
        "name one of them by " + option + ", or another --signature");
  }

  private static ModelPorts ofGraph(LoadedModel model, Pretrained settings) {
    if (settings.signature().isPresent()) {
      throw new InputException(
          "--signature is given, and " + settings.name() + " has none",
          "--input and --output",
          "leave it out");
    }
    Operand<?> input =
        settings.input().isPresent()
            ? tensor(model, settings.input().get())
            : only("input", "--input", settings, placeholders(model)).output(0);
    // Named logits need no output.
    if (settings.logits().isPresent() && settings.output().isEmpty()) {
      String logits = settings.logits().get();
      return new ModelPorts(
          Optional.empty(),
          input.op().name(),
          input,
          "logits",
          scores(model, settings, logits, tensor(model, logits)));
    }
    Operand<?> output =
        settings.output().isPresent()
            ? tensor(model, settings.output().get())
            : only("output", "--output", settings, sinks(model)).output(0);
    String name = output.op().name();
    return new ModelPorts(
        Optional.empty(),
        input.op().name(),
        input,
        name,
        scores(model, settings, "output \"" + OneLine.of(name) + "\"", output));
  }

  private static GraphOperation only(
      String what, String option, Pretrained settings, List<GraphOperation> found) {
    if (found.size() == 1) {
      return found.get(0);
    }
    List<String> names = new ArrayList<>();
    found.forEach(op -> names.add(op.name()));
    throw new InputException(
        settings.name() + " has " + found.size() + " tensors that may be its " + what,
        names.isEmpty()
            ? "one"
            : OneLine.of(String.join(", ", names.subList(0, Math.min(5, names.size())))),
        "name one by " + option);
  }

  private static List<GraphOperation> placeholders(LoadedModel model) {
    List<GraphOperation> found = new ArrayList<>();
    for (Iterator<GraphOperation> ops = model.graph().operations(); ops.hasNext(); ) {
      GraphOperation op = ops.next();
      if (op.type().equals("Placeholder")) {
        found.add(op);
      }
    }
    return found;
  }

  /** What is computed and not used any further. */
  private static List<GraphOperation> sinks(LoadedModel model) {
    List<GraphOperation> found = new ArrayList<>();
    for (Iterator<GraphOperation> ops = model.graph().operations(); ops.hasNext(); ) {
      GraphOperation op = ops.next();
      if (op.numOutputs() == 1
          && op.numInputs() > 0
          && op.numConsumers() == 0
          && !op.type().startsWith("Assign")
          && FLOATING.contains(op.output(0).type())) {
        found.add(op);
      }
    }
    return found;
  }

  private static Operand<?> tensor(LoadedModel model, String name) {
    try {
      return model.tensor(name);
    } catch (IllegalArgumentException e) {
      throw new InputException(
          OneLine.of(String.valueOf(e.getMessage())), "the name of a tensor", "correct it");
    }
  }

  /**
   * Finds the logits: they are named, or what the output is the softmax of, or an output that a
   * layer without an activation ends with. All else may be probabilities or anything.
   */
  private static Scores scores(
      LoadedModel model, Pretrained settings, String name, Operand<?> output) {
    GraphOperation end = behindIdentities(output.asOutput());
    boolean isSoftmax = SOFTMAX.contains(end.type());
    if (settings.logits().isPresent()) {
      String logits = settings.logits().get();
      return new Scores("logits \"" + logits + "\"", number(tensor(model, logits)), isSoftmax);
    }
    if (isSoftmax) {
      return new Scores("the logits of " + name, number(end.input(0)), true);
    }
    if (!isLinear(end) && settings.head().isEmpty()) {
      throw new InputException(
          name
              + " of "
              + settings.name()
              + " comes from \""
              + OneLine.of(end.name())
              + "\" ("
              + end.type()
              + "), which does not say whether it is logits",
          "a softmax, or a layer without an activation",
          "name the logits by --logits TENSOR, or add --new-head");
    }
    return new Scores(name, number(output), false);
  }

  private static GraphOperation behindIdentities(Output<?> output) {
    GraphOperation op = (GraphOperation) output.op();
    int index = output.index();
    while (HANDS_ON.contains(op.type())) {
      Output<?> input = op.input(index);
      index = input.index();
      op = (GraphOperation) input.op();
    }
    return op;
  }

  private static boolean isLinear(GraphOperation op) {
    GraphOperation at = op;
    while (LINEAR_BEHIND.contains(at.type())) {
      at = behindIdentities(at.input(0));
    }
    return LINEAR.contains(at.type());
  }

  @SuppressWarnings("unchecked")
  private static Operand<? extends TNumber> number(Operand<?> operand) {
    if (!FLOATING.contains(operand.type())) {
      throw new InputException(
          "\"" + operand.op().name() + "\" is no tensor of floating-point numbers",
          "logits or features",
          "name another tensor");
    }
    return (Operand<? extends TNumber>) operand;
  }

  /**
   * The same as traced in training mode.
   *
   * @return it, or why it cannot be had
   */
  InTraining inTraining(LoadedModel model, Pretrained settings) {
    if (settings.trainingMode() == Pretrained.TrainingMode.OFF) {
      return InTraining.without("as asked for");
    }
    String key = signature.map(Signature::key).orElse("") + TRAINING;
    Optional<Signature> traced =
        model.signatures().stream().filter(s -> s.key().equals(key)).findFirst();
    if (traced.isEmpty()) {
      String leftOut = model.signaturesLeftOut().get(key);
      return InTraining.without(
          leftOut == null
              ? "the model holds no function that was traced with training=True"
              : OneLine.of(key) + " is left out (" + OneLine.of(leftOut) + ")");
    }
    if (settings.logits().isPresent()) {
      return InTraining.without("--logits names a tensor of the signature itself");
    }
    if (settings.head().flatMap(Pretrained.NewHead::features).isPresent()) {
      return InTraining.without("--new-head names a tensor of the signature itself");
    }
    if (!traced.get().outputNames().contains(outputKey)
        || !traced.get().inputNames().contains(inputKey)
        || !model.input(key, inputKey).equals(input)) {
      return InTraining.without(OneLine.of(key) + " has other inputs or outputs");
    }
    Scores there =
        scores(model, settings, "output \"" + outputKey + "\"", model.output(key, outputKey));
    return new InTraining(
        "on, " + OneLine.of(key),
        Optional.of(new ModelPorts(traced, inputKey, input, outputKey, there)));
  }

  /**
   * What is trained.
   *
   * @param inWords whether it is in training mode
   * @param ports the parts that are; empty for those of the signature itself
   */
  record InTraining(String inWords, Optional<ModelPorts> ports) {
    private static InTraining without(String why) {
      return new InTraining("off, " + why, Optional.empty());
    }
  }

  /** The input, in messages. */
  String inputName() {
    return "input \"" + OneLine.of(inputKey) + "\"";
  }

  boolean isSoftmax() {
    return scores.isSoftmax();
  }

  /** What a new last layer goes on: what is named, or what the old one multiplies its kernel by. */
  Operand<? extends TNumber> features(LoadedModel model, Pretrained.NewHead head) {
    if (head.features().isPresent()) {
      return number(tensor(model, head.features().get()));
    }
    GraphOperation at = behindIdentities(scores.logits().asOutput());
    if (ACTIVATIONS.contains(at.type())) {
      at = behindIdentities(at.input(0));
    }
    while (Set.of("BiasAdd", "Add", "AddV2").contains(at.type())) {
      GraphOperation first = behindIdentities(at.input(0));
      at = first.type().equals("MatMul") ? first : behindIdentities(at.input(1));
    }
    if (!at.type().equals("MatMul")) {
      throw new InputException(
          "the last layer ends with \"" + OneLine.of(at.name()) + "\" (" + at.type() + ")",
          "a matrix product, whose input a new head could go on",
          "name a tensor by --new-head TENSOR");
    }
    return number(at.input(0));
  }
}
