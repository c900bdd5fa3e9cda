package org.samtf;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.samtf.Trainables.Trainable;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.Output;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TBool;
import org.tensorflow.types.family.TNumber;

/** How the second pass comes to read w+ε: from tensors beside the variables, or from them. */
final class WeightsAtPerturbation {

  private final Map<GraphOperation, Output<?>> readAs = new LinkedHashMap<>();
  private Operation readAfter;
  private InPlace inPlace;

  private WeightsAtPerturbation() {}

  /**
   * The second pass reads tensors; the variables hold w all the time.
   *
   * @param after what has to be over before they are read
   */
  static WeightsAtPerturbation beside(
      GraphScope scope,
      List<Trainable> perturbed,
      List<Operand<TNumber>> epsilons,
      List<Op> after) {
    Ops tf = scope.withSubScope("ascent").ops();
    WeightsAtPerturbation weights = new WeightsAtPerturbation();
    for (int i = 0; i < perturbed.size(); i++) {
      Trainable trainable = perturbed.get(i);
      // ε is a constant of the second pass: no gradient flows back through it.
      Operand<?> perturbedWeight =
          tf.withName("perturbed")
              .withControlDependencies(after)
              .stopGradient(sum(tf, trainable, epsilons.get(i)));
      weights.readAs.put(trainable.node.op, perturbedWeight.asOutput());
    }
    return weights;
  }

  /**
   * The second pass reads the variables, which hold w+ε for its time.
   *
   * @param firstPass what has to be computed from w before
   */
  static WeightsAtPerturbation inPlace(
      GraphScope scope,
      List<Trainable> perturbed,
      List<Operand<TNumber>> epsilons,
      List<Op> firstPass) {
    WeightsAtPerturbation weights = new WeightsAtPerturbation();
    weights.inPlace = new InPlace(scope.withSubScope("inPlace").ops(), perturbed);
    weights.readAfter = weights.inPlace.perturb(epsilons, firstPass);
    for (Trainable trainable : perturbed) {
      weights.readAs.put(trainable.node.op, trainable.variable);
    }
    return weights;
  }

  /** What the second pass reads in place of each perturbed variable. */
  Map<GraphOperation, Output<?>> readAs() {
    return readAs;
  }

  /** The op that those reads come after; null if there is nothing to wait for. */
  Operation readAfter() {
    return readAfter;
  }

  /** The ops after which the variables hold w again. */
  List<Op> restored(List<Op> secondPass) {
    return inPlace == null ? List.of() : inPlace.restoreAfter(secondPass);
  }

  /** The op that undoes half a step; null if the variables are never changed. */
  Op restore() {
    return inPlace == null ? null : inPlace.undo();
  }

  /** w+ε, in the type of w. */
  private static Operand<TNumber> sum(Ops tf, Trainable trainable, Operand<TNumber> epsilon) {
    Reals reals = new Reals(tf);
    Operand<TNumber> w = reals.cast(trainable.variable, epsilon.type());
    return reals.cast(tf.math.add(w, epsilon), Reals.unchecked(trainable.variable.type()));
  }

  /** Assigns w+ε and w in turn, and can tell after a failure which of them the variables hold. */
  private static final class InPlace {
    private final Ops tf;
    private final List<Trainable> perturbed;
    private final List<Variable<TNumber>> backups = new ArrayList<>();
    private final Variable<TBool> isPerturbed;

    InPlace(Ops tf, List<Trainable> perturbed) {
      this.tf = tf;
      this.perturbed = perturbed;
      Ops init = tf.withInitScope();
      for (Trainable trainable : perturbed) {
        Operand<TNumber> w = weight(trainable);
        Variable<TNumber> backup = init.withName("backup").variable(w.shape(), w.type());
        init.assign(
            backup,
            init.fill(init.constant(w.shape()), init.dtypes.cast(init.constant(0f), w.type())));
        backups.add(backup);
      }
      isPerturbed =
          init.withName("isPerturbed").variable(org.tensorflow.ndarray.Shape.scalar(), TBool.class);
      init.assign(isPerturbed, init.constant(false));
    }

    Operation perturb(List<Operand<TNumber>> epsilons, List<Op> firstPass) {
      List<Op> saved = new ArrayList<>(firstPass);
      List<Operand<TNumber>> sums = new ArrayList<>();
      for (int i = 0; i < perturbed.size(); i++) {
        saved.add(tf.assign(backups.get(i), weight(perturbed.get(i))));
        sums.add(sum(tf, perturbed.get(i), epsilons.get(i)));
      }
      saved.addAll(sums);
      Op marked = tf.withControlDependencies(saved).assign(isPerturbed, tf.constant(true));
      List<Op> assigned = new ArrayList<>();
      for (int i = 0; i < perturbed.size(); i++) {
        assigned.add(
            tf.withName("perturb")
                .withControlDependencies(List.of(marked))
                .assign(weight(perturbed.get(i)), sums.get(i)));
      }
      return tf.withName("perturbed").withControlDependencies(assigned).noOp().op();
    }

    List<Op> restoreAfter(List<Op> secondPass) {
      List<Op> restored = new ArrayList<>();
      for (int i = 0; i < perturbed.size(); i++) {
        restored.add(
            tf.withName("restore")
                .withControlDependencies(secondPass)
                .assign(weight(perturbed.get(i)), backups.get(i)));
      }
      restored.add(
          tf.withControlDependencies(List.copyOf(restored))
              .assign(isPerturbed, tf.constant(false)));
      return restored;
    }

    Op undo() {
      List<Op> undone = new ArrayList<>();
      for (int i = 0; i < perturbed.size(); i++) {
        Operand<TNumber> w = weight(perturbed.get(i));
        undone.add(tf.withName("undo").assign(w, tf.select(isPerturbed, backups.get(i), w)));
      }
      Op unmarked = tf.withControlDependencies(undone).assign(isPerturbed, tf.constant(false));
      return tf.withName("undone").withControlDependencies(List.of(unmarked)).noOp();
    }

    private static Operand<TNumber> weight(Trainable trainable) {
      return Reals.unchecked(trainable.variable);
    }
  }
}
