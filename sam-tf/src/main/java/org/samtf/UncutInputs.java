package org.samtf;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Node;
import org.samtf.internal.graph.OpKinds;
import org.samtf.internal.graph.Reals;
import org.samtf.internal.graph.TwinPlan;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.AssertThat;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TString;
import org.tensorflow.types.family.TType;

/**
 * Finds what has a row an example and was not named as a batch input, such as the labels.
 *
 * <p>It is looked for where it meets rows of a part. There TensorFlow fails, with a message about
 * shapes, or worse: it does not, because a part of one example is broadcast to the whole batch.
 * What the shapes in the graph say is refused at once. Where they are unknown, an op in the step
 * looks at them: whether an input has as many rows as the batch, where a part has as many as it has
 * examples. So nothing is refused that only could be such an input.
 */
final class UncutInputs {

  private final Output<?> batch;
  private final Predicate<Node> isCut;
  private final Set<Output<?>> batchInputs;
  private final Map<Output<?>, Set<String>> sources = new HashMap<>();

  /**
   * Looks for nothing yet.
   *
   * @param batchInputs those that were named
   * @param isCut whether an op is computed from them
   */
  UncutInputs(List<Output<?>> batchInputs, Predicate<Node> isCut) {
    this.batch = batchInputs.get(0);
    this.batchInputs = new HashSet<>(batchInputs);
    this.isCut = isCut;
  }

  /**
   * What the copy of an op for a part reads in place of inputs that may have a row an example: the
   * same, once it is known that they have not. By position.
   *
   * @param scope where ops for that go
   * @param inPart from a tensor to that of the part
   * @throws IllegalArgumentException if one of them has a row an example for certain
   */
  Map<Integer, Output<?>> guarded(GraphScope scope, Node node, UnaryOperator<Output<?>> inPart) {
    Map<Integer, Output<?>> guarded = new LinkedHashMap<>();
    if (!OpKinds.isRowByRow(node.type)) {
      return guarded;
    }
    for (int cut = 0; cut < node.inputs.length; cut++) {
      Output<?> whole = node.input(cut);
      for (int other = 0; other < node.inputs.length && isCut(node, cut); other++) {
        if (isCut(node, other) || guarded.containsKey(other)) {
          continue;
        }
        Output<?> ofPart = inPart.apply(whole);
        Set<String> names = suspects(node, other, whole, ofPart);
        if (!names.isEmpty()) {
          guarded.put(other, guard(scope, node.input(other), names, ofPart, inPart.apply(batch)));
        }
      }
    }
    return guarded;
  }

  private boolean isCut(Node node, int input) {
    return isCut.test(node.inputs[input]) || batchInputs.contains(node.input(input));
  }

  /**
   * The sources of an input if it may have a row an example; else none.
   *
   * @param whole another input, which is cut
   * @param ofPart what a part has of that
   */
  private Set<String> suspects(Node node, int input, Output<?> whole, Output<?> ofPart) {
    Output<?> uncut = node.input(input);
    if (!mayHaveAsManyAxes(uncut.shape(), whole.shape())) {
      return Set.of(); // other rows meet
    }
    long rows = rows(uncut);
    long inBatch = rows(whole);
    long inPart = rows(ofPart);
    boolean isAnotherAxis = inBatch != Shape.UNKNOWN_SIZE && inPart == inBatch;
    if (rows == 1 || isAnotherAxis) {
      return Set.of();
    }
    Set<String> names = sources(node.inputs[input], uncut);
    if (rows != Shape.UNKNOWN_SIZE && rows == inBatch && inPart != Shape.UNKNOWN_SIZE) {
      throw names.isEmpty() ? constantSize(node, uncut) : new IllegalArgumentException(text(names));
    }
    return names;
  }

  private static boolean mayHaveAsManyAxes(Shape one, Shape other) {
    int axes = one.numDimensions();
    int ofOther = other.numDimensions();
    return axes != 0 && ofOther != 0 && (axes < 0 || ofOther < 0 || axes == ofOther);
  }

