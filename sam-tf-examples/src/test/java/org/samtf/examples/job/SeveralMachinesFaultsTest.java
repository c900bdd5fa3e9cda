package org.samtf.examples.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samtf.examples.failure.ExitCode;

/**
 * A job on three machines, of which one is killed or frozen at random moments, again and again. In
 * the end its bits are those of a job that nothing happened to.
 */
@Tag("long")
class SeveralMachinesFaultsTest {

  private static final int MACHINES = 3;
  private static final int FAULTS = Integer.getInteger("samtf.faults", 20);
  private static final int EPOCHS = FAULTS;

  /** Where the weights are when there are faults: chief or spread. */
  private static final String WEIGHTS = System.getProperty("samtf.faults.weights", "chief");

  private static final int STEPS_PER_EPOCH = 17;
  private static final int STEP_TIMEOUT_SECONDS = 5;

  /** Waiting for a machine that starts on a busy computer, and then some. */
  private static final Duration LIMIT = Duration.ofMinutes(3);

  /** A step takes less, so that a fault comes anywhere in one, and in what is between two. */
  private static final int MOST_DELAY_MILLIS = 60;

  @TempDir private static Path directory;

  private static MachineProcesses machines;

  private final long seed = Long.getLong("samtf.faults.seed", System.nanoTime());
  private final Random random = new Random(seed);

  /** When a machine was struck until its loss was said, or until the job had ended. */
  private final List<Double> noticed = new ArrayList<>();

  /** When it was struck until there was a step again. */
  private final List<Double> wentOn = new ArrayList<>();

  @BeforeAll
  static void trainInQuiet() throws Exception {
    machines =
        new MachineProcesses(directory)
            .with("--epochs", String.valueOf(EPOCHS))
            .with("--checkpoint-every", "7")
            .with("--step-timeout", String.valueOf(STEP_TIMEOUT_SECONDS));
    TrainProcess[] all = start("quiet", MachineProcesses.addresses(MACHINES));
    await("the end", () -> !all[0].isAlive());
    assertThat(all[0].exitCode()).as(all[0].err()).isEqualTo(ExitCode.OK);
    assertThat(machines.steps("quiet")).isEqualTo(EPOCHS * STEPS_PER_EPOCH);
    machines.with("--weights", WEIGHTS);
  }

  @AfterAll
  static void stop() {
    machines.close();
  }

  private static TrainProcess[] start(String run, String cluster) throws IOException {
    TrainProcess[] all = new TrainProcess[MACHINES];
    for (int task = 0; task < MACHINES; task++) {
      all[task] = machines.start(cluster, task, run);
    }
    return all;
  }

  private static void await(String what, BooleanSupplier happened) throws InterruptedException {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (!happened.getAsBoolean()) {
      assertThat(System.nanoTime()).as("time until there is %s", what).isLessThan(end);
      Thread.sleep(5);
    }
  }

  /** Waits for a moment somewhere in the steps of a fault. */
  private void awaitMoment(String run, TrainProcess chief, int fault) throws InterruptedException {
    int step = 1 + fault * STEPS_PER_EPOCH * EPOCHS / FAULTS + random.nextInt(STEPS_PER_EPOCH - 6);
    await("step " + step, () -> !chief.isAlive() || machines.steps(run) >= step);
    assertThat(chief.isAlive()).as(chief.err()).isTrue();
    Thread.sleep(random.nextInt(MOST_DELAY_MILLIS));
  }

