package org.samtf;

import java.util.List;
import org.samtf.internal.graph.GraphScope;
import org.tensorflow.Operand;
import org.tensorflow.Output;

/** How a batch is cut: what each replica of a loss is computed from. */
abstract class BatchCut {

  /** The tensors whose first axis is the batch. */
  final List<Operand<?>> batchInputs;

  private BatchCut(List<Operand<?>> batchInputs) {
    this.batchInputs = batchInputs;
  }

  /**
   * Makes the replicas.
   *
   * @param losses as the user wrote them
   * @param reads how they read variables
   * @throws IllegalArgumentException if the losses cannot be cut so
   */
  abstract Replicas replicas(List<Replica> losses, GraphScope scope, DeviceReads reads);

  /** Whether one replica comes after the other. */
  boolean isSequential() {
    return false;
  }

  private static Replica only(List<Replica> losses) {
    if (losses.size() > 1) {
      throw new IllegalArgumentException(
          "there are "
              + losses.size()
              + " losses, and a batch is to be cut as well; give one loss, or cut no batch");
    }
    return losses.get(0);
  }

  /** One replica a loss, of all that it is computed from. */
  static final class None extends BatchCut {
    None() {
      super(List.of());
    }

    @Override
    Replicas replicas(List<Replica> losses, GraphScope scope, DeviceReads reads) {
      return new Replicas.Losses(losses, scope);
    }

    @Override
    public String toString() {
      return "";
    }
  }

  /** Parts of one size, a replica each. */
  static final class MicroBatches extends BatchCut {
    final int count;

    /** The devices that parts are on, in turn; if there are none, TensorFlow chooses. */
    final List<String> devices;

    private final boolean sequential;

    MicroBatches(
        int count, List<Operand<?>> batchInputs, List<String> devices, boolean sequential) {
      super(batchInputs);
      this.count = count;
      this.devices = devices;
      this.sequential = sequential;
    }

    @Override
    Replicas replicas(List<Replica> losses, GraphScope scope, DeviceReads reads) {
      Replica whole = only(losses);
      requireScalar(whole.loss);
      return new Replicas.Parts(whole, scope, this, reads);
    }

    @Override
    boolean isSequential() {
      return sequential;
    }

    /** Of a loss with an entry an example the sum is meant, which is smaller for a part. */
    private static void requireScalar(Output<?> loss) {
      if (loss.shape().numDimensions() > 0) {
        throw new IllegalArgumentException(
            "loss \""
                + loss.op().name()
                + "\" has shape "
                + loss.shape()
                + ", and microBatches cut its batch; give the mean of its entries, so that parts of"
                + " the batch have losses of the same size");
      }
    }

    @Override
    public String toString() {
      return ", microBatches=" + count + ", sequential=" + sequential + ", devices=" + devices;
    }
  }

  /** One replica, whose perturbation is computed from some of the examples. */
  static final class AscentSubset extends BatchCut {
    final ExampleSubset examples;

    AscentSubset(List<Operand<?>> batchInputs, ExampleSubset examples) {
      super(batchInputs);
      this.examples = examples;
    }

    @Override
    Replicas replicas(List<Replica> losses, GraphScope scope, DeviceReads reads) {
      return new Replicas.Subset(only(losses), scope, this, reads);
    }

    @Override
    public String toString() {
      return ", ascentExamples=" + examples;
    }
  }
}
