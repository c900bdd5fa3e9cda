package org.samtf.examples.compare;

/** The settings that {@code compare --tune} came to; docs/compare.md has its grid. */
enum Tuned {
  /** Those that are best for the labels at hand. */
  FOR_THESE_LABELS,
  /** Those that are best for clean labels, whatever the labels are like. */
  FOR_CLEAN_LABELS;

  Contestant settings(Labels labels, boolean sam) {
    return best(this == FOR_CLEAN_LABELS ? Labels.CLEAN : labels, sam);
  }

  private static Contestant best(Labels labels, boolean sam) {
    return switch (labels) {
      case CLEAN -> sam ? Contestant.sam(0.2f, 0.9f, 0.1f) : Contestant.base(0.1f, 0.95f);
      case NOISY -> sam ? Contestant.sam(0.0125f, 0.9f, 0.5f) : Contestant.base(0.0125f, 0.5f);
    };
  }
}