  private static double since(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  private static int losses(TrainProcess chief) {
    return count(chief, "; waiting for it");
  }

  private static int count(TrainProcess machine, String said) {
    return (int) machine.err().lines().filter(line -> line.contains(said)).count();
  }

  /** Until the job is further than it was. */
  private void awaitMoreSteps(String run, TrainProcess chief, long struck, int steps)
      throws InterruptedException {
    await("a step after " + steps, () -> !chief.isAlive() || machines.steps(run) > steps);
    wentOn.add(since(struck));
  }

  private void assertEndsAsQuietly(String run, TrainProcess... all) throws Exception {
    for (TrainProcess machine : all) {
      await("the end", () -> !machine.isAlive());
      Files.writeString(Path.of("target", run + ".txt"), all[0].err());
      assertThat(machine.exitCode()).as(machine.err()).isEqualTo(ExitCode.OK);
    }
    assertThat(machines.weights(run)).hasSameBinaryContentAs(machines.weights("quiet"));
    assertThat(machines.report(run)).isEqualTo(machines.report("quiet"));
    System.out.printf(
        "%s: %d faults, seed %d; noticed after %s s; the next new step after %s s; of %d losses"
            + " that were waited for, %d went on from memory, and in %d the update had begun%n",
        run,
        FAULTS,
        seed,
        range(noticed),
        range(wentOn),
        losses(all[0]),
        count(all[0], "from the weights in memory"),
        count(all[0], "its update had begun"));
  }

  private static String range(List<Double> seconds) {
    List<Double> sorted = seconds.stream().sorted().toList();
    return sorted.isEmpty()
        ? "-"
        : String.format(
            "%.1f to %.1f, median %.1f",
            sorted.get(0), sorted.get(sorted.size() - 1), sorted.get(sorted.size() / 2));
  }

  @Test
  void aWorkerIsKilled() throws Exception {
    String run = "worker-killed";
    String cluster = MachineProcesses.addresses(MACHINES);
    TrainProcess[] all = start(run, cluster);
    for (int fault = 0; fault < FAULTS; fault++) {
      awaitMoment(run, all[0], fault);
      int task = 1 + random.nextInt(MACHINES - 1);
      int before = losses(all[0]);
      long struck = System.nanoTime();
      all[task].kill();
      int steps = machines.steps(run);
      all[task] = machines.start(cluster, task, run);
      awaitLoss(all[0], before, struck);
      awaitMoreSteps(run, all[0], struck, steps);
    }
    assertEndsAsQuietly(run, all);
  }

  @Test
  void theFirstMachineIsKilled() throws Exception {
    String run = "first-killed";
    String cluster = MachineProcesses.addresses(MACHINES);
    TrainProcess[] all = start(run, cluster);
    for (int fault = 0; fault < FAULTS; fault++) {
      awaitMoment(run, all[0], fault);
      long struck = System.nanoTime();
      all[0].kill();
      int steps = machines.steps(run);
      all[0] = machines.start(cluster, 0, run);
      awaitMoreSteps(run, all[0], struck, steps);
    }
    assertEndsAsQuietly(run, all);
  }

  /**
   * It is left frozen for up to twice as long as a step may take; then it goes on, or is replaced.
   */
  @Test
  void aWorkerIsFrozen() throws Exception {
    String run = "worker-frozen";
    String cluster = MachineProcesses.addresses(MACHINES);
    TrainProcess[] all = start(run, cluster);
    for (int fault = 0; fault < FAULTS; fault++) {
      awaitMoment(run, all[0], fault);
      int task = 1 + random.nextInt(MACHINES - 1);
      int before = losses(all[0]);
      long struck = System.nanoTime();
      all[task].signal("STOP");
      int steps = machines.steps(run);
      boolean isReplaced = fault % 2 == 0;
      if (isReplaced) {
        awaitLoss(all[0], before, struck);
        all[task].kill();
        all[task] = machines.start(cluster, task, run);
      } else {
        Thread.sleep(random.nextInt(2000 * STEP_TIMEOUT_SECONDS));
        all[task].signal("CONT");
      }
      awaitMoreSteps(run, all[0], struck, steps);
    }
    assertEndsAsQuietly(run, all);
  }

  private void awaitLoss(TrainProcess first, int before, long struck) throws Exception {
    await("a loss", () -> !first.isAlive() || losses(first) > before);
    noticed.add(since(struck));
  }

  /** The whole job ends, nothing is left half written, and the same command goes on. */
  @Test
  void theJobStops() throws Exception {
    machines.with("--on-lost-worker", "stop");
    try {
      String run = "stopped";
      String cluster = MachineProcesses.addresses(MACHINES);
      for (int fault = 0; fault < FAULTS; fault++) {
        TrainProcess[] all = start(run, cluster);
        awaitMoment(run, all[0], fault);
        int task = 1 + random.nextInt(MACHINES - 1);
        long struck = System.nanoTime();
        all[task].kill();
        await("the end", () -> !all[0].isAlive());
        noticed.add(since(struck));
        TrainProcess other = all[MACHINES - task];
        await("the end of the other", () -> !other.isAlive());
        for (TrainProcess machine : List.of(all[0], other)) {
          assertThat(machine.exitCode()).as(machine.err()).isEqualTo(ExitCode.LOST_MACHINE);
          assertThat(machine.err()).doesNotContain("\tat ").doesNotContain("damaged");
        }
        assertNothingIsHalfWritten(run);
      }
      assertEndsAsQuietly(run, start(run, cluster));
    } finally {
      machines.with("--on-lost-worker", "wait");
    }
  }

  private static void assertNothingIsHalfWritten(String run) throws IOException {
    try (Stream<Path> files = Files.list(machines.checkpoints(run))) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .allMatch(name -> name.startsWith("step-") || name.equals(".lock"));
    }
    assertThat(machines.model(run)).doesNotExist();
    for (String line : Files.readAllLines(machines.log(run))) {
      assertThat(new ObjectMapper().readTree(line).has("event")).as(line).isTrue();
    }
  }
}
