package org.samtf.examples.cli;

import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import org.samtf.cluster.Cluster;
import org.samtf.cluster.LostTaskException;
import org.samtf.examples.data.DataSet;
import org.samtf.examples.data.DataSets;
import org.samtf.examples.failure.ExitCode;
import org.samtf.examples.failure.Failure;
import org.samtf.examples.failure.InputException;
import org.samtf.examples.failure.LostMachineException;
import org.samtf.examples.failure.OneLine;
import org.samtf.examples.files.Sha256;
import org.samtf.examples.train.Machines;

/** What a machine does among several: the first trains, and the others compute for it. */
final class SharedWork {

  private final Cluster cluster;
  private final Machines machines;
  private final Duration patience;
  private final Consumer<String> notices;

  private SharedWork(
      Cluster cluster, Machines machines, Duration patience, Consumer<String> notices) {
    this.cluster = cluster;
    this.machines = machines;
    this.patience = patience;
    this.notices = notices;
  }

  /**
   * Starts this machine's server and gives it its share of the images.
   *
   * @param source where the images are from, as {@code --data} has it
   * @param noise what else decides about them
   * @param spreadsWeights whether the weights are not on the first machine
   */
  static SharedWork start(
      Cluster cluster,
      Duration patience,
      String source,
      DataSet data,
      String noise,
      boolean spreadsWeights,
      Consumer<String> notices) {
    Map<String, String> files = new TreeMap<>(DataSets.digests(source));
    String origin = Sha256.of((files + noise).getBytes(java.nio.charset.StandardCharsets.UTF_8));
    Machines machines = Machines.of(cluster, origin, patience, spreadsWeights);
    serve(() -> machines.serve(data.train()));
    notices.accept(
        "machine " + cluster.task().orElseThrow() + " of " + cluster.size() + " has its images");
    return new SharedWork(cluster, machines, patience, notices);
  }

  /** Lets this task, which has weights and does not train, take part until the first is done. */
  static int holdWeights(Cluster cluster, Duration patience, Consumer<String> notices) {
    Machines machines = Machines.of(cluster, "", patience, true);
    serve(cluster::serve);
    int number = cluster.task().orElseThrow() - cluster.size();
    notices.accept("parameter server " + number + " of " + cluster.parameterServers() + " serves");
    return new SharedWork(cluster, machines, patience, notices).follow();
  }

  private static void serve(Runnable server) {
    try {
      server.run();
    } catch (IllegalStateException e) {
      throw new InputException(
          "--cluster: " + OneLine.of(e.getMessage()),
          "a server of TensorFlow on this machine",
          "see docs/cluster.md");
    }
  }

  Cluster cluster() {
    return cluster;
  }

  Machines machines() {
    return machines;
  }

  /**
   * Computes for the first machine until it says that it is done.
   *
   * @return its exit code
   */
  int follow() {
    try {
      int code = cluster.awaitRelease(patience);
      notices.accept("the first machine is done");
      return code;
    } catch (LostTaskException e) {
      throw new LostMachineException(e, "start it, and this command, again");
    }
  }

  /** Does the work of the first machine, and tells the others how it has ended. */
  int lead(IntSupplier work) {
    int code = ExitCode.FAILED;
    try {
      code = work.getAsInt();
      return code;
    } catch (Failure e) {
      code = e.exitCode();
      throw e;
    } finally {
      cluster.release(code);
    }
  }
}
