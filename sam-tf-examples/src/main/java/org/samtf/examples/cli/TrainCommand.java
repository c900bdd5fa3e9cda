package org.samtf.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.samtf.SamOptimizer;
import org.samtf.examples.Main;
import org.samtf.examples.data.DataSet;
import org.samtf.examples.data.DataSets;
import org.samtf.examples.data.LabelNoise;
import org.samtf.examples.report.Figures;
import org.samtf.examples.report.Format;
import org.samtf.examples.report.Progress;
import org.samtf.examples.report.Table;
import org.samtf.examples.report.TrainingChart;
import org.samtf.examples.train.SamSettings;
import org.samtf.examples.train.Trainer;
import org.samtf.examples.train.TrainingResult;
import org.samtf.examples.train.TrainingSettings;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Trains a network on a data set. */
@Command(
    name = "train",
    description = "Train a network, with SAM around a base optimizer or without.",
    mixinStandardHelpOptions = true)
public final class TrainCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Option(
      names = "--data",
      paramLabel = "digits|DIR",
      defaultValue = "digits",
      description = {
        "The built-in digits, or a directory with MNIST or Fashion-MNIST (IDX files, plain or",
        "gzip) or CIFAR-10 or CIFAR-100 (binary) (default: ${DEFAULT-VALUE})."
      })
  private String source;

  @Option(
      names = "--label-noise",
      paramLabel = "SHARE",
      defaultValue = "0",
      description = "Share of the training labels to make wrong, in [0, 1) (default: 0).")
  private double labelNoise;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      defaultValue = "20",
      description = "How often to go through the training images (default: ${DEFAULT-VALUE}).")
  private int epochs;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      defaultValue = "64",
      description = {
        "Images a step (default: ${DEFAULT-VALUE}); what is left over at the end of an epoch",
        "is dropped."
      })
  private int batchSize;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Of weights, order, dropout and label noise (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(names = "--export", paramLabel = "DIR", description = "Write a SavedModel there.")
  private Path export;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Write the figures (train.json) and curves (train.png) there.")
  private Path out;

  @Mixin private NetworkOptions network;
  @Mixin private OptimizerOptions optimizer;
  @Mixin private BatchCutOptions cut;

  /** The figures of a run, as train.json has them. */
  private record Report(
      String data,
      double labelNoise,
      TrainingSettings settings,
      TrainingResult result,
      double sharpness,
      double sharpnessRho) {}

  @Override
  public Integer call() throws IOException {
    TrainingSettings settings = settings();
    DataSet data = LabelNoise.apply(DataSets.open(source), labelNoise, seed);
    Check.that(
        batchSize <= data.train().size(),
        "--batch-size",
        batchSize,
        "at most the " + data.train().size() + " training images");
    createDirectories();
    Report report = run(data, settings);
    print(data, report);
    if (out != null) {
      Figures.write(out.resolve("train.json"), report);
      TrainingChart.write(out.resolve("train.png"), data.name(), report.result());
    }
    return Main.OK;
  }

  /** Everything that needs no data is checked before data is read. */
  private TrainingSettings settings() {
    Check.that(epochs >= 1, "--epochs", epochs, "a whole number from 1");
    Check.that(batchSize >= 1, "--batch-size", batchSize, "a whole number from 1");
    Check.that(labelNoise >= 0 && labelNoise < 1, "--label-noise", labelNoise, "in [0, 1)");
    TrainingSettings settings =
        new TrainingSettings(
            network.architecture(),
            optimizer.base(),
            optimizer.learningRate(),
            optimizer.momentum(),
            optimizer.sam(cut, batchSize),
            epochs,
            batchSize,
            seed);
    if (export != null) {
      OutputDirectory.checkEmpty("--export", export);
    }
    if (out != null) {
      OutputDirectory.check("--out", out);
    }
    return settings;
  }

  private void createDirectories() {
    if (export != null) {
      OutputDirectory.create("--export", export);
    }
    if (out != null) {
      OutputDirectory.create("--out", out);
    }
  }

  private Report run(DataSet data, TrainingSettings settings) throws IOException {
    // Without a neighbourhood there is nothing to measure in: then it is the default one.
    float rho =
        settings.sam().map(SamSettings::rho).filter(r -> r > 0).orElse(SamOptimizer.RHO_DEFAULT);
    try (Progress progress = Progress.of("train", epochs);
        Trainer trainer = new Trainer(data, settings, rho)) {
      TrainingResult result =
          trainer.train(epoch -> progress.step("test " + Format.percent(epoch.test().accuracy())));
      double sharpness = trainer.sharpness();
      if (export != null) {
        trainer.export(export);
      }
      return new Report(data.name(), labelNoise, settings, result, sharpness, rho);
    }
  }

  private void print(DataSet data, Report report) {
    TrainingSettings settings = report.settings();
    String base = settings.base() + ", learning rate " + settings.learningRate();
    String sam =
        settings
            .sam()
            .map(
                s -> "rho " + s.rho() + ", norm " + s.norm() + ", l2 " + s.l2() + s.cut().inWords())
            .orElse("none");
    TrainingResult result = report.result();
    Table table =
        Table.ofText()
            .row("data", data.name() + ", " + data.train().size() + " training images")
            .row("network", settings.architecture() + " on " + data.shape())
            .row("base optimizer", base)
            .row("SAM", sam)
            .row("test accuracy", Format.percent(result.last().test().accuracy()))
            .row("validation accuracy", Format.percent(result.last().validation().accuracy()))
            .row("training loss", Format.loss(result.train().loss()))
            .row(
                "sharpness",
                Format.loss(report.sharpness()) + " at rho " + (float) report.sharpnessRho())
            .row("time a step", Format.millis(result.stepMillis()));
    PrintWriter writer = spec.commandLine().getOut();
    writer.print(table);
    if (!settings.base().keepsInitialWeights() && settings.architecture().hasHiddenLayers()) {
      writer.println(
          "note: "
              + settings.base()
              + " forgets the initial weights and cannot train hidden layers; try --hidden 0");
    }
    if (export != null) {
      writer.println("SavedModel in " + export);
    }
    writer.flush();
  }
}
