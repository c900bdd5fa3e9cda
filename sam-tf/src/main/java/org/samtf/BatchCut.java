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

    /** What each part reads in place of each batch input; if there are none, slices of it. */
    final List<List<Operand<?>>> partInputs;

    private final boolean sequential;

    MicroBatches(int count, List<Operand<?>> batchInputs) {
      this(count, batchInputs, List.of(), List.of(), false);
    }

    private MicroBatches(
        int count,
        List<Operand<?>> batchInputs,
        List<List<Operand<?>>> partInputs,
        List<String> devices,
        boolean sequential) {
      super(batchInputs);
      this.count = count;
      this.partInputs = partInputs;
      this.devices = devices;
      this.sequential = sequential;
    }

    /** The same cut, on devices. */
    MicroBatches on(List<String> newDevices, boolean inSequence) {
      return new MicroBatches(count, batchInputs, partInputs, newDevices, inSequence);
    }

    /**
     * The same parts, which read other inputs.
     *
     * @throws IllegalArgumentException if they do not stand for the parts' batch inputs
     */
    MicroBatches reading(List<List<Operand<?>>> inputs) {
      if (inputs.size() != count) {
        throw new IllegalArgumentException(
            "partInputs are for "
                + inputs.size()
                + " parts, and microBatches has "
                + count
                + "; give a list for each");
      }
      for (int i = 0; i < count; i++) {
        requireLike(batchInputs, inputs.get(i), i);
      }
      return new MicroBatches(count, batchInputs, inputs, devices, sequential);
    }

    private static void requireLike(
        List<Operand<?>> batchInputs, List<Operand<?>> inputs, int part) {
      if (inputs.size() != batchInputs.size()) {
        throw new IllegalArgumentException(
            "partInputs has "
                + inputs.size()
                + " inputs for part "
                + part
                + ", and microBatches names "
                + batchInputs.size()
                + "; give one for each, in their order");
      }
      for (int k = 0; k < inputs.size(); k++) {
        Output<?> whole = batchInputs.get(k).asOutput();
        Output<?> input = inputs.get(k).asOutput();
        if (whole.dataType() != input.dataType()) {
          throw new IllegalArgumentException(
              "part input \""
                  + input.op().name()
                  + "\" is "
                  + input.dataType()
                  + ", and batch input \""
                  + whole.op().name()
                  + "\", which it stands for, is "
                  + whole.dataType()
                  + "; give one of the same type");
        }
      }
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
      return ", microBatches="
          + count
          + (partInputs.isEmpty() ? "" : " with inputs of their own")
          + ", sequential="
          + sequential
          + ", devices="
          + devices;
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
