package org.samtf.examples.compare;

import java.util.Optional;
import org.samtf.examples.train.SamSettings;

/**
 * One side of a comparison.
 *
 * @param learningRate of the base optimizer
 * @param momentum of the base optimizer
 * @param sam SAM around it, or empty for the base optimizer alone
 */
record Contestant(float learningRate, float momentum, Optional<SamSettings> sam) {

  static Contestant base(float learningRate, float momentum) {
    return new Contestant(learningRate, momentum, Optional.empty());
  }

  static Contestant sam(float learningRate, float momentum, float rho) {
    return new Contestant(learningRate, momentum, Optional.of(SamSettings.of(rho)));
  }

  boolean hasSam() {
    return sam.isPresent();
  }

  String name() {
    return hasSam() ? "SAM" : "base";
  }

  @Override
  public String toString() {
    return "learning rate "
        + learningRate
        + ", momentum "
        + momentum
        + sam.map(s -> ", rho " + s.rho()).orElse("");
  }
}
