package org.samtf;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.samtf.internal.graph.NamePatterns;
import org.samtf.internal.graph.Node;
import org.samtf.internal.graph.NotTrainable;
import org.samtf.internal.graph.OpKinds;
import org.samtf.internal.graph.Reals;
import org.samtf.internal.graph.Upstream;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.types.family.TType;

/** Which variables a step trains, and which of them it perturbs. */
final class TrainedVariables {

  /** What the user has named; the others are trained if they can be. */
  private final Set<Output<?>> named;

  private final Set<Output<?>> trained;
  private final Set<Output<?>> perturbed;

  private TrainedVariables(Set<Output<?>> named, Set<Output<?>> trained, Set<Output<?>> perturbed) {
    this.named = named;
    this.trained = trained;
    this.perturbed = perturbed;
  }

  /**
   * All that losses reach.
   *
   * @throws IllegalArgumentException as {@link #of} does
   */
  static TrainedVariables all(List<Replica> losses) {
    return of(losses, Optional.empty(), VariableChoice.none(), VariableChoice.none());
  }

  /**
   * Chooses from the variables that losses reach.
   *
   * @param wanted the variables to train, if not all
   * @throws IllegalArgumentException if there is nothing to train or to perturb, or a variable that
   *     cannot be trained
   */
  static TrainedVariables of(
      List<Replica> losses,
      Optional<List<Operand<?>>> wanted,
      VariableChoice frozen,
      VariableChoice notPerturbed) {
    losses.forEach(loss -> requireReal(loss.loss));
    Set<Output<?>> named = new LinkedHashSet<>();
    if (wanted.isPresent()) {
      named.addAll(named(losses, wanted.get()));
    }
    Set<Output<?>> candidates = wanted.isPresent() ? named : reached(losses);
    Set<Output<?>> trained =
        without(candidates, frozen, "so that none is left to train; freeze fewer");
    for (Replica loss : losses) {
      List<Node> variables = in(loss.forward, trained);
      loss.forward.refuseAfterUpdate(variables);
    }
    Set<Output<?>> perturbed =
        without(
            trained, notPerturbed, "so that none is perturbed; name fewer, or train without SAM");
    named.retainAll(trained);
    return new TrainedVariables(named, trained, perturbed);
  }

  /** The trained variables that a loss is computed from, in the order in which it reaches them. */
  List<Output<?>> in(Upstream forward) {
    List<Output<?>> variables = new ArrayList<>();
    in(forward, trained).forEach(node -> variables.add(node.op.output(0)));
    return variables;
  }

  /** Those of {@code variables} that are perturbed. */
  List<Output<?>> perturbed(Collection<Output<?>> variables) {
    List<Output<?>> some = new ArrayList<>(variables);
    some.retainAll(perturbed);
    return some;
  }

  /**
   * Checks that something comes of what the user has named.
   *
   * @param losses as the user gave them
   * @param withGradient the variables that a gradient flows to from one of them
   */
  void requireGradients(List<Replica> losses, Set<Output<?>> withGradient) {
    for (Output<?> variable : named) {
      if (!withGradient.contains(variable)) {
        throw new IllegalArgumentException(
            "variable \""
                + variable.op().name()
                + "\" is to be trained, but no gradient flows to it from "
                + text(losses)
                + "; leave it out");
      }
    }
  }

  /** What to say of a loss without gradients. */
  static IllegalArgumentException withoutVariables(List<Replica> losses) {
    return new IllegalArgumentException(
        text(losses)
            + " depends on no variable that can be trained; a trainable variable is made with"
            + " tf.variable, has a floating-point type, and gradients flow to it from the loss");
  }

  private static String text(List<Replica> losses) {
    List<String> names = new ArrayList<>();
    losses.forEach(loss -> names.add("loss \"" + loss.loss.op().name() + "\""));
    return String.join(" or ", names);
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

  private static Set<Output<?>> reached(List<Replica> losses) {
    Set<Output<?>> variables = new LinkedHashSet<>();
    for (Replica loss : losses) {
      boolean any = false;
      for (Node node : loss.forward.feeding()) {
        if (node.isVariable() && Reals.isFloating(node.op.output(0))) {
          if (!NotTrainable.is(node.op)) {
            variables.add(node.op.output(0));
            any = true;
          }
        } else if (OpKinds.isOtherVariable(node.type)) {
          throw new IllegalArgumentException(
              text(List.of(loss))
                  + " reaches variable \""
                  + node.name
                  + "\", a "
                  + node.type
                  + ", which TF-Java's optimizers do not update; make it with tf.variable, or name"
                  + " the variables to train with trainable(...) to leave this one as it is");
        }
      }
      if (!any) {
        throw withoutVariables(List.of(loss));
      }
    }
    return variables;
  }

  private static Set<Output<?>> named(List<Replica> losses, List<Operand<?>> wanted) {
    Set<Object> reached = new HashSet<>();
    losses.forEach(loss -> loss.forward.feeding().forEach(node -> reached.add(node.op)));
    Set<Output<?>> variables = new LinkedHashSet<>();
    for (Operand<?> operand : wanted) {
      Output<? extends TType> output = operand.asOutput();
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
      if (!reached.contains(output.op())) {
        throw new IllegalArgumentException(
            "trainable has variable \""
                + output.op().name()
                + "\", which "
                + text(losses)
                + " does not reach; leave it out");
      }
      variables.add(output);
    }
    return variables;
  }

  /** The names of some variables. */
  static List<String> names(List<Output<?>> variables) {
    List<String> names = new ArrayList<>();
    variables.forEach(variable -> names.add(variable.op().name()));
    return names;
  }

  private static Set<Output<?>> without(
      Set<Output<?>> variables, VariableChoice choice, String ifNoneIsLeft) {
    Map<String, Output<?>> byName = new LinkedHashMap<>();
    variables.forEach(variable -> byName.put(variable.op().name(), variable));
    Set<String> chosen = choice.of(byName.keySet());
    if (chosen.size() == byName.size()) {
      throw new IllegalArgumentException(
          choice.setting()
              + " takes all of the variables "
              + NamePatterns.list(byName.keySet())
              + ", "
              + ifNoneIsLeft);
    }
    byName.keySet().removeAll(chosen);
    return new LinkedHashSet<>(byName.values());
  }

  private static List<Node> in(Upstream forward, Set<Output<?>> variables) {
    List<Node> nodes = new ArrayList<>();
    for (Node node : forward.feeding()) {
      if (node.isVariable() && variables.contains(node.op.output(0))) {
        nodes.add(node);
      }
    }
    return nodes;
  }
}
