package org.samtf.internal.graph;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;

/**
 * Decides which forward ops a second pass with other values of the weights needs copies of, and
 * refuses what cannot be copied.
 *
 * <p>Copied is what lies on a path from a perturbed variable to the loss and has no side effect;
 * the rest is shared by both passes. An op with state or a side effect runs once a step, so it is
 * shared too, but only if sharing it does not cut a path along which the loss depends on the
 * weights: a dropout mask does not depend on them (its shape may be read from an activation), an
 * activation written to a variable and read back does.
 */
public final class TwinPlan {

  /** What becomes of a forward op in the second pass. */
  private enum Role {
    /** Both passes use the one op. */
    SHARED,
    /** The second pass has an op of its own. */
    COPIED,
    /** The second pass uses the op's first input in place of its output. */
    PASSED_BY
  }

  private final Functions functions;
  private final Set<Node> perturbed;
  private final boolean inPlace;

  /** Loops of ops with back edges, if they are copied; else null. */
  private final Frames frames;

  /** The ops, besides the perturbed variables, whose outputs differ between the passes. */
  private final Map<Node, Role> differing = new HashMap<>();

  /** The part of {@link #differing} that does so by more than the shape of an activation. */
  private final Set<Node> differingInValue = new HashSet<>();

  private final Set<Node> differingInShape = new HashSet<>();

  private final Set<Node> copied = new HashSet<>();

  /**
   * Plans the twin.
   *
   * @param perturbed the variables that have other values in the second pass
   * @param inPlace whether the second pass will read the variables themselves
   * @throws IllegalArgumentException if an op can be neither copied nor shared
   */
  public TwinPlan(Graph graph, Upstream forward, Set<Node> perturbed, boolean inPlace) {
    this(graph, forward, perturbed, inPlace, null);
  }

  private TwinPlan(
      Graph graph, Upstream forward, Set<Node> perturbed, boolean inPlace, Frames frames) {
    this.functions = new Functions(graph);
    this.perturbed = perturbed;
    this.inPlace = inPlace;
    this.frames = frames;
    findDiffering(forward.feeding());
    if (frames != null) {
      takeLoopsWhole(forward);
    }
    keepWhatTheLossNeeds(forward.last());
  }

  /**
   * Plans the twin of a step whose gradients are in the graph: it may have loops of ops with back
   * edges, forward and backward.
   *
   * @throws IllegalArgumentException if an op can be neither copied nor shared
   */
  public static TwinPlan withLoops(Graph graph, Upstream forward, Set<Node> perturbed) {
    Frames frames = new Frames(forward.inputsFirst());
    return new TwinPlan(graph, forward, perturbed, false, frames.areThere() ? frames : null);
  }

  /** Whether loops are copied, for which ops are not enough. */
  boolean hasLoops() {
    return frames != null;
  }

  /**
   * A loop that differs is copied with all that is in it, and so are the stacks and tensor arrays
   * that it uses, with all that fills and reads them: two loops cannot share them.
   */
  private void takeLoopsWhole(Upstream forward) {
    int before;
    do {
      before = differing.size();
      Set<Object> wholes = new HashSet<>();
      for (Node node : forward.inputsFirst()) {
        if (differing.containsKey(node)) {
          wholes.add(frames.of(node));
          wholes.add(frames.stateOf(node));
        }
      }
      wholes.remove(null);
      for (Node node : forward.inputsFirst()) {
        boolean isIn =
            wholes.contains(frames.of(node))
                || wholes.contains(frames.stateOf(node))
                || wholes.contains(node);
        if (isIn && !differing.containsKey(node) && !perturbed.contains(node)) {
          requireOncePerPass(node);
          differing.put(node, Role.COPIED);
          differingInValue.add(node);
        }
      }
      findDiffering(forward.feeding());
    } while (differing.size() > before);
  }

  private void requireOncePerPass(Node node) {
    if (OpKinds.isStateful(node.type) && !isOfLoop(node) && !OpKinds.isGuard(node.type)) {
      throw refuse(
          node,
          "is in a loop and has state or a side effect, so that it would run in both passes",
          "SAM cannot be put around this step");
    }
  }

  /** Whether an op only keeps what a loop needs, or reads a variable in it. */
  private boolean isOfLoop(Node node) {
    return Frames.keepsState(node.type)
        || node.type.equals("ReadVariableOp") && frames.of(node) != null;
  }

  /** Whether the second pass has its own copy of this op. */
  public boolean isCopied(Node node) {
    return copied.contains(node);
  }

  /** Whether an op's outputs are others in the second pass. */
  public boolean differs(Node node) {
    return differing.containsKey(node) || perturbed.contains(node);
  }

  /** Whether the second pass uses the op's first input in place of its output. */
  public boolean isPassedBy(Node node) {
    return differing.get(node) == Role.PASSED_BY;
  }

