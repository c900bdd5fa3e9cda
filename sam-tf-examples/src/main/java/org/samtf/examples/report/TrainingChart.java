package org.samtf.examples.report;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
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
    Map<String, ToDoubleFunction<EpochResult>> accuracies = new LinkedHashMap<>();
    accuracies.put("validation", epoch -> 100 * epoch.validation().accuracy());
    accuracies.put("test", epoch -> 100 * epoch.test().accuracy());
    Map<String, ToDoubleFunction<EpochResult>> losses = new LinkedHashMap<>();
    losses.put("validation", epoch -> epoch.validation().loss());
    losses.put("test", epoch -> epoch.test().loss());
    losses.put("training (batches)", EpochResult::batchLoss);
    PlotFile.write(
        file,
        List.of(
            List.of(
                plot(data + ": accuracy", "accuracy (%)", accuracies, result),
                plot(data + ": loss", "cross-entropy", losses, result))));
  }

  private static Plot plot(
      String title,
      String valueTitle,
      Map<String, ToDoubleFunction<EpochResult>> curves,
      TrainingResult result) {
    List<List<Plot.Value>> all =
        curves.values().stream().map(value -> values(result, value)).toList();
    double[] finite =
        all.stream()
            .flatMap(List::stream)
            .mapToDouble(Plot.Value::y)
            .filter(Double::isFinite)
            .sorted()
            .toArray();
    Axis vertical =
        finite.length == 0
            ? Axis.linear(valueTitle, 0, 1)
            : Axis.linear(valueTitle, finite[0], finite[finite.length - 1]);
    int epochs = result.epochs().size();
    Plot plot = new Plot(title, Axis.linear("epoch", Math.min(1, epochs), epochs), vertical);
    int colour = 0;
    for (String name : curves.keySet()) {
      plot.curve(name, colour, all.get(colour));
      colour++;
    }
    return plot;
  }

  /** Not for epochs without validation images, which have no value. */
  private static List<Plot.Value> values(
      TrainingResult result, ToDoubleFunction<EpochResult> value) {
    List<Plot.Value> values = new ArrayList<>();
    for (EpochResult epoch : result.epochs()) {
      double y = value.applyAsDouble(epoch);
      if (Double.isFinite(y)) {
        values.add(new Plot.Value(epoch.epoch(), y, y, y));
      }
    }
    return values;
  }
}
