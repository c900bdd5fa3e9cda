package org.samtf.examples.sharpness;

import java.util.Optional;
import org.samtf.examples.train.BatchCut;
import org.samtf.examples.train.SamSettings;
import org.samtf.examples.train.StepWriter;
import org.samtf.examples.train.TrainingStep;

/**
 * How a network of the sweep is trained.
 *
 * @param partSize the m; 0 for momentum alone
 * @param rho radius of the neighbourhood; 0 for momentum alone
 */
record Method(int partSize, float rho) {

  static final Method MOMENTUM_ALONE = new Method(0, 0);

  /** Up to here the graph of {@code SamOptimizer} is built in less time than a training takes. */
  private static final int MOST_PARTS_AS_COPIES = 4;

  boolean hasSam() {
    return partSize > 0;
  }

  Optional<SamSettings> sam(int batchSize) {
    if (!hasSam()) {
      return Optional.empty();
    }
    return Optional.of(SamSettings.of(rho).with(BatchCut.inParts(batchSize / partSize)));
  }

  StepWriter step(int batchSize) {
    return hasSam() && batchSize / partSize > MOST_PARTS_AS_COPIES
        ? new FactoredParts(partSize)
        : TrainingStep::write;
  }
}
