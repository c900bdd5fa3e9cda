package org.samtf.examples.train;

import java.util.Optional;
import org.samtf.NotFinite;
import org.samtf.OrderedOptimizer;
import org.samtf.SamOptimizerBuilder;

/**
 * In what numbers a run computes, and what it does about those that are not finite.
 *
 * @param precision of products and convolutions
 * @param scaling of the loss
 * @param scale of the loss, if it is fixed
 * @param notFinite what a step does if a gradient is not finite
 */
public record Numerics(
    Precision precision, Scaling scaling, Optional<Float> scale, NotFinite notFinite) {

  /** How the loss is scaled. */
  public enum Scaling {
    /** Not at all. */
    NONE,
    /** By a number. */
    FIXED,
    /** As far as the gradients allow. */
    DYNAMIC
  }

  /** Float32 throughout; a step with a gradient that is not finite fails. */
  public static final Numerics PLAIN =
      new Numerics(Precision.FLOAT32, Scaling.NONE, Optional.empty(), NotFinite.FAIL);

  /** Returns whether steps may be skipped. */
  boolean skips() {
    return notFinite == NotFinite.SKIP;
  }

  void applyTo(SamOptimizerBuilder builder) {
    switch (scaling) {
      case FIXED -> builder.lossScale(scale.orElseThrow());
      case DYNAMIC -> builder.dynamicLossScale();
      default -> builder.notFinite(notFinite);
    }
  }

  void applyTo(OrderedOptimizer.Builder builder) {
    switch (scaling) {
      case FIXED -> builder.lossScale(scale.orElseThrow());
      case DYNAMIC -> builder.dynamicLossScale();
      default -> builder.notFinite(notFinite);
    }
  }

  /**
   * Describes the settings in a line.
   *
   * @return the line
   */
  public String inWords() {
    String scaled =
        switch (scaling) {
          case FIXED -> ", loss scale " + scale.orElseThrow();
          case DYNAMIC -> ", dynamic loss scale";
          default -> skips() ? ", not finite: skipped" : "";
        };
    return precision + scaled;
  }
}
