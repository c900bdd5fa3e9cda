package org.samtf;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Reals;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TBool;
import org.tensorflow.types.family.TNumber;

/**
 * The second pass reads the variables, which hold w+ε for its time. What they hold can be told
 * after a failure.
 */
final class WeightsInPlace implements WeightsAtPerturbation {

  private final GraphScope scope;
  private final Ops tf;
  private final List<Operand<TNumber>> weights = new ArrayList<>();
  private final List<Variable<TNumber>> backups = new ArrayList<>();
  private final Variable<TBool> isPerturbed;
  private final GraphOperation heldAfter;

  /**
   * Adds the ops that assign w+ε.
   *
   * @param firstPass what has to be computed from w before
   */
  WeightsInPlace(GraphScope scope, Ascended ascended, List<Op> firstPass) {
    this.scope = scope;
    this.tf = scope.ops();
    ascended.variables.forEach(variable -> weights.add(Reals.unchecked(variable)));
    Ops init = tf.withInitScope();
    for (Operand<TNumber> w : weights) {
      Variable<TNumber> backup = init.withName("backup").variable(w.shape(), w.type());
      init.assign(
          backup,
          init.fill(init.constant(w.shape()), init.dtypes.cast(init.constant(0f), w.type())));
      backups.add(backup);
    }
    isPerturbed = init.withName("isPerturbed").variable(Shape.scalar(), TBool.class);
    init.assign(isPerturbed, init.constant(false));
    heldAfter = perturb(ascended.epsilons(), firstPass);
  }

  private GraphOperation perturb(List<Operand<TNumber>> epsilons, List<Op> firstPass) {
    List<Op> saved = new ArrayList<>(firstPass);
    List<Operand<TNumber>> sums = new ArrayList<>();
    for (int i = 0; i < weights.size(); i++) {
      saved.add(tf.assign(backups.get(i), weights.get(i)));
      sums.add(WeightsAtPerturbation.sum(tf, weights.get(i).asOutput(), epsilons.get(i)));
    }
    saved.addAll(sums);
    Op marked = tf.withControlDependencies(saved).assign(isPerturbed, tf.constant(true));
    List<Op> assigned = new ArrayList<>();
    for (int i = 0; i < weights.size(); i++) {
      assigned.add(
          tf.withName("perturb")
              .withControlDependencies(List.of(marked))
              .assign(weights.get(i), sums.get(i)));
    }
    return (GraphOperation) tf.withName("perturbed").withControlDependencies(assigned).noOp().op();
  }

  @Override
  public Map<Output<?>, Output<?>> read(GraphScope at, List<Op> after) {
    Ops read = scope.withControlDependencyOps(List.of(heldAfter)).ops();
    Map<Output<?>, Output<?>> readAs = new LinkedHashMap<>();
    for (Operand<TNumber> w : weights) {
      readAs.put(w.asOutput(), read.withName("read").identity(w).asOutput());
    }
    return readAs;
  }

  @Override
  public Optional<GraphOperation> heldAfter() {
    return Optional.of(heldAfter);
  }

  @Override
  public List<Op> undoneAfter(List<Op> secondPass) {
    List<Op> restored = new ArrayList<>();
    for (int i = 0; i < weights.size(); i++) {
      restored.add(
          tf.withName("restore")
              .withControlDependencies(secondPass)
              .assign(weights.get(i), backups.get(i)));
    }
    restored.add(
        tf.withControlDependencies(List.copyOf(restored)).assign(isPerturbed, tf.constant(false)));
    return restored;
  }

  @Override
  public Optional<Op> undo() {
    List<Op> undone = new ArrayList<>();
    for (int i = 0; i < weights.size(); i++) {
      Operand<TNumber> w = weights.get(i);
      undone.add(tf.withName("undo").assign(w, tf.select(isPerturbed, backups.get(i), w)));
    }
    Op unmarked = tf.withControlDependencies(undone).assign(isPerturbed, tf.constant(false));
    return Optional.of(tf.withName("undone").withControlDependencies(List.of(unmarked)).noOp());
  }
}
