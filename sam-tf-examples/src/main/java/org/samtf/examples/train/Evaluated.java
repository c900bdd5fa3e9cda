package org.samtf.examples.train;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.samtf.examples.model.Network;
import org.samtf.train.BatchStatistics;
import org.samtf.train.WeightAverage;
import org.tensorflow.Operand;
import org.tensorflow.op.Op;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.family.TType;

/**
 * What is evaluated and exported of a network in training: the network itself, or the network at an
 * average of its weights.
 */
final class Evaluated {

  private final Operand<TFloat32> loss;
  private final Operand<TInt32> correct;
  private final Optional<WeightAverage> average;
  private final Optional<BatchStatistics> statistics;

  /** Adds the ops that evaluate, and the variables for the statistics of batch normalisation. */
  Evaluated(Network network, Optional<WeightAverage> average) {
    this.average = average;
    average.ifPresent(a -> network.requireNoMovingAverages());
    Map<Operand<TFloat32>, Operand<TFloat32>> ofBatch = network.batchStatistics();
    this.statistics = average.filter(a -> !ofBatch.isEmpty()).map(a -> a.statistics(ofBatch));
    List<Operand<?>> tensors = List.of(network.inferenceLoss(), network.correct());
    List<Operand<?>> read = average.map(a -> a.at(tensors)).orElse(tensors);
    this.loss = typed(read.get(0));
    this.correct = typed(read.get(1));
  }

  @SuppressWarnings("unchecked")
  private static <T extends TType> Operand<T> typed(Operand<?> copy) {
    return (Operand<T>) copy;
  }

  /** The loss without dropout, with moving averages. */
  Operand<TFloat32> loss() {
    return loss;
  }

  /** How many images of the batch get their label's class. */
  Operand<TInt32> correct() {
    return correct;
  }

  /** Whether statistics have to be collected, once the weights have changed. */
  boolean needsStatistics() {
    return statistics.isPresent();
  }

  /** Forgets the statistics that were collected. */
  Op reset() {
    return statistics.orElseThrow().reset();
  }

  /** Collects those of a batch. */
  Op add() {
    return statistics.orElseThrow().add();
  }

  /** What is exported in place of variables. */
  Map<Operand<?>, Operand<?>> values() {
    return average.map(WeightAverage::values).orElse(Map.of());
  }
}
