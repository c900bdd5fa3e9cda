package org.samtf.examples.benchmark;

import java.util.function.UnaryOperator;
import org.samtf.OrderedOptimizer;
import org.samtf.SamOptimizer;
import org.samtf.SamOptimizerBuilder;
import org.samtf.direction.AscentDirections;
import org.samtf.direction.DescentDirections;
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
  SEQUENTIAL("SAM, k = 8, sequential", MemoryVariant.PART_COUNT, true),
  /** MSAM, with one pass. */
  MSAM("MSAM", sam -> sam.ascent(AscentDirections.momentum())),
  /** LookSAM, which keeps a vector; the step that is traced has a second pass. */
  LOOKSAM("LookSAM, every 2", sam -> sam.every(2).descent(DescentDirections.looking(0.7))),
  /** Friendly SAM, which keeps a vector. */
  FRIENDLY("Friendly SAM", sam -> sam.ascent(AscentDirections.friendly(1, 0.9))),
  /** Variance-suppressed SAM, which keeps a vector. */
  VASSO("VaSSO", sam -> sam.ascent(AscentDirections.varianceSuppressed(0.4))),
  /** GSAM, which needs both gradients at the end of a step. */
  GSAM("GSAM", sam -> sam.descent(DescentDirections.surrogateGap(0.2))),
  /** SANER, which needs both as well. */
  SANER("SANER", sam -> sam.descent(DescentDirections.saner(0.5, 0)));

  /** The micro-batches of those that cut. */
  static final int PART_COUNT = 8;

  private final String title;
  private final int parts;
  private final boolean sequential;
  private final UnaryOperator<SamOptimizerBuilder> settings;

  MemoryVariant(String title, int parts, boolean sequential) {
    this(title, parts, sequential, UnaryOperator.identity());
  }

  MemoryVariant(String title, UnaryOperator<SamOptimizerBuilder> settings) {
    this(title, 1, false, settings);
  }

  MemoryVariant(
      String title, int parts, boolean sequential, UnaryOperator<SamOptimizerBuilder> settings) {
    this.title = title;
    this.parts = parts;
    this.sequential = sequential;
    this.settings = settings;
  }

  Op minimize(Graph graph, Operand<?> loss, Operand<?>... batchInputs) {
    Momentum base = new Momentum(graph, 0.01f, 0.9f);
    if (parts == 0) {
      return new OrderedOptimizer(graph, base).minimize(loss);
    }
    return settings
        .apply(SamOptimizer.builder(graph, base))
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
