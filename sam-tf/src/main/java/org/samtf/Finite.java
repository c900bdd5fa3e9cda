package org.samtf;

import java.util.ArrayList;
import java.util.List;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.StdArrays;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.AssertThat;
import org.tensorflow.op.strings.ReduceJoin;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TString;
import org.tensorflow.types.family.TNumber;

/** Stops a step in which a gradient has a NaN or an infinity. */
final class Finite {

  private Finite() {}

  /**
   * An op that fails if one of {@code reductions} is not finite, with a message that names the
   * variables.
   *
   * <p>It is given a reduction over each gradient, such as its sum, and not the gradients: {@code
   * CheckNumerics} on these would go through each in one thread. And it is one op for all, where
   * large models have hundreds of variables.
   *
   * @param where the name scope
   * @param names the variables' names
   * @param what the kind of gradient, for the message
   */
  static Op check(Ops where, List<Operand<TNumber>> reductions, List<String> names, String what) {
    // Strings are for the host only: TensorFlow is to choose the device.
    GraphScope scope = ((GraphScope) where.scope()).withDeviceString("");
    Ops tf = scope.ops();
    Reals reals = new Reals(tf);
    Class<TNumber> type = Reals.commonType(reductions);
    List<Operand<TNumber>> ofOneType = new ArrayList<>();
    reductions.forEach(reduction -> ofOneType.add(reals.cast(reduction, type)));
    Operand<TBool> finite = tf.math.isFinite(tf.stack(ofOneType));

    String[] spaced = names.stream().map(name -> " " + name).toArray(String[]::new);
    Operand<TString> all = tf.constant(StdArrays.ndCopyOf(spaced));
    Operand<TString> none = tf.fill(tf.constant(new int[] {spaced.length}), tf.constant(""));
    Operand<TString> bad =
        tf.strings.reduceJoin(
            tf.select(finite, none, all), tf.constant(0), new ReduceJoin.Options[0]);
    Operand<TString> message =
        tf.strings.join(
            List.of(
                tf.constant(NonFiniteGradient.messageBefore(scope.root(), what)),
                bad,
                tf.constant(NonFiniteGradient.messageAfter())));
    return tf.withName("allFinite")
        .assertThat(tf.all(finite, tf.constant(0)), List.of(message), AssertThat.summarize(1L));
  }
}
