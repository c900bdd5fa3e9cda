package org.samtf.examples.compare;

import org.samtf.examples.train.BaseOptimizer;

/** What both sides of a comparison are trained with. */
public enum Settings {
  /** For each side what {@code compare --tune} came to; docs/compare.md has its grid. */
  TUNED,
  /** The same, but with wrong labels what is best for clean ones. */
  TUNED_FOR_CLEAN_LABELS,
  /** The same for both sides: those that {@code train} has by default. SAM has a large rho. */
  EQUAL;

  /** For clean labels it is large, for wrong ones about right. */
  private static final float RHO = 0.5f;

  Contestant of(Labels labels, boolean sam) {
    return switch (this) {
      case TUNED -> tuned(labels, sam);
      case TUNED_FOR_CLEAN_LABELS -> tuned(Labels.CLEAN, sam);
      case EQUAL -> equal(sam);
    };
  }

  private static Contestant tuned(Labels labels, boolean sam) {
    return switch (labels) {
      case CLEAN -> sam ? Contestant.sam(0.2f, 0.9f, 0.1f) : Contestant.base(0.1f, 0.95f);
      case NOISY -> sam ? Contestant.sam(0.0125f, 0.9f, 0.5f) : Contestant.base(0.0125f, 0.5f);
    };
  }

  private static Contestant equal(boolean sam) {
    float rate = Protocol.BASE.defaultLearningRate();
    float momentum = BaseOptimizer.MOMENTUM_DEFAULT;
    return sam ? Contestant.sam(rate, momentum, RHO) : Contestant.base(rate, momentum);
  }
}
