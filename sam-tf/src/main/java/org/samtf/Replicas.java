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
abstract class Replicas {

  /** The losses as the user wrote them. */
  final List<Replica> losses;

  private Replicas(List<Replica> losses) {
    this.losses = losses;
  }

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

  /**
   * The replicas of losses.
   *
   * @param reads how they read variables
   * @throws IllegalArgumentException if the losses cannot be cut so
   */
  static Replicas of(
      SamSettings settings, GraphScope scope, List<Output<?>> losses, DeviceReads reads) {
    List<Replica> whole = new ArrayList<>();
    for (Output<?> loss : losses) {
      Replica replica = new Replica(loss);
      reads.leaveOut(replica.forward.assigned());
      whole.add(replica);
    }
    if (whole.size() == 1 && settings.needsSeveralLosses) {
      throw new IllegalArgumentException(
          "sharePerturbation is given, but there is one loss and its batch is in one part; add"
              + " microBatches, give more losses, or leave sharePerturbation out");
    }
    if (whole.size() > 1 && settings.inPlace) {
      throw new IllegalArgumentException(
          "inPlace has one set of weights, but each replica needs its own w+epsilon; leave inPlace"
              + " off");
    }
    return settings.cut.replicas(whole, scope, reads);
  }

  /** One loss a replica, written by the user. */
  static final class Losses extends Replicas {
    private final GraphScope scope;

    Losses(List<Replica> losses, GraphScope scope) {
      super(losses);
      this.scope = scope;
    }

    @Override
    int count() {
      return losses.size();
    }

    @Override
    GraphScope scope(int number) {
      Upstream forward = losses.get(number).forward;
      if (losses.size() == 1) {
        return scope.withDeviceString(forward.commonDevice());
      }
      // The ops of a replica stand where its loss does.
      return scope.withSubScope("replica" + number).withDeviceString(forward.last().op.device());
    }

    @Override
    Replica forAscent(int number, List<Op> after) {
      return losses.get(number);
    }
  }

  /** Parts of the batch, of the same size. */
  static final class Parts extends Replicas {
    private final GraphScope scope;
    private final BatchCut.MicroBatches cut;
    private final BatchParts parts;
    private final List<List<Output<?>>> inputsOfParts = new ArrayList<>();

    Parts(Replica loss, GraphScope scope, BatchCut.MicroBatches cut, DeviceReads reads) {
      super(List.of(loss));
      this.scope = scope;
      this.cut = cut;
      this.parts = new BatchParts(loss, cut.batchInputs, reads);
      if (cut.partInputs.isEmpty()) {
        addSlices();
      } else {
        for (List<Operand<?>> inputs : cut.partInputs) {
          List<Output<?>> outputs = new ArrayList<>();
          inputs.forEach(input -> outputs.add(input.asOutput()));
          inputsOfParts.add(outputs);
        }
      }
    }

    private void addSlices() {
      int k = cut.count;
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
      return cut.count;
    }

    @Override
    GraphScope scope(int number) {
      GraphScope part = scope.withSubScope("part" + number);
      return cut.devices.isEmpty()
          ? part
          : part.withDeviceString(cut.devices.get(number % cut.devices.size()));
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
  static final class Subset extends Replicas {
    private final GraphScope scope;
    private final BatchParts parts;
    private final List<Output<?>> inputs;

    Subset(Replica loss, GraphScope scope, BatchCut.AscentSubset cut, DeviceReads reads) {
      super(List.of(loss));
      this.scope = scope;
      this.parts = new BatchParts(loss, cut.batchInputs, reads);
      this.inputs =
          cut.examples.of(scope.withSubScope("ascentExamples").ops(), parts.batchInputs());
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
      return losses.get(0);
    }
  }
}