  private static long rows(Output<?> tensor) {
    Shape shape = tensor.shape();
    return shape.numDimensions() < 0 ? Shape.UNKNOWN_SIZE : shape.get(0);
  }

  private static IllegalArgumentException constantSize(Node node, Output<?> constant) {
    return TwinPlan.refuse(
        node,
        "has the batch size "
            + constant.shape().get(0)
            + " as a constant (\""
            + constant.op().name()
            + "\"), which a part of the batch does not have",
        "take it from tf.shape of a batch input");
  }

  /** The same tensor, after a look at how many rows it has. */
  private Output<?> guard(
      GraphScope scope, Output<?> uncut, Set<String> names, Output<?> ofPart, Output<?> part) {
    // Strings are for the host only: TensorFlow is to choose the device.
    Ops tf = scope.withDeviceString("").ops();
    Operand<TString> said =
        tf.constant(scope.root() + ": " + text(names) + "; its rows and those of a part are");
    Operand<TInt32> here = rows(tf, uncut);
    Operand<TInt32> inBatch = rows(tf, batch);
    Operand<TInt32> inPart = rows(tf, part);
    Operand<TBool> isCut =
        tf.math.logicalAnd(
            tf.math.equal(rows(tf, ofPart), inPart), tf.math.notEqual(inPart, inBatch));
    Operand<TBool> isUncut =
        tf.math.logicalAnd(
            tf.math.equal(here, inBatch),
            tf.math.equal(tf.rank(typed(uncut)), tf.rank(typed(ofPart))));
    Op check =
        tf.withName("rowsAreCut")
            .assertThat(
                tf.math.logicalNot(tf.math.logicalAnd(isCut, isUncut)),
                List.of(said, here, inPart),
                AssertThat.summarize(1L));
    return scope
        .ops()
        .withName("uncut")
        .withControlDependencies(List.of(check))
        .identity(typed(uncut))
        .asOutput();
  }

  /** The number of rows, -1 for a scalar. */
  private static Operand<TInt32> rows(Ops tf, Output<?> tensor) {
    Operand<TInt32> none = tf.constant(new int[] {-1});
    Operand<TInt32> axes = tf.concat(List.of(tf.shape(typed(tensor)), none), tf.constant(0));
    return tf.withName("rows").gather(axes, tf.constant(0), tf.constant(0));
  }

  private static Operand<TType> typed(Output<?> tensor) {
    return Reals.unchecked(tensor);
  }

  /** Without quotes, which TensorFlow would write as it does in source code. */
  private static String text(Set<String> names) {
    return "input "
        + String.join(" or ", names)
        + " has a row for each example but is not among the batch inputs; name it there as well";
  }

  /** From where a run brings data, scalars left out, that a tensor is computed from. */
  private Set<String> sources(Node node, Output<?> tensor) {
    return sources.computeIfAbsent(tensor, key -> findSources(node, key));
  }

  private static Set<String> findSources(Node first, Output<?> tensor) {
    Set<String> found = new LinkedHashSet<>();
    Set<Node> seen = new HashSet<>();
    Deque<Node> todo = new ArrayDeque<>();
    addSource(found, first, tensor);
    todo.add(first);
    while (!todo.isEmpty()) {
      Node node = todo.remove();
      if (OpKinds.bringsData(node.type) || !seen.add(node)) {
        continue;
      }
      for (int i = 0; i < node.inputs.length; i++) {
        addSource(found, node.inputs[i], node.input(i));
        todo.add(node.inputs[i]);
      }
    }
    return found;
  }

  private static void addSource(Set<String> found, Node node, Output<?> tensor) {
    if (OpKinds.bringsData(node.type) && tensor.shape().numDimensions() != 0) {
      found.add(node.name + (tensor.index() == 0 ? "" : ":" + tensor.index()));
    }
  }
}
