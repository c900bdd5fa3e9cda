package org.samtf.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.function.LongFunction;
import org.samtf.examples.data.DataSet;
import org.samtf.examples.data.DataSets;
import org.samtf.examples.failure.ExitCode;
import org.samtf.examples.failure.InputException;
import org.samtf.examples.report.Clarity;
import org.samtf.examples.sharpness.MSharpnessJob;
import org.samtf.examples.sharpness.Plan;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Does the experiments with m-sharpness. */
@Command(
    name = "m-sharpness",
    description = {
      "Cut batches in parts of m images that have a perturbation each, and see what m does: test",
      "error against rho for each m, and the correlation of m-sharpness with the generalization",
      "gap over many networks. Needs no options and takes some minutes."
    },
    mixinStandardHelpOptions = true)
public final class MSharpnessCommand implements Callable<Integer> {

  private static final String DIGITS = "digits";
  private static final int MAX_SEEDS = 1000;

  /** A larger set takes longer to train on, and its test images tell differences sooner. */
  private static final int SEEDS_ON_FILES = Clarity.FEWEST_SEEDS;

  /** Enough to tell tenths of a point; more would cost more than the training. */
  private static final int EVALUATION_IMAGES = 5000;

  @Spec private CommandSpec spec;

  @Option(
      names = "--data",
      paramLabel = "digits|DIR",
      defaultValue = DIGITS,
      description = {
        "The built-in digits, or a directory with MNIST or Fashion-MNIST (IDX files, plain or",
        "gzip) or CIFAR-10 or CIFAR-100 (binary) (default: ${DEFAULT-VALUE})."
      })
  private String source;

  @Option(
      names = "--images",
      paramLabel = "N",
      defaultValue = "2000",
      description = {
        "Train on N images, drawn by class, where there are more (default: ${DEFAULT-VALUE});",
        "of validation and test images " + EVALUATION_IMAGES + " each are used."
      })
  private int images;

  @Option(
      names = "--seeds",
      paramLabel = "N",
      description = {
        "Seeds for each way to train (default: 10 for the sweeps and 6 for the networks that are",
        "compared; " + SEEDS_ON_FILES + " for both with data from a directory; 2 with --quick).",
        "Nothing is called better or worse from fewer than " + Clarity.FEWEST_SEEDS + "."
      })
  private Integer seeds;

  @Option(
      names = "--learning-rate",
      paramLabel = "RATE",
      description = "Of momentum in the sweeps of rho (default: 0.1).")
  private Float learningRate;

  @Option(
      names = "--max-loss",
      paramLabel = "LOSS",
      description = {
        "Networks are compared when their training loss is LOSS or less (default: 0.01; 0.3",
        "with --quick)."
      })
  private Double maxLoss;

  @Option(
      names = "--max-epochs",
      paramLabel = "N",
      description =
          "Leave out a network that is not there after N epochs (default: 250; 40"
              + " with --quick).")
  private Integer maxEpochs;

  @Option(
      names = "--sharpness-rho",
      paramLabel = "RHO",
      description = "Radius at which m-sharpness is measured (default: 0.05).")
  private Float sharpnessRho;

  @Option(
      names = "--quick",
      description = "Only show in seconds what the command does; the results mean nothing.")
  private boolean quick;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "m-sharpness-out",
      description = {
        "Write the figures (m-sharpness.json) and charts (m-sharpness.png) there",
        "(default: ${DEFAULT-VALUE})."
      })
  private Path out;

  @Override
  public Integer call() throws IOException {
    Plan plan = plan();
    OutputDirectory.check("--out", out);
    LongFunction<DataSet> all = DataSets.splits(source);
    LongFunction<DataSet> splits = split -> all.apply(split).limitedTo(images, EVALUATION_IMAGES);
    checkSizes(splits.apply(1), plan);
    OutputDirectory.create("--out", out);
    PrintWriter writer = spec.commandLine().getOut();
    boolean enough = MSharpnessJob.run(splits, plan, out, writer);
    if (quick) {
      writer.println(
          "These figures show what the command does and nothing else; leave out --quick.");
    }
    writer.flush();
    if (!enough) {
      spec.commandLine().getErr().println(MSharpnessJob.TOO_FEW);
      return ExitCode.FAILED;
    }
    return ExitCode.OK;
  }

  /** Everything that needs no data is checked before data is read. */
  private Plan plan() {
    Plan plan = quick ? Plan.quick() : Plan.standard();
    int least = plan.minimumTrainingImages();
    Check.that(images >= least, "--images", images, "a whole number from " + least);
    if (seeds == null && !quick && !source.equals(DIGITS)) {
      plan = plan.withSeeds(SEEDS_ON_FILES);
    }
    if (seeds != null) {
      Check.that(seeds >= 1 && seeds <= MAX_SEEDS, "--seeds", seeds, "1 to " + MAX_SEEDS);
      plan = plan.withSeeds(seeds);
    }
    float rate = learningRate == null ? plan.sweep().learningRate() : learningRate;
    Check.that(rate > 0 && Float.isFinite(rate), "--learning-rate", rate, "a number above 0");
    double loss = maxLoss == null ? plan.population().maxLoss() : maxLoss;
    Check.that(loss > 0 && Double.isFinite(loss), "--max-loss", loss, "a number above 0");
    int epochs = maxEpochs == null ? plan.population().maxEpochs() : maxEpochs;
    Check.that(epochs >= 1, "--max-epochs", epochs, "a whole number from 1");
    float rho = sharpnessRho == null ? plan.population().rho() : sharpnessRho;
    Check.that(rho > 0 && Float.isFinite(rho), "--sharpness-rho", rho, "a number above 0");
    return plan.withLearningRate(rate).withTrainingUntil(loss, epochs).withSharpnessRho(rho);
  }

  /** Every batch and every part has to be filled, in whatever experiment. */
  private static void checkSizes(DataSet data, Plan plan) {
    int least = plan.minimumTrainingImages();
    int training = data.train().size();
    if (training < least) {
      throw new InputException(
          data.name() + " has " + training + " training images",
          "at least " + least + ", the largest batch and m",
          "use a larger set");
    }
    if (data.validation().size() == 0 || data.test().size() == 0) {
      throw new InputException(
          data.name() + " has no validation or no test images", "some of both", "use a larger set");
    }
  }
}
