package org.samtf;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Messages;
import org.samtf.internal.graph.NamePatterns;
import org.samtf.internal.graph.Node;
import org.samtf.internal.graph.OpKinds;
import org.samtf.internal.graph.Reals;
import org.samtf.internal.graph.Upstream;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.types.family.TType;

/** The variables that a loss is minimised over, with the gradient of the loss in each. */
final class Trainables {

  private static final String REFUSED_AS_REF =
      "takes variable \"%s\" itself, and TensorFlow's gradient of %s cannot handle that; read the"
          + " variable through tf.identity";

  /** A variable and the gradient of the loss in it. */
  static final class Trainable {
    final Node node;
    final Output<?> variable;
    final Output<?> gradient;

    private Trainable(Node node, Output<?> gradient) {
      this.node = node;
      this.variable = node.op.output(0);
      this.gradient = gradient;
    }
  }

  private Trainables() {}

  /**
   * Finds the variables and adds the ops that compute the gradients.
   *
   * @param wanted the variables to train, or null for every one that the loss reaches
   * @param freeze patterns of the names of those to leave out
   * @param scope where the gradient ops go; if it has a device, they are on it
   * @param narrowMatMuls whether {@link NarrowMatMuls} are wanted
   * @param reads how variables are read on a device
   * @throws IllegalArgumentException if there is nothing to train, or a variable that cannot be
   */
  static List<Trainable> of(
      Replica replica,
      Collection<? extends Operand<?>> wanted,
      List<String> freeze,
      GraphScope scope,
      boolean narrowMatMuls,
      DeviceReads reads) {
    Upstream forward = replica.forward;
    requireReal(replica.loss);
    List<Node> variables = wanted == null ? reached(forward) : named(forward, wanted);
    leaveOut(variables, freeze);
    forward.refuseAfterUpdate(variables);
    refuseRefs(forward, variables);

    Output<?>[] xs = variables.stream().map(node -> node.op.output(0)).toArray(Output<?>[]::new);
    Output<?>[] gradients =
        gradients(replica.loss, xs, scope, narrowMatMuls && NarrowMatMuls.areIn(forward), reads);

    List<Trainable> trainables = new ArrayList<>();
    for (int i = 0; i < xs.length; i++) {
      if (!gradients[i].isClosed()) {
        trainables.add(new Trainable(variables.get(i), gradients[i]));
      } else if (wanted != null) {
        throw new IllegalArgumentException(
            "variable \""
                + variables.get(i).name
                + "\" is to be trained, but no gradient flows to it from loss \""
                + forward.last().name
                + "\"; leave it out");
      }
    }
    if (trainables.isEmpty()) {
      throw withoutVariables(forward);
    }
    return trainables;
  }

  /**
   * Adds the ops that compute the gradients of {@code loss}.
   *
   * @param narrowMatMuls whether to look for {@link NarrowMatMuls}
   * @param reads how variables are read on a device
   * @return a gradient for each of {@code xs}, closed where none flows
   * @throws IllegalArgumentException if TensorFlow has no gradient of an op on the way
   */
  static Output<?>[] gradients(
      Output<?> loss, Output<?>[] xs, GraphScope scope, boolean narrowMatMuls, DeviceReads reads) {
    String prefix = scope.path() + "/gradients";
    try {
      Output<?>[] gradients = scope.env().addGradients(prefix, new Output<?>[] {loss}, xs, null);
      return GradientRewriter.rewrite(gradients, prefix + "/", scope, narrowMatMuls, reads);
    } catch (TensorFlowException | IllegalArgumentException e) {
      String message = Messages.firstLine(e);
      String hint = "";
      if (message.contains("SparseSoftmaxCrossEntropyWithLogits")) {
        hint = "; use softmaxCrossEntropyWithLogits with one-hot labels";
      } else if (message.contains("reference type")) {
        hint = "; read the variable through tf.identity";
      }
      throw new IllegalArgumentException(
          "loss \"" + loss.op().name() + "\" cannot be differentiated: " + message + hint, e);
    }
  }

  private static void requireReal(Output<?> loss) {
    if (!Reals.isFloating(loss)) {
      throw new IllegalArgumentException(
          "loss \""
              + loss.op().name()
              + "\" has type "
              + loss.type().getSimpleName()
              + "; a loss is TFloat32, TFloat64, TFloat16 or TBfloat16");
    }
  }

  private static List<Node> reached(Upstream forward) {
    List<Node> variables = new ArrayList<>();
    for (Node node : forward.feeding()) {
      if (node.isVariable() && Reals.isFloating(node.op.output(0))) {
        variables.add(node);
      } else if (OpKinds.isOtherVariable(node.type)) {
        throw new IllegalArgumentException(
            "loss \""
                + forward.last().name
                + "\" reaches variable \""
                + node.name
                + "\", a "
                + node.type
                + ", which TF-Java's optimizers do not update; make it with tf.variable, or name the"
                + " variables to train with trainable(...) to leave this one as it is");
      }
    }
    if (variables.isEmpty()) {
      throw withoutVariables(forward);
    }
    return variables;
  }

  private static List<Node> named(Upstream forward, Collection<? extends Operand<?>> wanted) {
    Map<Object, Node> reached = new LinkedHashMap<>();
    for (Node node : forward.feeding()) {
      reached.put(node.op, node);
    }
    List<Node> variables = new ArrayList<>();
    for (Operand<?> operand : wanted) {
      Output<? extends TType> output = operand.asOutput();
      Node node = reached.get(output.op());
      if (!OpKinds.isVariable(output.op().type()) || !Reals.isFloating(output)) {
        throw new IllegalArgumentException(
            "trainable has \""
                + output.op().name()
                + "\", a "
                + output.op().type()
                + " of "
                + output.type().getSimpleName()
                + "; trained can be what tf.variable makes, of a floating-point type");
      }
      if (node == null) {
        throw new IllegalArgumentException(
            "trainable has variable \""
                + output.op().name()
                + "\", which loss \""
                + forward.last().name
                + "\" does not reach; leave it out");
      }
      if (!variables.contains(node)) {
        variables.add(node);
      }
    }
    if (variables.isEmpty()) {
      throw new IllegalArgumentException(
          "trainable is empty; name at least one variable, or none for all that the loss reaches");
    }
    return variables;
  }

  private static void leaveOut(List<Node> variables, List<String> freeze) {
    List<String> names = new ArrayList<>();
    variables.forEach(variable -> names.add(variable.name));
    Set<String> frozen = NamePatterns.matching("freeze", freeze, names);
    variables.removeIf(variable -> frozen.contains(variable.name));
    if (variables.isEmpty()) {
      throw new IllegalArgumentException(
          "freeze takes all of the variables "
              + NamePatterns.list(names)
              + ", so that none is left to train; freeze fewer");
    }
  }

  /** Some C++ gradient functions fail on a reference: two of them end the whole process. */
  private static void refuseRefs(Upstream forward, List<Node> variables) {
    for (Node node : forward.feeding()) {
      if (OpKinds.gradientRefusesReferences(node.type)) {
        for (Node input : node.inputs) {
          if (variables.contains(input)) {
            throw new IllegalArgumentException(
                "op \""
                    + node.name
                    + "\" ("
                    + node.type
                    + ") "
                    + String.format(REFUSED_AS_REF, input.name, node.type));
          }
        }
      }
    }
  }

  private static IllegalArgumentException withoutVariables(Upstream forward) {
    return new IllegalArgumentException(
        "loss \""
            + forward.last().name
            + "\" depends on no variable that can be trained; a trainable variable is made with"
            + " tf.variable, has a floating-point type, and gradients flow to it from the loss");
  }
}
