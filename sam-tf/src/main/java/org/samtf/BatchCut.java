package org.samtf;

import java.util.List;
import org.tensorflow.Operand;

/** How a batch is cut: what each replica of a loss is computed from. */
abstract class BatchCut {

  /** The tensors whose first axis is the batch. */
  final List<Operand<?>> batchInputs;

  private BatchCut(List<Operand<?>> batchInputs) {
    this.batchInputs = batchInputs;
  }

  /** One replica a loss, of all that it is computed from. */
  static final class None extends BatchCut {
    None() {
      super(List.of());
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

    /** Whether one part comes after the other. */
    final boolean sequential;

    MicroBatches(
        int count, List<Operand<?>> batchInputs, List<String> devices, boolean sequential) {
      super(batchInputs);
      this.count = count;
      this.devices = devices;
      this.sequential = sequential;
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
    public String toString() {
      return ", ascentExamples=" + examples;
    }
  }
}
