package org.samtf.examples.benchmark;

import org.samtf.OrderedOptimizer;
import org.samtf.SamOptimizer;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.op.Op;

/** The steps whose memory is measured. */
enum MemoryVariant {
  /** Without SAM. */
  BASE("base", 0, false),
  /** SAM on the whole batch. */
  SAM("SAM, k = 1", 1, false),
  /** SAM on parts that may run at the same time. */
  PARTS("SAM, k = 8", MemoryVariant.PART_COUNT, false),
  /** SAM on parts that run one after the other. */
  SEQUENTIAL("SAM, k = 8, sequential", MemoryVariant.PART_COUNT, true);

  /** The micro-batches of those that cut. */
  static final int PART_COUNT = 8;

  private final String title;
  private final int parts;
  private final boolean sequential;

  MemoryVariant(String title, int parts, boolean sequential) {
    this.title = title;
    this.parts = parts;
    this.sequential = sequential;
  }

  Op minimize(Graph graph, Operand<?> loss, Operand<?>... batchInputs) {
    Momentum base = new Momentum(graph, 0.01f, 0.9f);
    if (parts == 0) {
      return new OrderedOptimizer(graph, base).minimize(loss);
    }
    return SamOptimizer.builder(graph, base)
        .microBatches(parts, batchInputs)
        .sequential(sequential)
        .build()
        .minimize(loss);
  }

  @Override
  public String toString() {
    return title;
  }
}
