package org.samtf.examples.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.samtf.cluster.Cluster;
import org.samtf.examples.data.DataSet;
import org.samtf.examples.data.DataSets;
import org.samtf.examples.data.LabelNoise;
import org.samtf.examples.failure.InputException;
import org.samtf.examples.report.Progress;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Takes part in a training on several machines. */
@Command(
    name = "worker",
    description = {
      "Take part in a training on several machines: read this machine's images, and compute for the",
      "first machine until it is done. train with the same --cluster does the same on all but the",
      "first."
    },
    mixinStandardHelpOptions = true,
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:The first machine has come to its end.",
      "1:It has failed, or this one has.",
      "2:An option or a data file cannot be used, here or there.",
      "3:A file or the standard output cannot be written, here or there.",
      "4:Out of memory, here or there.",
      "200:The first machine does not answer for as long as --start-timeout says.",
      "129, 130, 143:Ended by SIGHUP, SIGINT or SIGTERM, or the first machine was."
    })
public final class WorkerCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Option(
      names = "--data",
      paramLabel = "digits|DIR",
      defaultValue = "digits",
      description = "The data, as for train (default: digits).")
  private String source;

  @Option(
      names = "--label-noise",
      paramLabel = "SHARE",
      defaultValue = "0",
      description = "As for train.")
  private double labelNoise;

  @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "As for train.")
  private long seed;

  @Mixin private ClusterOptions cluster;

  @Override
  public Integer call() {
    Check.that(labelNoise >= 0 && labelNoise < 1, "--label-noise", labelNoise, "in [0, 1)");
    Cluster machines =
        cluster
            .cluster()
            .orElseThrow(
                () ->
                    new InputException(
                        "worker has no --cluster",
                        "environment, or host:port of each machine",
                        "say which machines take part"));
    if (machines.isChief()) {
      throw new InputException(
          "this is the first machine", "another", "run train there, with the same --cluster");
    }
    PrintWriter err = spec.commandLine().getErr();
    Consumer<String> notices = line -> Progress.writeLine(err::println, line);
    if (machines.task().orElseThrow() >= machines.size()) {
      return SharedWork.holdWeights(machines, cluster.patience(), notices);
    }
    DataSet data = LabelNoise.apply(DataSets.open(source), labelNoise, seed);
    return SharedWork.start(
            machines,
            cluster.patience(),
            source,
            data,
            noise(labelNoise, seed),
            machines.parameterServers() > 0,
            notices)
        .follow();
  }

  /** What decides about the labels, the same for train and worker. */
  static String noise(double labelNoise, long seed) {
    return labelNoise == 0 ? "" : labelNoise + " " + seed;
  }
}
