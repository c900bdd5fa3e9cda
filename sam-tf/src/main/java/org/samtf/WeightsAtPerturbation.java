package org.samtf;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.samtf.Trainables.Trainable;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Reals;
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

  /** w+ε of each perturbed variable, on a device, in the type of w. */
  static List<Operand<?>> sums(
      Ops tf,
      DeviceReads reads,
      String device,
      List<Trainable> perturbed,
      List<Operand<TNumber>> epsilons) {
    List<Operand<?>> sums = new ArrayList<>();
    for (int i = 0; i < perturbed.size(); i++) {
      sums.add(sum(tf, reads.read(perturbed.get(i).variable, device), epsilons.get(i)));
    }
    return sums;
  }

  /**
   * The second pass reads tensors; the variables hold w all the time.
   *
   * @param sums w+ε of each variable
   * @param after what has to be over before they are read
   */
  static WeightsAtPerturbation beside(
      Ops tf, List<Trainable> perturbed, List<Operand<?>> sums, List<Op> after) {
    WeightsAtPerturbation weights = new WeightsAtPerturbation();
    for (int i = 0; i < perturbed.size(); i++) {
      // ε is a constant of the second pass: no gradient flows back through it.
      Operand<?> perturbedWeight =
          tf.withName("perturbed").withControlDependencies(after).stopGradient(sums.get(i));
      weights.readAs.put(perturbed.get(i).node.op, perturbedWeight.asOutput());
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
    Ops read =
        scope.withSubScope("inPlace").withControlDependencyOps(List.of(weights.readAfter)).ops();
    for (Trainable trainable : perturbed) {
      Operand<TNumber> w = Reals.unchecked(trainable.variable);
      weights.readAs.put(trainable.node.op, read.withName("read").identity(w).asOutput());
    }
    return weights;
  }

  /** What to differentiate the loss of the second pass in, for the gradient in a variable. */
  Output<?> differentiateIn(Trainable trainable) {
    // In place, an op may take the variable itself, so not all paths lead through what is read.
    return inPlace != null
        ? trainable.variable
        : readAs.getOrDefault(trainable.node.op, trainable.variable);
  }

  /** What the second pass reads in place of the value of each perturbed variable. */
  Map<GraphOperation, Output<?>> readAs() {
    return readAs;
  }

  /** The op after which the variables themselves hold w+ε; null if they never do. */
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

  private static Operand<TNumber> sum(Ops tf, Output<?> weight, Operand<TNumber> epsilon) {
    Reals reals = new Reals(tf);
    Operand<TNumber> w = reals.cast(weight, epsilon.type());
    return reals.cast(tf.math.add(w, epsilon), Reals.unchecked(weight.type()));
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
        sums.add(sum(tf, perturbed.get(i).variable, epsilons.get(i)));
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
