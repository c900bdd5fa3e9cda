package org.samtf;

import java.util.ArrayList;
import java.util.List;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Reals;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.StdArrays;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.AssertThat;
import org.tensorflow.op.core.SwitchCond;
import org.tensorflow.op.strings.ReduceJoin;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TString;
import org.tensorflow.types.family.TNumber;

/**
 * Tells whether a gradient has a NaN or an infinity, and stops the step if that is to be so.
 *
 * <p>It looks at a reduction over each gradient, such as its sum, and not at the gradients: {@code
 * CheckNumerics} on these would go through each in one thread. And it is one op for all, where
 * large models have hundreds of variables. The host reads one number; which variables they are is
 * computed only if there are any.
 */
final class Finite {

  private final NotFinite rule;

  private final List<Operand<TNumber>> reductions = new ArrayList<>();

  /** What tells the variables of a group apart: its tensor, or the reduction for one variable. */
  private final List<Operand<TNumber>> looked = new ArrayList<>();

  private final List<VariableGroup> groups = new ArrayList<>();

  /** Nothing to look at yet. */
  Finite(NotFinite rule) {
    this.rule = rule;
  }

  /**
   * Adds what is to be finite.
   *
   * @param reduction a scalar that is finite if all of {@code tensor} is
   * @param tensor a gradient, or those of several variables laid end to end
   */
  void add(Operand<TNumber> reduction, Operand<TNumber> tensor, VariableGroup group) {
    reductions.add(reduction);
    looked.add(group.isSingle() ? reduction : tensor);
    groups.add(group);
  }

  /**
   * Whether all is finite, a scalar; or what fails if something is not, with a message that names
   * the variables.
   *
   * @param where the name scope
   * @param what the kind of gradient, for the message
   * @param before what has to hold as well, and is looked at before this
   */
  Operand<TBool> check(Ops where, String what, List<Operand<TBool>> before) {
    // Strings are for the host only: TensorFlow is to choose the device.
    GraphScope scope = ((GraphScope) where.scope()).withDeviceString("");
    Ops tf = scope.ops();
    Operand<TBool> isFinite = isFinite(tf, reductions, List.of());
    Operand<TBool> allFinite = reductions.size() == 1 ? isFinite : tf.all(isFinite, tf.constant(0));
    if (rule == NotFinite.SKIP) {
      for (Operand<TBool> other : before) {
        allFinite = tf.math.logicalAnd(allFinite, other);
      }
      return tf.withName("allFinite").identity(allFinite);
    }
    Operand<TBool> sequenced =
        before.isEmpty()
            ? allFinite
            : tf.withControlDependencies(List.copyOf(before)).identity(allFinite);
    SwitchCond<TBool> taken = tf.withName("allFinite").switchCond(sequenced, sequenced);
    Operand<TBool> failed =
        failed(scope.withSubScope("notFinite"), taken.outputFalse(), sequenced, what);
    return tf.withName("checked").merge(List.of(taken.outputTrue(), failed)).output();
  }

  /** What comes after the op that fails, which runs if something is not finite. */
  private Operand<TBool> failed(
      GraphScope scope, Operand<TBool> isFalse, Operand<TBool> allFinite, String what) {
    Ops tf = scope.ops();
    List<Operand<TNumber>> each = new ArrayList<>();
    List<Operand<TNumber>> vectors = new ArrayList<>();
    List<String> names = new ArrayList<>();
    List<String> namesInVectors = new ArrayList<>();
    for (int i = 0; i < groups.size(); i++) {
      VariableGroup group = groups.get(i);
      for (String name : group.names) {
        (group.isSingle() ? names : namesInVectors).add(" " + name);
      }
      // Nothing but numbers leaves the device that a gradient is on.
      Operand<TNumber> ofGroup = looked.get(i);
      Ops there = scope.withDeviceString(((GraphOperation) ofGroup.op()).device()).ops();
      Operand<TNumber> taken = there.switchCond(ofGroup, allFinite).outputFalse();
      if (group.isSingle()) {
        each.add(taken);
      } else {
        vectors.add(Packing.sums(there, taken, group));
      }
    }
    names.addAll(namesInVectors);
    Operand<TBool> isFinite = isFinite(tf, each, vectors);
    // Where each is finite, but not what they add up to, it is all of them.
    Operand<TBool> isGood =
        names.size() == 1
            ? isFinite
            : tf.math.logicalAnd(isFinite, tf.math.logicalNot(tf.all(isFinite, tf.constant(0))));
    Operand<TString> all = tf.constant(StdArrays.ndCopyOf(names.toArray(new String[0])));
    Operand<TString> none = tf.fill(tf.constant(new int[] {names.size()}), tf.constant(""));
    Operand<TString> bad =
        tf.strings.reduceJoin(
            names.size() == 1 ? all : tf.select(isGood, none, all),
            tf.constant(0),
            new ReduceJoin.Options[0]);
    Operand<TString> message =
        tf.strings.join(
            List.of(
                tf.constant(NonFiniteGradient.messageBefore(scope.root(), what)),
                bad,
                tf.constant(NonFiniteGradient.messageAfter())));
    Op failure =
        tf.withName("fail").assertThat(isFalse, List.of(message), AssertThat.summarize(1L));
    return tf.withControlDependencies(List.of(failure)).identity(isFalse);
  }

  /** Whether each of some numbers is finite, the scalars first; a scalar for one. */
  private static Operand<TBool> isFinite(
      Ops tf, List<Operand<TNumber>> scalars, List<Operand<TNumber>> vectors) {
    Reals reals = new Reals(tf);
    List<Operand<TNumber>> all = new ArrayList<>(scalars);
    all.addAll(vectors);
    Class<TNumber> type = Reals.commonType(all);
    all.replaceAll(x -> reals.cast(x, type));
    if (all.size() == 1) {
      return tf.math.isFinite(all.get(0));
    }
    if (vectors.isEmpty()) {
      return tf.math.isFinite(tf.stack(all));
    }
    List<Operand<TNumber>> parts = new ArrayList<>(all.subList(scalars.size(), all.size()));
    if (!scalars.isEmpty()) {
      parts.add(0, tf.stack(all.subList(0, scalars.size())));
    }
    return tf.math.isFinite(parts.size() == 1 ? parts.get(0) : tf.concat(parts, tf.constant(0)));
  }
}
