package org.samtf.examples.report;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.jfree.chart.JFreeChart;
import org.jfree.data.Range;
import org.jfree.data.xy.YIntervalSeries;
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
    ChartFile.write(file, List.of(charts(data, result)));
  }

  static List<JFreeChart> charts(String data, TrainingResult result) {
    Map<String, ToDoubleFunction<EpochResult>> accuracies = new LinkedHashMap<>();
    accuracies.put("validation", epoch -> 100 * epoch.validation().accuracy());
    accuracies.put("test", epoch -> 100 * epoch.test().accuracy());
    Map<String, ToDoubleFunction<EpochResult>> losses = new LinkedHashMap<>();
    losses.put("validation", epoch -> epoch.validation().loss());
    losses.put("test", epoch -> epoch.test().loss());
    losses.put("training (batches)", EpochResult::batchLoss);
    return List.of(
        chart(data + ": accuracy", "accuracy (%)", accuracies, result),
        chart(data + ": loss", "cross-entropy", losses, result));
  }

  private static JFreeChart chart(
      String title,
      String valueTitle,
      Map<String, ToDoubleFunction<EpochResult>> curves,
      TrainingResult result) {
    int epochs = result.epochs().size();
    ChartBuilder chart =
        new ChartBuilder(title, Axes.whole("epoch", new Range(Math.min(1, epochs), epochs)));
    int colour = 0;
    for (Map.Entry<String, ToDoubleFunction<EpochResult>> curve : curves.entrySet()) {
      chart.curve(colour, series(curve.getKey(), result, curve.getValue()));
      colour++;
    }
    return chart.build(values -> Axes.linear(valueTitle, values));
  }

  /** Not for epochs without validation images, which have no value. */
  private static YIntervalSeries series(
      String name, TrainingResult result, ToDoubleFunction<EpochResult> value) {
    YIntervalSeries series = new YIntervalSeries(name);
    for (EpochResult epoch : result.epochs()) {
      double y = value.applyAsDouble(epoch);
      if (Double.isFinite(y)) {
        series.add(epoch.epoch(), y, y, y);
      }
    }
    return series;
  }
}
