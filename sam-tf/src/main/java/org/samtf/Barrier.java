package org.samtf;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Reals;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.family.TNumber;

/**
 * The point in a step before which nothing is assigned: it is passed when every gradient is there,
 * and known to be finite or not.
 *
 * <p>The gradients come out as outputs of one op (one a device), so that n updates that wait for
 * all n gradients are ordered by n edges and not by n².
 */
final class Barrier {

  private final List<Output<?>> gradients;
  private final Operand<TBool> finite;

  /**
   * Puts a barrier behind {@code gradients}.
   *
   * @param packing which of the gradients are looked at together; it has the variables' names, for
   *     error messages
   * @param what the kind of gradient, for error messages
   * @param rule what is done if one of them is not finite
   * @param first whether what was looked at before is finite; it fails before this
   * @param after other ops that the step has to finish before it assigns
   */
  Barrier(
      GraphScope scope,
      List<Output<?>> gradients,
      Packing packing,
      String what,
      NotFinite rule,
      List<Operand<TBool>> first,
      List<? extends Op> after) {
    Ops tf = scope.ops();
    Map<String, List<Integer>> indicesByDevice = new LinkedHashMap<>();
    for (int i = 0; i < gradients.size(); i++) {
      String device = ((GraphOperation) gradients.get(i).op()).device();
      indicesByDevice.computeIfAbsent(device, d -> new ArrayList<>()).add(i);
    }
    List<Op> conditions = new ArrayList<>(after);
    Operand<TBool> checked = check(scope, gradients, packing, what, rule, first);
    conditions.add(checked);
    Op known = tf.withName("finite").withControlDependencies(conditions).noOp();
    finite = tf.withName("isFinite").withControlDependencies(List.of(known)).identity(checked);

    Output<?>[] released = new Output<?>[gradients.size()];
    indicesByDevice.forEach(
        (device, indices) -> {
          List<Operand<?>> group = new ArrayList<>();
          indices.forEach(i -> group.add(gradients.get(i)));
          var identity =
              scope
                  .withDeviceString(device)
                  .ops()
                  .withName("barrier")
                  .withControlDependencies(List.of(known))
                  .identityN(group);
          for (int k = 0; k < indices.size(); k++) {
            released[indices.get(k)] = identity.op().output(k);
          }
        });
    this.gradients = List.of(released);
  }

  /** The sum of each gradient is finite, or of those that are packed together. */
  private static Operand<TBool> check(
      GraphScope scope,
      List<Output<?>> gradients,
      Packing packing,
      String what,
      NotFinite rule,
      List<Operand<TBool>> first) {
    Finite finite = new Finite(rule);
    Map<String, Reals> realsByDevice = new HashMap<>();
    packing.forEach(
        gradients,
        (device, members, group) -> {
          Ops tf = scope.withDeviceString(device).ops();
          Reals reals = realsByDevice.computeIfAbsent(device, d -> new Reals(tf));
          Operand<TNumber> packed = packing.concat(tf, members, group);
          Operand<TNumber> real = reals.cast(packed, Reals.computeType(packed));
          finite.add(reals.sum(real), real, group);
        });
    return finite.check(scope.ops(), what, first);
  }

  /**
   * The gradients, in the order they were given, once all of them are known to be finite or not.
   */
  List<Output<?>> gradients() {
    return gradients;
  }

  /** Whether they are, a scalar; there when all is that the step has to finish first. */
  Operand<TBool> finite() {
    return finite;
  }
}