  private void findDiffering(List<Node> feeding) {
    // A loop leads back to an op that was seen before, so go on until nothing is found.
    int before;
    do {
      before = differing.size() + differingInValue.size() + differingInShape.size();
      for (Node node : feeding) {
        if (perturbed.contains(node)) {
          differingInValue.add(node);
          continue;
        }
        Role role = role(node);
        if (role != Role.SHARED) {
          differing.put(node, role);
          findHowItDiffers(node);
        }
      }
    } while (differing.size() + differingInValue.size() + differingInShape.size() > before);
  }

  private void findHowItDiffers(Node node) {
    boolean shape = anyIn(differingInShape, node.inputs);
    for (int i = 0; i < node.inputs.length; i++) {
      shape |= differingInValue.contains(node.inputs[i]) && OpKinds.isShapedByValues(node.type, i);
    }
    boolean value =
        OpKinds.isShapeReader(node.type)
            ? anyIn(differingInShape, node.inputs)
            : anyIn(differingInValue, node.inputs);
    if (value) {
      differingInValue.add(node);
    }
    if (shape && !differingInShape.contains(node) && !hasKnownShapes(node.op)) {
      differingInShape.add(node);
    }
  }

  /**
   * What becomes of an op, as far as is known of its inputs.
   *
   * @throws IllegalArgumentException if it would have to be copied, and cannot be
   */
  private Role role(Node node) {
    if (!anyIn(differing.keySet(), node.inputs) && !anyIn(perturbed, node.inputs)) {
      return Role.SHARED;
    }
    if (frames != null && (OpKinds.isLoop(node.type) || isOfLoop(node))) {
      if (OpDefs.of(node.type).takesRef) {
        requireReadable(node);
      }
      return Role.COPIED;
    }
    if (OpKinds.isLoop(node.type)) {
      throw refuse(
          node, "is part of a loop with a back edge, which cannot be copied", "unroll the loop");
    }
    if (OpDefs.of(node.type).takesRef) {
      requireReadable(node);
      return Role.COPIED;
    }
    if (OpKinds.isCall(node.type)) {
      requireNoSideEffect(node);
      return Role.COPIED;
    }
    if (OpKinds.isPassThrough(node.type)) {
      return Role.PASSED_BY;
    }
    if (!OpKinds.isStateful(node.type)) {
      return Role.COPIED;
    }
    if (anyIn(differingInValue, node.inputs)) {
      throw refuse(
          node,
          "has state or a side effect, so it runs once a step, but the loss is computed from what"
              + " it makes of the weights",
          "keep it off the path from the weights to the loss");
    }
    return Role.SHARED;
  }

  /** The second pass can have a copy of an op that takes a variable itself if that holds w+ε. */
  private void requireReadable(Node node) {
    if (OpKinds.isAssignment(node.type)) {
      throw refuse(
          node,
          "assigns to a variable, and the loss is computed from what it returns",
          "compute the loss from the value that is assigned, and run the assignment beside it");
    }
    if (!inPlace) {
      throw refuse(
          node,
          "takes a variable itself and not its value, so it cannot be given another",
          "read the variable through tf.identity, or build SAM's optimizer with inPlace(true)");
    }
  }

  private void requireNoSideEffect(Node call) {
    String op = functions.opWithSideEffect(call.op);
    if (op != null) {
      throw refuse(
          call,
          "calls a function with op "
              + op
              + " in it, which has state, a side effect or random"
              + " numbers and would run twice a step",
          "move that op out of the function");
    }
  }

  private void keepWhatTheLossNeeds(Node loss) {
    Deque<Node> todo = new ArrayDeque<>();
    Set<Node> seen = new HashSet<>();
    todo.add(loss);
    while (!todo.isEmpty()) {
      Node node = todo.remove();
      if (!differing.containsKey(node) || !seen.add(node)) {
        continue;
      }
      if (isPassedBy(node)) {
        todo.add(node.inputs[0]);
      } else {
        copied.add(node);
        todo.addAll(List.of(node.inputs));
        if (frames != null) {
          // What fills a stack is only waited for.
          todo.addAll(List.of(node.controls));
        }
      }
    }
  }

  private static boolean hasKnownShapes(GraphOperation op) {
    for (int i = 0; i < op.numOutputs(); i++) {
      if (op.output(i).shape().hasUnknownDimension()) {
        return false;
      }
    }
    return true;
  }

  private static boolean anyIn(Set<Node> set, Node[] nodes) {
    for (Node node : nodes) {
      if (set.contains(node)) {
        return true;
      }
    }
    return false;
  }

  /** The refusal of an op: why, and what to do instead. */
  public static IllegalArgumentException refuse(Node node, String why, String instead) {
    return new IllegalArgumentException(
        "op \"" + node.name + "\" (" + node.type + ") " + why + "; " + instead);
  }
}
