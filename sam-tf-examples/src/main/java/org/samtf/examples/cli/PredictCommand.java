package org.samtf.examples.cli;

import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.samtf.examples.data.DataSet;
import org.samtf.examples.data.DataSets;
import org.samtf.examples.data.PixelRange;
import org.samtf.examples.failure.ExitCode;
import org.samtf.examples.report.Format;
import org.samtf.examples.report.Table;
import org.samtf.examples.train.SavedClassifier;
import org.samtf.model.ModelLoader;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Reports the accuracy of an exported network. */
@Command(
    name = "predict",
    description = "Load a SavedModel that train has exported and test it.",
    mixinStandardHelpOptions = true)
public final class PredictCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      required = true,
      description = "The directory of the SavedModel.")
  private Path model;

  @Option(
      names = "--data",
      paramLabel = "digits|DIR",
      defaultValue = "digits",
      description = "The data, as for train; its test images are used (default: digits).")
  private String source;

  @Option(
      names = "--pixels",
      paramLabel = "RANGE",
      description = "As for train --model (default: what suits the type of the model's input).")
  private String pixels;

  @Mixin private SideEffectsOption sideEffects;

  @Override
  public Integer call() {
    SavedClassifier.check(model);
    Optional<PixelRange> range = Optional.ofNullable(pixels).map(PixelRange::of);
    ModelLoader loader = sideEffects.loader(model);
    DataSet data = DataSets.open(source);
    try (SavedClassifier classifier = SavedClassifier.load(model, loader, range)) {
      double accuracy = classifier.accuracy(data);
      Table table =
          Table.ofText()
              .row("data", data.name() + ", " + data.test().size() + " test images")
              .row("test accuracy", Format.percent(accuracy));
      classifier.loss(data).ifPresent(loss -> table.row("test loss", Format.loss(loss)));
      spec.commandLine().getOut().print(table);
      spec.commandLine().getOut().flush();
    }
    return ExitCode.OK;
  }
}
