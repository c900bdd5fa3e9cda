package org.samtf.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.samtf.examples.compare.CompareJob;
import org.samtf.examples.compare.Settings;
import org.samtf.examples.failure.ExitCode;
import org.samtf.examples.failure.InputException;
import org.samtf.examples.report.Clarity;
import org.samtf.examples.train.BatchCut;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Compares a base optimizer with SAM around it. */
@Command(
    name = "compare",
    description = {
      "Train the same network from the same start with a base optimizer and with SAM around it,",
      "on the built-in digits: with clean labels and with 40 %% of the training labels made wrong.",
      "Needs no options."
    },
    mixinStandardHelpOptions = true)
public final class CompareCommand implements Callable<Integer> {

  private static final int MAX_SEEDS = 1000;

  @Spec private CommandSpec spec;

  @Option(
      names = "--seeds",
      paramLabel = "N",
      defaultValue = "10",
      description = {
        "How many seeds; each is trained four times (default: ${DEFAULT-VALUE}). No side is called",
        "better from fewer than " + Clarity.FEWEST_SEEDS + "."
      })
  private int seeds;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      description = "Epochs a run (default: what the settings were tuned for).")
  private Integer epochs;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "compare-out",
      description = {
        "Write the figures (compare.json) and curves (compare.png) there",
        "(default: ${DEFAULT-VALUE})."
      })
  private Path out;

  @Option(
      names = "--clean-settings",
      description = {
        "Train on wrong labels, too, with the settings that were tuned for clean ones, as one",
        "does who does not know that labels are wrong."
      })
  private boolean cleanSettings;

  @Option(
      names = "--equal-settings",
      description = {
        "Train both sides with the learning rate and the momentum that train has by default, and",
        "SAM with rho 0.5, whatever the labels: rho is the only difference."
      })
  private boolean equalSettings;

  @Option(
      names = "--tune",
      description = {
        "Do not compare: try grids of settings on the validation images and print them, best",
        "first. This is how the settings of compare were chosen; it takes minutes."
      })
  private boolean tune;

  @Mixin private BatchCutOptions cut;

  @Override
  public Integer call() throws IOException {
    Check.that(seeds >= 1 && seeds <= MAX_SEEDS, "--seeds", seeds, "1 to " + MAX_SEEDS);
    int runEpochs = epochs == null ? CompareJob.standardEpochs() : epochs;
    Check.that(runEpochs >= 1, "--epochs", runEpochs, "a whole number from 1");
    PrintWriter writer = spec.commandLine().getOut();
    if (tune) {
      if (cut.given() != null) {
        throw new InputException(
            cut.given() + " is given with --tune", "it with a comparison", "leave one of them out");
      }
      CompareJob.tune(runEpochs, writer);
      return ExitCode.OK;
    }
    if (cleanSettings && equalSettings) {
      throw new InputException(
          "--clean-settings is given with --equal-settings",
          "one of them",
          "leave one of them out");
    }
    Settings settings =
        cleanSettings
            ? Settings.TUNED_FOR_CLEAN_LABELS
            : equalSettings ? Settings.EQUAL : Settings.TUNED;
    BatchCut batchCut = cut.of(CompareJob.batchSize());
    OutputDirectory.check("--out", out);
    OutputDirectory.create("--out", out);
    CompareJob.compare(seeds, runEpochs, batchCut, settings, out, writer);
    writer.flush();
    return ExitCode.OK;
  }
}
