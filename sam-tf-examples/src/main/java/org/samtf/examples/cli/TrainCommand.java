package org.samtf.examples.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.samtf.NotFinite;
import org.samtf.SamOptimizer;
import org.samtf.cluster.Cluster;
import org.samtf.examples.checkpoint.Origin;
import org.samtf.examples.data.DataSet;
import org.samtf.examples.data.DataSets;
import org.samtf.examples.data.LabelNoise;
import org.samtf.examples.events.JsonLog;
import org.samtf.examples.failure.ExitCode;
import org.samtf.examples.failure.InputException;
import org.samtf.examples.failure.OutputException;
import org.samtf.examples.job.TrainJob;
import org.samtf.examples.model.Architecture;
import org.samtf.examples.model.Pretrained;
import org.samtf.examples.report.Figures;
import org.samtf.examples.report.Format;
import org.samtf.examples.report.Progress;
import org.samtf.examples.report.Table;
import org.samtf.examples.report.TrainingChart;
import org.samtf.examples.train.BatchCut;
import org.samtf.examples.train.DeviceChoice;
import org.samtf.examples.train.Numerics;
import org.samtf.examples.train.RateSchedule;
import org.samtf.examples.train.SamSettings;
import org.samtf.examples.train.TrainingResult;
import org.samtf.examples.train.TrainingSettings;
import org.samtf.examples.train.TrainingTime;
import org.samtf.examples.train.UpdateSettings;
import org.samtf.examples.train.Variant;
import org.tensorflow.TensorFlow;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Trains a network on a data set. */
@Command(
    name = "train",
    description = {
      "Train a network, or a model from a file, with SAM around a base optimizer or without."
    },
    mixinStandardHelpOptions = true,
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:Training has come to its end.",
      "1:It failed: it diverged, or for a reason that nobody foresaw.",
      "2:An option, a data file or a checkpoint cannot be used, or a GPU is not there.",
      "3:A file or the standard output cannot be written, a checkpoint cannot be read, or TensorFlow not unpacked.",
      "4:Out of memory.",
      "200:A machine of --cluster is lost.",
      "129, 130, 143:Stopped by SIGHUP, SIGINT or SIGTERM, after a checkpoint if there are any."
    })
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
  @Mixin private PretrainedOptions pretrained;
  @Mixin private OptimizerOptions optimizer;
  @Mixin private NumericsOptions numerics;
  @Mixin private UpdateOptions update;
  @Mixin private BatchCutOptions cut;
  @Mixin private DeviceOptions device;
  @Mixin private JobOptions job;
  @Mixin private ClusterOptions cluster;

  @Option(
      names = "--on-lost-worker",
      paramLabel = "wait|stop",
      description = {
        "With --cluster: wait for a machine that is lost, for as long as --start-timeout says, and go",
        "on, from the newest checkpoint if need be, or end with 200 (default: wait if there are",
        "--checkpoints)."
      })
  private String onLostWorker;

  @Option(
      names = "--weights",
      paramLabel = "chief|spread",
      description = {
        "With --cluster: keep the weights on the first machine, or spread them by their size over all,",
        "or over the parameter servers (ps) of TF_CONFIG (default: spread if there are such)."
      })
  private String weights;

  /** The figures of a run, as train.json has them. */
  private record Report(
      String data,
      double labelNoise,
      TrainingSettings settings,
      TrainingResult result,
      double sharpness,
      double sharpnessRho,
      TrainingTime time,
      Optional<String> trainingMode) {}

  @Override
  public Integer call() {
    Optional<Cluster> several = cluster.cluster();
    boolean spreads = spreadsWeights(several);
    if (!several.map(Cluster::isChief).orElse(true)) {
      // What is written, and how to train, is the first machine's business.
      return several.get().task().orElseThrow() >= several.get().size()
          ? SharedWork.holdWeights(several.get(), cluster.patience(), notices())
          : share(several.get(), data(), spreads).follow();
    }
    DeviceChoice choice = device.choice();
    Optional<TrainJob.Checkpoints> checkpoints = job.checkpoints();
    TrainJob.Watch watch = job.watch();
    boolean waits = waits(checkpoints.isPresent());
    TrainingSettings settings = settings(choice, several);
    choice.check();
    DataSet data = data();
    Check.that(
        batchSize <= data.train().size(),
        "--batch-size",
        batchSize,
        "at most the " + data.train().size() + " training images");
    if (several.isEmpty()) {
      return train(data, settings, choice, checkpoints, watch, Optional.empty());
    }
    SharedWork work = share(several.get(), data, spreads);
    TrainJob.Several machines = new TrainJob.Several(work.cluster(), work.machines(), waits);
    return work.lead(
        () -> train(data, settings, choice, checkpoints, watch, Optional.of(machines)));
  }

  private DataSet data() {
    Check.that(labelNoise >= 0 && labelNoise < 1, "--label-noise", labelNoise, "in [0, 1)");
    return LabelNoise.apply(DataSets.open(source), labelNoise, seed);
  }

  private SharedWork share(Cluster machines, DataSet data, boolean spreads) {
    String noise = WorkerCommand.noise(labelNoise, seed);
    return SharedWork.start(machines, cluster.patience(), source, data, noise, spreads, notices());
  }

  /** Whether the weights are spread over machines, and not on the first. */
  private boolean spreadsWeights(Optional<Cluster> several) {
    boolean hasServers = several.filter(c -> c.parameterServers() > 0).isPresent();
    if (weights == null) {
      return hasServers;
    }
    Check.that(
        weights.equals("chief") || weights.equals("spread"),
        "--weights",
        weights,
        "chief or spread");
    if (several.isEmpty()) {
      throw new InputException(
          "--weights is given without --cluster", "both", "add the one or leave the other out");
    }
    if (hasServers && weights.equals("chief")) {
      throw new InputException(
          "--weights chief is given, and the cluster has parameter servers",
          "the weights in one place",
          "leave one of them out");
    }
    return weights.equals("spread");
  }

  private int train(
      DataSet data,
      TrainingSettings settings,
      DeviceChoice choice,
      Optional<TrainJob.Checkpoints> checkpoints,
      TrainJob.Watch watch,
      Optional<TrainJob.Several> several) {
    Origin origin = origin(settings, choice);
    watch.log().ifPresent(log -> JsonLog.check(log, origin.job()));
    createDirectories();
    TrainJob.Plan plan =
        new TrainJob.Plan(
            origin,
            sharpnessRho(settings),
            choice,
            checkpoints,
            watch,
            Optional.ofNullable(export),
            several,
            pretrained.handBack());
    Report report = run(data, settings, plan);
    print(data, report);
    if (out != null) {
      write(data, report);
    }
    return ExitCode.OK;
  }

  /** Whether a machine that is lost is waited for. */
  private boolean waits(boolean hasCheckpoints) {
    if (onLostWorker == null) {
      return hasCheckpoints;
    }
    Check.that(
        onLostWorker.equals("wait") || onLostWorker.equals("stop"),
        "--on-lost-worker",
        onLostWorker,
        "wait or stop");
    String missing =
        !cluster.isGiven()
            ? "--cluster"
            : onLostWorker.equals("wait") && !hasCheckpoints ? "--checkpoints" : null;
    if (missing != null) {
      throw new InputException(
          "--on-lost-worker " + onLostWorker + " is given without " + missing,
          "both",
          "add the one or leave the other out");
    }
    return onLostWorker.equals("wait");
  }

  /** Everything that needs no data is checked before data is read. */
  private TrainingSettings settings(DeviceChoice choice, Optional<Cluster> several) {
    Check.that(epochs >= 1, "--epochs", epochs, "a whole number from 1");
    Check.that(batchSize >= 1, "--batch-size", batchSize, "a whole number from 1");
    Check.that(labelNoise >= 0 && labelNoise < 1, "--label-noise", labelNoise, "in [0, 1)");
    Architecture architecture = network.architecture(pretrained);
    if (architecture instanceof Pretrained && !optimizer.base().keepsInitialWeights()) {
      throw new InputException(
          "--base "
              + optimizer.base()
              + " is given for a model from a file, whose weights it forgets",
          "another optimizer",
          "choose another --base");
    }
    refuseWithCluster(architecture instanceof Pretrained && several.isPresent(), "--model PATH");
    Optional<SamSettings> sam =
        several
            .map(machines -> onMachines(machines, choice))
            .orElseGet(() -> optimizer.sam(cut, batchSize, choice.config()));
    TrainingSettings settings =
        new TrainingSettings(
            architecture,
            optimizer.base(),
            optimizer.learningRate(),
            optimizer.momentum(),
            sam,
            epochs,
            batchSize,
            seed,
            numerics.numerics(),
            update.settings(
                optimizer.base(), optimizer.momentum(), sam.isPresent(), optimizer.frozen()));
    checkModel("--export", Optional.ofNullable(export));
    checkModel("--hand-back", pretrained.handBack());
    if (export != null && pretrained.handBack().filter(export::equals).isPresent()) {
      throw new InputException(
          "--export and --hand-back are both " + export, "two directories", "change one of them");
    }
    if (out != null) {
      OutputDirectory.check("--out", out);
    }
    return settings;
  }

  /** The batch is in one part a machine, each with a perturbation of its own. */
  private Optional<SamSettings> onMachines(Cluster machines, DeviceChoice choice) {
    refuseWithCluster(cut.given() != null, cut.given());
    if (network.dropoutShare() > 0) {
      throw new InputException(
          "--dropout is " + network.dropoutShare() + " with --cluster", "0", "give --dropout 0");
    }
    refuseWithCluster(choice.threads() > 0, "--threads");
    refuseWithCluster(choice.memoryGrowth(), "--memory-growth");
    int size = machines.size();
    Check.that(
        batchSize % size == 0,
        "--batch-size",
        batchSize,
        "a multiple of the " + size + " machines of --cluster");
    SamSettings sam =
        optimizer
            .sam(cut, batchSize, choice.config())
            .orElseThrow(
                () ->
                    new InputException(
                        "--cluster is given without SAM",
                        "SAM, with --rho 0 for none",
                        "leave --no-sam or --variant out"));
    if (size == 1) {
      throw new InputException(
          "--cluster has one machine", "at least two", "leave it out to train on this one");
    }
    String kind = choice.name().startsWith("gpu") || choice.requireGpu() ? "GPU:0" : "CPU:0";
    List<String> devices =
        IntStream.range(0, size).mapToObj(i -> machines.device(i, kind)).toList();
    BatchCut parts = new BatchCut(size, false, devices, 0, false);
    sam.variant()
        .refusal(parts)
        .ifPresent(
            why -> {
              throw new InputException(
                  "--variant " + sam.variant() + " is given with --cluster",
                  "one of the two",
                  "leave one of them out");
            });
    return Optional.of(sam.with(parts));
  }

  private static void refuseWithCluster(boolean given, String option) {
    if (given) {
      throw new InputException(
          option + " is given with --cluster", "one of the two", "leave one of them out");
    }
  }

  private Consumer<String> notices() {
    PrintWriter err = spec.commandLine().getErr();
    return line -> Progress.writeLine(err::println, line);
  }

  /** A resumed job may have written it, or half of it. */
  private void checkModel(String option, Optional<Path> directory) {
    directory.ifPresent(
        there -> {
          if (job.resumes()) {
            OutputDirectory.check(option, there);
          } else {
            OutputDirectory.checkEmpty(option, there);
          }
        });
  }

  private void createDirectories() {
    job.createDirectories();
    if (export != null) {
      OutputDirectory.create("--export", export);
    }
    pretrained.handBack().ifPresent(there -> OutputDirectory.create("--hand-back", there));
    if (out != null) {
      OutputDirectory.create("--out", out);
    }
  }

  private Origin origin(TrainingSettings settings, DeviceChoice choice) {
    ObjectNode training = (ObjectNode) Figures.tree(settings);
    if (settings.update().equals(UpdateSettings.PLAIN)) {
      // As in checkpoints of before there were such settings.
      training.remove("update");
    }
    if (!settings.stepsDependOnLength()) {
      // No step depends on it: a resumed job may have more.
      training.remove("epochs");
    }
    if (settings.numerics().equals(Numerics.PLAIN)) {
      // As in checkpoints of before there were such settings.
      training.remove("numerics");
    }
    Map<String, ?> all = Map.of("training", training, "labelNoise", labelNoise);
    Map<String, String> platform =
        Map.of(
            "TensorFlow",
            TensorFlow.version(),
            "processors",
            String.valueOf(Runtime.getRuntime().availableProcessors()),
            "threads",
            String.valueOf(choice.threads()),
            "device",
            choice.name());
    Map<String, String> files = new TreeMap<>(DataSets.digests(source));
    if (settings.architecture() instanceof Pretrained loaded) {
      // The model may have moved; it may not have changed.
      ((ObjectNode) training.get("architecture")).remove("path");
      files.putAll(loaded.digests());
    }
    return new Origin(Figures.tree(all), files, platform);
  }

  /** Without a neighbourhood there is nothing to measure in: then it is the default one. */
  private static float sharpnessRho(TrainingSettings settings) {
    return settings
        .sam()
        .map(SamSettings::rho)
        .filter(rho -> rho > 0)
        .orElse(SamOptimizer.RHO_DEFAULT);
  }

  private Report run(DataSet data, TrainingSettings settings, TrainJob.Plan plan) {
    TrainJob.Outcome outcome = new TrainJob(data, settings, plan, notices()).run();
    return new Report(
        data.name(),
        labelNoise,
        settings,
        outcome.result(),
        outcome.sharpness(),
        plan.sharpnessRho(),
        outcome.time(),
        outcome.trainingMode());
  }

  private void write(DataSet data, Report report) {
    try {
      Figures.write(out.resolve("train.json"), report);
      TrainingChart.write(out.resolve("train.png"), data.name(), report.result());
    } catch (IOException e) {
      throw new OutputException("figures in " + out, e, "free space or choose another --out");
    }
  }

  private void print(DataSet data, Report report) {
    TrainingSettings settings = report.settings();
    String base =
        settings.base()
            + ", learning rate "
            + settings.learningRate()
            + settings.update().inWords();
    String sam = settings.sam().map(SamSettings::inWords).orElse("none");
    if (!settings.update().rhoSchedule().equals(RateSchedule.CONSTANT)) {
      sam += ", rho " + settings.update().rhoSchedule();
    }
    TrainingResult result = report.result();
    if (settings.sam().map(SamSettings::variant).filter(Variant::skipsSteps).isPresent()) {
      sam += ", second pass in " + Format.percent(result.secondPassShare()) + " of the steps";
    }
    String weights = settings.update().averaging().map(a -> "averages, " + a).orElse("as trained");
    Table table =
        Table.ofText()
            .row("data", data.name() + ", " + data.train().size() + " training images")
            .row("network", settings.architecture() + " on " + data.shape());
    report.trainingMode().ifPresent(mode -> table.row("training mode", mode));
    table
        .row("base optimizer", base)
        .row("SAM", sam)
        .row("numbers", numbers(settings, result))
        .row("weights", weights)
        .row("test accuracy", Format.percent(result.last().test().accuracy()))
        .row("validation accuracy", Format.percent(result.last().validation().accuracy()))
        .row("training loss", Format.loss(result.train().loss()))
        .row(
            "sharpness",
            Format.loss(report.sharpness()) + " at rho " + (float) report.sharpnessRho())
        .row("time a step", Format.millis(result.stepMillis()))
        .row("time in all", time(report.time()));
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
    pretrained
        .handBack()
        .ifPresent(there -> writer.println("the model with new weights in " + there));
    writer.flush();
  }

  private static String numbers(TrainingSettings settings, TrainingResult result) {
    String skipped =
        settings.numerics().notFinite() == NotFinite.SKIP
            ? ", " + result.skippedSteps() + " steps skipped"
            : "";
    return settings.numerics().inWords() + skipped;
  }

  private static String time(TrainingTime time) {
    String text = Format.time(time.seconds()) + ", " + time.steps() + " steps";
    return switch (time.resumptions()) {
      case 0 -> text;
      case 1 -> text + ", resumed once";
      default -> text + ", resumed " + time.resumptions() + " times";
    };
  }
}
