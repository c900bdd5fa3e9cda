package org.samtf;

import java.util.List;
import org.tensorflow.Operand;

/** Which examples of a batch the perturbation is computed from. */
final class AscentExamples {

  /** How many; 0 if a fraction is given. */
  final int count;

  final double fraction;

  final List<Operand<?>> batchInputs;

  AscentExamples(int count, double fraction, List<Operand<?>> batchInputs) {
    this.count = count;
    this.fraction = fraction;
    this.batchInputs = batchInputs;
  }

  @Override
  public String toString() {
    return count > 0 ? Integer.toString(count) : Double.toString(fraction);
  }
}
