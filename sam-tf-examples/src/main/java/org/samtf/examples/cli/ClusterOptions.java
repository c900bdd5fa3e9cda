package org.samtf.examples.cli;

import java.time.Duration;
import java.util.Optional;
import org.samtf.cluster.Cluster;
import org.samtf.examples.failure.InputException;
import org.samtf.examples.failure.OneLine;
import picocli.CommandLine.Option;

/** Options that say which machines take part, and which of them this is. */
final class ClusterOptions {

  private static final String CLUSTER = "--cluster";
  private static final String TASK = "--task";
  private static final String ENVIRONMENT = "environment";
  private static final int MAX_SECONDS = 86_400;

  @Option(
      names = CLUSTER,
      paramLabel = "environment|H:P,...",
      description = {
        "Train on several machines, with the same command on each: environment, to take who is who",
        "from TF_CONFIG, Slurm or Kubernetes, or host:port of each, with commas between. The first",
        "writes models and checkpoints."
      })
  private String cluster;

  @Option(
      names = TASK,
      paramLabel = "N",
      description = "With host:port,... : which of them this machine is, from 0.")
  private Integer task;

  @Option(
      names = "--trusted-network",
      description = {
        "Only these machines can reach each other's ports: TensorFlow's servers neither encrypt nor",
        "ask who is there. Needed where one is not localhost."
      })
  private boolean trustedNetwork;

  @Option(
      names = "--start-timeout",
      paramLabel = "SECONDS",
      description = "How long to wait for all machines (default: 300).")
  private Integer startTimeout;

  @Option(
      names = "--step-timeout",
      paramLabel = "SECONDS",
      description = {
        "How long a step may take; so late a machine that is frozen or cut off is noticed",
        "(default: 600)."
      })
  private Integer stepTimeout;

  boolean isGiven() {
    return cluster != null;
  }

  /** How long to wait for all. */
  Duration patience() {
    return startTimeout == null ? Cluster.START_TIMEOUT_DEFAULT : Duration.ofSeconds(startTimeout);
  }

  /** The machines, and which of them this is; empty for this one alone. */
  Optional<Cluster> cluster() {
    if (cluster == null) {
      requireCluster(task, TASK);
      requireCluster(trustedNetwork ? true : null, "--trusted-network");
      requireCluster(startTimeout, "--start-timeout");
      requireCluster(stepTimeout, "--step-timeout");
      return Optional.empty();
    }
    boolean fromEnvironment = cluster.equals(ENVIRONMENT);
    if (fromEnvironment == (task != null)) {
      throw new InputException(
          CLUSTER + " " + cluster + (task == null ? " has no " : " is given with ") + TASK,
          CLUSTER + " " + ENVIRONMENT + ", or addresses and " + TASK,
          task == null ? "say which of them this machine is" : "leave " + TASK + " out");
    }
    try {
      Cluster named =
          fromEnvironment
              ? Cluster.fromEnvironment()
              : Cluster.of(cluster.split(",")).withTask(task);
      if (startTimeout != null) {
        named = named.startTimeout(seconds("--start-timeout", startTimeout));
      }
      if (stepTimeout != null) {
        named = named.stepTimeout(seconds("--step-timeout", stepTimeout));
      }
      return Optional.of(trustedNetwork ? named.trustNetwork() : named);
    } catch (IllegalArgumentException e) {
      throw new InputException(
          CLUSTER + " " + cluster + ": " + OneLine.of(e.getMessage()),
          "machines that are known",
          "see docs/cluster.md");
    }
  }

  private static Duration seconds(String option, int seconds) {
    Check.that(seconds >= 1 && seconds <= MAX_SECONDS, option, seconds, "1 to " + MAX_SECONDS);
    return Duration.ofSeconds(seconds);
  }

  private static void requireCluster(Object given, String option) {
    if (given != null) {
      throw new InputException(
          option + " is given without " + CLUSTER, "both", "add the one or leave the other out");
    }
  }
}
