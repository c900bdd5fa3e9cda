package org.samtf;

import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;
import org.samtf.internal.graph.Kernels;
import org.tensorflow.Operand;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.types.family.TNumber;

/** How a step is to be written; see the builder of {@link SamOptimizer} for what each means. */
final class SamSettings implements Cloneable {

  final Optimizer base;
  float rho = SamOptimizer.RHO_DEFAULT;
  Operand<? extends TNumber> rhoOperand;
  double norm = SamOptimizer.NORM_DEFAULT;
  boolean adaptive;
  float eta;
  float l2 = SamOptimizer.L2_DEFAULT;
  Collection<? extends Operand<?>> trainable;

  /** Patterns of the names of variables that are neither updated nor perturbed. */
  List<String> freeze = List.of();

  Predicate<String> exclude = name -> false;
  boolean inPlace;
  String name = SamOptimizer.NAME_DEFAULT;

  /** The number of parts of a batch, and what is cut. */
  int microBatches = 1;

  List<Operand<?>> batchInputs = List.of();
  boolean sequential;
  List<String> devices = List.of();

  /** The examples that the perturbation is computed from: null for all. */
  AscentExamples ascentExamples;

  boolean randomAscentExamples;

  /** What the choice of the ascent examples depends on; null for a generator of its own. */
  Operand<? extends TNumber> ascentSeed;

  /** How many replicas have one perturbation; 0 for all of them. */
  int groupSize = 1;

  /**
   * Whether the step is for CPUs only: it may then have conditions, which are read on the host, and
   * products in the form that the CPU's kernels are fast for.
   */
  boolean cpuOnly = !Kernels.hasGpu();

  SamSettings(Optimizer base) {
    this.base = base;
  }

  Ascent ascent() {
    Ascent dual = norm == 2 && cpuOnly ? new EuclideanDual() : new HolderDual(norm);
    return adaptive ? new Adaptive(dual, eta) : dual;
  }

  @Override
  protected SamSettings clone() {
    try {
      return (SamSettings) super.clone();
    } catch (CloneNotSupportedException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("SamOptimizer{base=").append(base);
    text.append(", rho=").append(rhoOperand == null ? rho : rhoOperand.op().name());
    text.append(", norm=").append(norm);
    if (adaptive) {
      text.append(", eta=").append(eta);
    }
    text.append(", l2=").append(l2);
    if (!freeze.isEmpty()) {
      text.append(", freeze=").append(freeze);
    }
    if (microBatches > 1) {
      text.append(", microBatches=").append(microBatches);
      text.append(", sequential=").append(sequential);
      text.append(", devices=").append(devices);
    }
    if (ascentExamples != null) {
      text.append(", ascentExamples=").append(ascentExamples);
    }
    if (groupSize != 1) {
      text.append(", perturbation=SHARED").append(groupSize == 0 ? "" : " by " + groupSize);
    }
    return text.append(", inPlace=").append(inPlace).append('}').toString();
  }
}
