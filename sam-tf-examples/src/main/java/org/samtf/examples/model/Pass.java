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
  private final Draws draws;
  private final List<MovingAverage> movingAverages = new ArrayList<>();
  private final List<Operand<TFloat32>> noise = new ArrayList<>();

  Pass(Ops tf, boolean training, Operand<TInt32> batchSize, Draws draws) {
    this.tf = tf;
    this.training = training;
    this.batchSize = batchSize;
    this.draws = draws;
  }

  Ops tf() {
    return tf;
  }

  boolean training() {
    return training;
  }

  /** Draws so many numbers in [0, 1) for each image. */
  Operand<TFloat32> uniform(Ops ops, String purpose, int perImage) {
    Operand<TInt32> shape = ops.concat(List.of(batchSize, ops.array(perImage)), ops.constant(0));
    Operand<TFloat32> numbers = draws.uniform(ops, purpose, shape);
    noise.add(numbers);
    return numbers;
  }

  /** What was drawn for the images of the batch. */
  List<Operand<TFloat32>> noise() {
    return noise;
  }

  void average(Variable<TFloat32> variable, Operand<TFloat32> statistic, float keep) {
    movingAverages.add(new MovingAverage(variable, statistic, keep));
  }

  List<MovingAverage> movingAverages() {
    return movingAverages;
  }
}
