package org.samtf;

import org.samtf.internal.graph.GraphScope;

/**
 * By what a loss is multiplied before it is differentiated, so that gradients in float16 are not
 * too small for it: Micikevicius et al. 2018, "Mixed Precision Training", sections 3.2 and 4.
 *
 * <p>All scales are powers of two, so that to multiply by one and to divide by it again loses
 * nothing.
 */
final class LossScaling {

  /** The scale that a dynamic one begins with if none is given: Keras's choice. */
  static final float INITIAL_DEFAULT = 1 << 15;

  /**
   * After how many good steps it is doubled if that is not given: the choice of Keras and PyTorch.
   */
  static final long GROWTH_INTERVAL_DEFAULT = 2000;

  /** The largest scale that has a reciprocal which TensorFlow computes with. */
  static final float LARGEST = 0x1p126f;

  final float initial;
  final boolean isDynamic;
  final long growthInterval;

  private LossScaling(float initial, boolean isDynamic, long growthInterval) {
    this.initial = initial;
    this.isDynamic = isDynamic;
    this.growthInterval = growthInterval;
  }

  /**
   * The same scale in all steps.
   *
   * @throws IllegalArgumentException if it is no power of two, or out of range
   */
  static LossScaling fixed(float scale) {
    return new LossScaling(powerOfTwo("lossScale", scale), false, 0);
  }

  /**
   * A scale that is halved by each step that overflows, down to 1, and doubled by so many others in
   * a row.
   *
   * @throws IllegalArgumentException if {@code initial} is no power of two, or a number is out of
   *     range
   */
  static LossScaling dynamic(float initial, long growthInterval) {
    if (growthInterval < 1) {
      throw new IllegalArgumentException(
          "growthInterval is " + growthInterval + "; it must be at least 1");
    }
    return new LossScaling(powerOfTwo("initialScale", initial), true, growthInterval);
  }

  private static float powerOfTwo(String name, float scale) {
    if (!(scale >= 1 && scale <= LARGEST) || scale != Math.scalb(1f, Math.getExponent(scale))) {
      throw new IllegalArgumentException(
          name
              + " is "
              + scale
              + "; it must be a power of two from 1 to 2^126, so that to divide by it loses"
              + " nothing");
    }
    return scale;
  }

  /** Writes the scale of a step, and what of it is kept. */
  LossScale write(GraphScope scope) {
    return isDynamic ? LossScale.dynamic(scope, this) : LossScale.fixed(scope, initial);
  }

  @Override
  public String toString() {
    return isDynamic
        ? "dynamic from " + initial + ", doubled every " + growthInterval
        : Float.toString(initial);
  }
}
