package org.samtf;

import java.util.ArrayList;
import java.util.List;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Reals;
import org.samtf.internal.graph.Upstream;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.family.TType;

/** Where the replicas of a step come from: the user's losses, or parts of a batch. */
abstract class ReplicaSource {

  /** How many there are. */
  abstract int count();

  /** Where the ops that serve a replica go: their name scope and device. */
  abstract GraphScope scope(int number);

  /**
   * The loss that a perturbation is computed from.
   *
   * @param after what it has to wait for
   */
  abstract Replica forAscent(int number, List<Op> after);

  /** The loss that the gradient at w+ε is computed of. */
  Replica forDescent(Replica ofAscent) {
    return ofAscent;
  }

  static ReplicaSource of(
      SamSettings settings, GraphScope scope, List<Output<?>> losses, DeviceReads reads) {
    if (losses.isEmpty()) {
      throw new IllegalArgumentException("there is no loss; give at least one");
    }
    boolean cut = settings.microBatches > 1 || settings.ascentExamples != null;
    if (cut && losses.size() > 1) {
      throw new IllegalArgumentException(
          "there are "
              + losses.size()
              + " losses, and a batch is to be cut as well; give one loss, or cut no batch");
    }
    if (!settings.devices.isEmpty() && settings.microBatches == 1) {
      throw new IllegalArgumentException(
          "devices are "
              + settings.devices
              + ", but the batch is in one part; raise microBatches, or leave devices out and put"
              + " the losses on devices");
    }
    if (settings.randomAscentExamples && settings.ascentExamples == null) {
      throw new IllegalArgumentException(
          "randomAscentExamples is given without ascentExamples or ascentFraction; add one of them"
              + " or leave it out");
    }
    if (settings.inPlace && (losses.size() > 1 || settings.microBatches > 1)) {
      throw new IllegalArgumentException(
          "inPlace has one set of weights, but each replica needs its own w+epsilon; leave inPlace"
              + " off");
    }
    if (settings.ascentExamples != null) {
      if (settings.microBatches > 1) {
        throw new IllegalArgumentException(
            "ascentExamples and microBatches both cut the batch; use one of them");
      }
      return new Subset(settings, scope, losses.get(0), reads);
    }
    if (settings.microBatches > 1) {
      return new MicroBatches(settings, scope, losses.get(0), reads);
    }
    return new Losses(scope, losses, reads);
  }

  /** One loss a replica, written by the user. */
  private static final class Losses extends ReplicaSource {
    private final GraphScope scope;
    private final List<Replica> replicas = new ArrayList<>();

    Losses(GraphScope scope, List<Output<?>> losses, DeviceReads reads) {
      this.scope = scope;
      for (Output<?> loss : losses) {
        Replica replica = new Replica(loss);
        reads.leaveOut(replica.forward.assigned());
        replicas.add(replica);
      }
    }

    @Override
    int count() {
      return replicas.size();
    }

    @Override
    GraphScope scope(int number) {
      Upstream forward = replicas.get(number).forward;
      if (replicas.size() == 1) {
        return scope.withDeviceString(forward.commonDevice());
      }
      // The ops of a replica stand where its loss does.
      return scope.withSubScope("replica" + number).withDeviceString(forward.last().op.device());
    }

    @Override
    Replica forAscent(int number, List<Op> after) {
      return replicas.get(number);
    }
  }

  /** Parts of the batch, of the same size. */
  private static final class MicroBatches extends ReplicaSource {
    private final SamSettings settings;
    private final GraphScope scope;
    private final BatchParts parts;
    private final List<List<Output<?>>> inputsOfParts = new ArrayList<>();

    MicroBatches(SamSettings settings, GraphScope scope, Output<?> loss, DeviceReads reads) {
      this.settings = settings;
      this.scope = scope;
      this.parts = new BatchParts(loss, settings.batchInputs, reads);
      int k = settings.microBatches;
      for (int i = 0; i < k; i++) {
        inputsOfParts.add(new ArrayList<>());
      }
      Ops tf = scope.withSubScope("microBatches").ops();
      Operand<TInt32> batchAxis = tf.constant(0);
      for (Output<?> input : parts.batchInputs()) {
        requireDivisible(input, k);
        // Split fails in the run, and names both numbers, if k does not divide the batch.
        var split =
            tf.withName("splitIntoEqualParts")
                .split(batchAxis, Reals.<Operand<TType>>unchecked(input), (long) k);
        for (int i = 0; i < k; i++) {
          inputsOfParts.get(i).add(split.op().output(i));
        }
      }
    }

    @Override
    int count() {
      return settings.microBatches;
    }

    @Override
    GraphScope scope(int number) {
      GraphScope part = scope.withSubScope("part" + number);
      return settings.devices.isEmpty()
          ? part
          : part.withDeviceString(settings.devices.get(number % settings.devices.size()));
    }

    @Override
    Replica forAscent(int number, List<Op> after) {
      return parts.part(
          scope(number).withSubScope("forward"), number, inputsOfParts.get(number), after);
    }

    private static void requireDivisible(Output<?> input, int k) {
      var shape = input.shape();
      if (shape.numDimensions() == 0) {
        throw new IllegalArgumentException(
            "batch input \"" + input.op().name() + "\" is a scalar; it must have a first axis");
      }
      long size = shape.numDimensions() < 0 ? -1 : shape.get(0);
      if (size >= 0 && size % k != 0) {
        throw new IllegalArgumentException(
            "batch input \""
                + input.op().name()
                + "\" has "
                + size
                + " examples, which "
                + k
                + " micro-batches do not divide; use a divisor of "
                + size);
      }
    }
  }

  /** The perturbation from some of the examples, the gradient at w+ε from all of them. */
  private static final class Subset extends ReplicaSource {
    private final GraphScope scope;
    private final Replica whole;
    private final BatchParts parts;
    private final List<Output<?>> inputs;

    Subset(SamSettings settings, GraphScope scope, Output<?> loss, DeviceReads reads) {
      AscentExamples examples = settings.ascentExamples;
      this.scope = scope;
      this.whole = new Replica(loss);
      this.parts = new BatchParts(loss, examples.batchInputs, reads);
      this.inputs =
          ExampleSubset.of(
              scope.withSubScope("ascentExamples").ops(),
              examples,
              settings.randomAscentExamples,
              settings.ascentSeed,
              parts.batchInputs());
    }

    @Override
    int count() {
      return 1;
    }

    @Override
    GraphScope scope(int number) {
      return scope;
    }

    @Override
    Replica forAscent(int number, List<Op> after) {
      return parts.part(scope.withSubScope("subset"), 1, inputs, after);
    }

    @Override
    Replica forDescent(Replica ofAscent) {
      return whole;
    }
  }
}
