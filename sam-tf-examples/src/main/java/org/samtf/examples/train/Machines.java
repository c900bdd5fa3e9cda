package org.samtf.examples.train;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.samtf.cluster.Cluster;
import org.samtf.examples.data.LabeledImages;
import org.samtf.examples.data.Shards;
import org.samtf.examples.failure.InputException;
import org.samtf.examples.failure.OneLine;
import org.samtf.examples.model.Homes;
import org.tensorflow.DeviceSpec;
import org.tensorflow.Graph;
import org.tensorflow.Session;
import org.tensorflow.proto.ConfigProto;

/**
 * What a training run computes on: this machine, or several, each of which trains on images that it
 * has read itself.
 */
public final class Machines {

  private final ConfigProto config;
  private final Optional<Cluster> cluster;
  private final String origin;
  private final Duration patience;
  private final boolean spreadsWeights;

  private Machines(
      ConfigProto config,
      Optional<Cluster> cluster,
      String origin,
      Duration patience,
      boolean spreadsWeights) {
    this.spreadsWeights = spreadsWeights;
    this.config = config;
    this.cluster = cluster;
    this.origin = origin;
    this.patience = patience;
  }

  /**
   * Returns this machine alone.
   *
   * @param config of the session
   * @return the machine
   */
  public static Machines here(ConfigProto config) {
    return new Machines(config, Optional.empty(), "", Duration.ZERO, false);
  }

  /**
   * Returns the machines of a cluster.
   *
   * @param cluster knows which of them this process is
   * @param origin what the images are read from and with; has to be the same on all
   * @param patience how long to wait until all have read them
   * @param spreadsWeights whether the weights are spread over all, or over the parameter servers,
   *     and not on the first
   * @return the machines
   */
  public static Machines of(
      Cluster cluster, String origin, Duration patience, boolean spreadsWeights) {
    return new Machines(
        ConfigProto.getDefaultInstance(), Optional.of(cluster), origin, patience, spreadsWeights);
  }

  /**
   * Lets a machine of a cluster take part: it keeps its share of the images, and computes for task
   * 0 until the process ends.
   *
   * @param images all training images, as this machine has read them
   */
  public void serve(LabeledImages images) {
    Cluster several = cluster.orElseThrow();
    several.serve();
    int own = several.task().orElseThrow();
    ShardVariables.fill(several, Shards.of(images, own, several.size()), origin);
  }

  /**
   * Where the weights are: on the devices of the parts of a step, or on the CPUs of parameter
   * servers.
   */
  Homes homes(List<String> devices) {
    if (!spreadsWeights) {
      return Homes.ANYWHERE;
    }
    Cluster several = cluster.orElseThrow();
    String kind = devices.get(0).substring(devices.get(0).lastIndexOf("device:") + 7);
    return bytes ->
        several.spread(bytes).stream()
            .map(task -> several.deviceSpec(task, task < several.size() ? kind : "CPU:0"))
            .toList();
  }

  /** How many there are. */
  int count() {
    return cluster.map(Cluster::size).orElse(1);
  }

  /** What the parts of a step read; nothing if the batch is fed. */
  Optional<ShardVariables.Input> input(Graph graph, LabeledImages images) {
    return cluster.map(c -> ShardVariables.write(graph, c, images.shape(), images.size()));
  }

  /** The settings of a session here that has these devices. */
  ConfigProto config(List<String> devices) {
    return Devices.sessionFor(devices, config);
  }

  /**
   * Opens a session. On several machines it is there when all have read their images.
   *
   * @param input what its steps read; nothing on one machine
   */
  Session open(Graph graph, List<String> devices, Optional<ShardVariables.Input> input) {
    if (cluster.isEmpty()) {
      return new Session(graph, config(devices));
    }
    // Such a session does not initialize by itself.
    return open(() -> cluster.get().session(graph), Session::initialize, input.orElseThrow());
  }

  /**
   * Opens a session on several machines that goes on with all variables as they are, when all have
   * read their images.
   */
  Session reopen(Graph graph, ShardVariables.Input input) {
    return open(() -> cluster.orElseThrow().resume(graph), session -> {}, input);
  }

  private Session open(
      Supplier<Session> opening, Consumer<Session> first, ShardVariables.Input input) {
    Session session;
    try {
      session = opening.get();
    } catch (IllegalStateException e) {
      throw new InputException(
          "--cluster: " + OneLine.of(e.getMessage()),
          "the same TensorFlow Java 1.x on all machines",
          "see docs/cluster.md");
    }
    try {
      first.accept(session);
      // In this session: a machine that is started anew after it was asked breaks the session, too.
      awaitImages(session, input);
      return session;
    } catch (RuntimeException e) {
      close(session);
      throw e;
    }
  }

  private void awaitImages(Session session, ShardVariables.Input input) {
    long end = System.nanoTime() + patience.toNanos();
    List<String> origins = ShardVariables.origins(session, input);
    while (origins.contains("") && System.nanoTime() < end) {
      try {
        Thread.sleep(500);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while the machines read their images", e);
      }
      origins = ShardVariables.origins(session, input);
    }
    for (int i = 0; i < origins.size(); i++) {
      if (!origins.get(i).equals(origin)) {
        throw new InputException(
            "machine "
                + i
                + (origins.get(i).isEmpty()
                    ? " has no images yet"
                    : " has read other images than this one"),
            "the same command and the same data files on all",
            "compare --data, --label-noise, --seed and the files");
      }
    }
  }

  /**
   * Counts the updates of a step that is written for several machines.
   *
   * @return the count; nothing on one machine
   */
  Optional<UpdateCount> countUpdates(Graph graph) {
    return cluster.map(
        c -> {
          List<DeviceSpec> devices = new ArrayList<>(List.of(c.deviceSpec(0, "CPU:0")));
          int first = c.parameterServers() > 0 ? c.size() : 1;
          int end = spreadsWeights ? c.size() + c.parameterServers() : first;
          for (int task = first; task < end; task++) {
            devices.add(c.deviceSpec(task, "CPU:0"));
          }
          return new UpdateCount(graph, devices);
        });
  }

  /** Closes a session, though a machine may be lost. */
  void close(Session session) {
    cluster.ifPresentOrElse(c -> c.close(session), session::close);
  }
}
