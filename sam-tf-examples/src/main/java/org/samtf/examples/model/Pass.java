package org.samtf.examples.model;

import java.util.ArrayList;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/** One way through the layers: for training or for inference. */
final class Pass {

  /** What a variable follows, and the share of itself that it keeps in a step. */
  record MovingAverage(Variable<TFloat32> variable, Operand<TFloat32> statistic, float keep) {}

  private final Ops tf;
  private final boolean training;
  private final Operand<TInt32> batchSize;
  private final List<MovingAverage> movingAverages = new ArrayList<>();

  Pass(Ops tf, boolean training, Operand<TInt32> batchSize) {
    this.tf = tf;
    this.training = training;
    this.batchSize = batchSize;
  }

  Ops tf() {
    return tf;
  }

  boolean training() {
    return training;
  }

  /** How many images are fed: a vector with one entry that depends on no weight. */
  Operand<TInt32> batchSize() {
    return batchSize;
  }

  void average(Variable<TFloat32> variable, Operand<TFloat32> statistic, float keep) {
    movingAverages.add(new MovingAverage(variable, statistic, keep));
  }

  List<MovingAverage> movingAverages() {
    return movingAverages;
  }
}
