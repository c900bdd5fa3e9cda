package org.samtf.examples.sharpness;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.examples.data.DataSet;
import org.samtf.examples.data.DataSets;
import org.samtf.examples.model.Mlp;
import org.samtf.examples.train.BaseOptimizer;
import org.samtf.examples.train.BatchCut;
import org.samtf.examples.train.Evaluation;
import org.samtf.examples.train.SamSettings;
import org.samtf.examples.train.StepWriter;
import org.samtf.examples.train.Trainer;
import org.samtf.examples.train.TrainingSettings;
import org.samtf.examples.train.TrainingStep;

/** The graph with factored parts trains as {@code SamOptimizer} with micro-batches does. */
class FactoredPartsTest {

  private static final int BATCH = 16;

  private final DataSet data = DataSets.open("digits").limitedTo(100, 100);

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 16})
  void trainsAsMicroBatchesDo(int partSize) {
    List<Double> expected = losses(partSize, 0.5f, TrainingStep::write);
    List<Double> losses = losses(partSize, 0.5f, new FactoredParts(partSize));

    for (int i = 0; i < expected.size(); i++) {
      assertThat(losses.get(i)).isCloseTo(expected.get(i), Offset.offset(1e-4 * expected.get(i)));
    }
    // The perturbation is large enough to be seen: without it the losses are others.
    List<Double> without = losses(BATCH, 0, TrainingStep::write);
    assertThat(Math.abs(without.get(2) - expected.get(2))).isGreaterThan(0.01 * expected.get(2));
  }

  private List<Double> losses(int partSize, float rho, StepWriter writer) {
    TrainingSettings settings =
        new TrainingSettings(
            new Mlp(List.of(12, 9)),
            BaseOptimizer.MOMENTUM,
            0.05f,
            0.9f,
            Optional.of(SamSettings.of(rho).with(BatchCut.inParts(BATCH / partSize))),
            1,
            BATCH,
            3);
    try (Trainer trainer = new Trainer(data, settings, 0.05f, writer)) {
      double first = trainer.epoch();
      double second = trainer.epoch();
      Evaluation end = trainer.evaluate(data.train());
      return List.of(first, second, end.loss());
    }
  }
}
