package org.samtf.examples.report;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.knowm.xchart.XYChart;
import org.samtf.examples.train.EpochResult;
import org.samtf.examples.train.TrainingResult;

/** Draws the curves of one run: accuracy beside loss. */
public final class TrainingChart {

  private TrainingChart() {}

  /**
   * Writes a PNG.
   *
   * @param file where to
   * @param data name of the data set
   * @param result the run
   * @throws IOException if it cannot be written
   */
  public static void write(Path file, String data, TrainingResult result) throws IOException {
    XYChart accuracy = Curves.chart(data + ": accuracy", "accuracy (%)");
    Curves.add(accuracy, "validation", 0, curve(result, e -> 100 * e.validation().accuracy()));
    Curves.add(accuracy, "test", 1, curve(result, e -> 100 * e.test().accuracy()));
    XYChart loss = Curves.chart(data + ": loss", "cross-entropy");
    Curves.add(loss, "training (batches)", 2, curve(result, EpochResult::batchLoss));
    Curves.add(loss, "validation", 0, curve(result, e -> e.validation().loss()));
    Curves.add(loss, "test", 1, curve(result, e -> e.test().loss()));
    Curves.write(file, List.of(accuracy, loss));
  }

  private static List<Double> curve(TrainingResult result, ToDoubleFunction<EpochResult> value) {
    List<Double> values = new ArrayList<>();
    for (EpochResult epoch : result.epochs()) {
      values.add(value.applyAsDouble(epoch));
    }
    return values;
  }
}
