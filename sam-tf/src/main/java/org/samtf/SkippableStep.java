package org.samtf;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.samtf.internal.graph.GraphScope;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.framework.optimizers.Optimizer.GradAndVar;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.SwitchCond;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TType;

/**
 * A step that changes nothing if a gradient is not finite, but counts that.
 *
 * <p>What waits for an op that is not run is not run either: the update waits for one that is run
 * if all gradients are finite, the count for one that is run if not. So it does not matter what an
 * optimizer's update is made of, as long as all of it that assigns waits for its gradients, which
 * {@link UpdateOrder} sees to.
 */
final class SkippableStep {

  private final GraphScope scope;

  /** The scale of the loss, if it has one. */
  final Optional<LossScale> lossScale;

  private final Variable<TInt64> counter;

  /** How many steps were skipped before this one, a scalar. */
  final Operand<TInt64> skippedBefore;

  /** Whether the step's own gradients are finite, and what is applied in their place. */
  private Optional<Operand<TBool>> computed = Optional.empty();

  private Optional<Operand<TBool>> finite = Optional.empty();
  private Optional<Operand<TBool>> skipped = Optional.empty();

  /**
   * Writes what is kept.
   *
   * @param scope that of the step
   */
  SkippableStep(GraphScope scope, FiniteRule rule) {
    this.scope = scope;
    Ops tf = scope.withSubScope("state").ops();
    counter = tf.withName("skippedSteps").variable(tf.constant(0L));
    // A copy: the counter's own memory changes with the step.
    Operand<TInt64> next = tf.math.add(counter, tf.constant(1L));
    skippedBefore = tf.math.sub(next, tf.constant(1L));
    lossScale = rule.lossScaling.map(scaling -> scaling.write(scope.withSubScope("state")));
  }

  /**
   * The step's own gradients are there.
   *
   * @param isFinite whether they are finite, a scalar
   */
  void computed(Operand<TBool> isFinite) {
    computed = Optional.of(isFinite);
    finite(isFinite);
  }

  /**
   * What is made of them is to be applied.
   *
   * @param isFinite whether that is finite, a scalar
   */
  void applied(Operand<TBool> isFinite) {
    Ops tf = scope.ops();
    finite(computed.isPresent() ? tf.math.logicalAnd(computed.get(), isFinite) : isFinite);
  }

  private void finite(Operand<TBool> isFinite) {
    finite = Optional.of(isFinite);
    skipped = Optional.of(scope.ops().withName("skipped").math.logicalNot(isFinite));
  }

  private Operand<TBool> finite() {
    return finite.orElseThrow();
  }

  /** Whether the step is skipped, a scalar; nothing before there are gradients. */
  Optional<Operand<TBool>> skipped() {
    return skipped;
  }

  /** An op that is run in the steps that are taken, or in the others. */
  private Op runIf(boolean taken) {
    Ops tf = scope.withSubScope("update").ops();
    SwitchCond<TBool> isFinite = tf.switchCond(finite(), finite());
    return taken
        ? tf.withName("taken").identity(isFinite.outputTrue())
        : tf.withName("skipped").identity(isFinite.outputFalse());
  }

  /** An op that is run only if the step is taken. */
  GraphOperation taken() {
    return (GraphOperation) runIf(true).op();
  }

  /** Gradients that are there only if the step is taken. */
  List<GradAndVar<? extends TType>> ifTaken(List<GradAndVar<? extends TType>> pairs) {
    List<Output<?>> gradients = new ArrayList<>();
    pairs.forEach(pair -> gradients.add(pair.getGradient()));
    List<Output<?>> taken = gradientsIfTaken(gradients);
    List<GradAndVar<? extends TType>> ready = new ArrayList<>();
    for (int i = 0; i < pairs.size(); i++) {
      ready.add(WrappingOptimizer.pair(taken.get(i), pairs.get(i).getVariable()));
    }
    return ready;
  }

  /** Gradients that are there only if the step is taken: from one op a device. */
  List<Output<?>> gradientsIfTaken(List<Output<?>> gradients) {
    Op taken = runIf(true);
    Map<String, List<Integer>> indicesByDevice = new LinkedHashMap<>();
    for (int i = 0; i < gradients.size(); i++) {
      String device = ((GraphOperation) gradients.get(i).op()).device();
      indicesByDevice.computeIfAbsent(device, d -> new ArrayList<>()).add(i);
    }
    Output<?>[] ifTaken = new Output<?>[gradients.size()];
    indicesByDevice.forEach(
        (device, indices) -> {
          List<Operand<?>> group = new ArrayList<>();
          indices.forEach(i -> group.add(gradients.get(i)));
          var identity =
              scope
                  .withSubScope("update")
                  .withDeviceString(device)
                  .ops()
                  .withName("ifTaken")
                  .withControlDependencies(List.of(taken))
                  .identityN(group);
          for (int k = 0; k < indices.size(); k++) {
            ifTaken[indices.get(k)] = identity.op().output(k);
          }
        });
    return List.of(ifTaken);
  }

  /**
   * The end of a step of either kind.
   *
   * @param update what a step that is taken consists of
   */
  List<GraphOperation> end(List<GraphOperation> update) {
    List<Op> taken = new ArrayList<>();
    update.forEach(op -> taken.add(() -> op));
    Ops tf = scope.withSubScope("update").ops();
    List<Op> read = new ArrayList<>(List.of(skippedBefore));
    lossScale.ifPresent(scale -> read.addAll(scale.values()));
    lossScale.ifPresent(scale -> taken.addAll(scale.keep(after(tf, runIf(true), read), true)));

    Ops ifSkipped = after(tf, runIf(false), read);
    List<Op> skipped = new ArrayList<>();
    skipped.add(ifSkipped.withName("count").assignAdd(counter, ifSkipped.constant(1L)));
    lossScale.ifPresent(scale -> skipped.addAll(scale.keep(ifSkipped, false)));

    List<GraphOperation> over = new ArrayList<>();
    Gate gate = Gate.where(scope.withSubScope("update"), finite());
    gate.over(taken, skipped).forEach(op -> over.add((GraphOperation) op.op()));
    return over;
  }

  private static Ops after(Ops tf, Op condition, List<Op> read) {
    List<Op> all = new ArrayList<>(read);
    all.add(condition);
    return tf.withControlDependencies(all);
  }
}
