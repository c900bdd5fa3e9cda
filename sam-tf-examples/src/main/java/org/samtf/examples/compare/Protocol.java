package org.samtf.examples.compare;

import java.util.List;
import org.samtf.examples.data.DataSet;
import org.samtf.examples.data.LabelNoise;
import org.samtf.examples.model.Architecture;
import org.samtf.examples.model.Mlp;
import org.samtf.examples.train.BaseOptimizer;
import org.samtf.examples.train.BatchCut;
import org.samtf.examples.train.Trainer;
import org.samtf.examples.train.TrainingListener;
import org.samtf.examples.train.TrainingResult;
import org.samtf.examples.train.TrainingSettings;

/**
 * What both sides of a comparison have in common.
 *
 * @param architecture the network
 * @param epochs how often to go through the training images
 * @param batchSize images a step
 * @param sharpnessRho radius at which sharpness is measured, for both sides
 * @param cut how SAM cuts a batch
 */
record Protocol(
    Architecture architecture, int epochs, int batchSize, float sharpnessRho, BatchCut cut) {

  static final BaseOptimizer BASE = BaseOptimizer.MOMENTUM;

  /** How it is done by default. */
  static final Protocol STANDARD =
      new Protocol(new Mlp(List.of(128, 128)), 60, 64, 0.05f, BatchCut.NONE);

  Protocol withEpochs(int number) {
    return new Protocol(architecture, number, batchSize, sharpnessRho, cut);
  }

  Protocol with(BatchCut other) {
    return new Protocol(architecture, epochs, batchSize, sharpnessRho, other);
  }

  /** Trains once. The seed is that of initial weights, order of images and wrong labels. */
  Run run(DataSet clean, Labels labels, Contestant contestant, long seed) {
    DataSet data = LabelNoise.apply(clean, labels.noise(), seed);
    TrainingSettings settings =
        new TrainingSettings(
            architecture,
            BASE,
            contestant.learningRate(),
            contestant.momentum(),
            contestant.sam().map(sam -> sam.with(cut)),
            epochs,
            batchSize,
            seed);
    try (Trainer trainer = new Trainer(data, settings, sharpnessRho)) {
      TrainingResult result = trainer.train(TrainingListener.NONE);
      return new Run(labels, contestant, seed, result, trainer.sharpness(TrainingListener.NONE));
    }
  }
}
