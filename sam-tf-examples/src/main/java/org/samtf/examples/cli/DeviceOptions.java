package org.samtf.examples.cli;

import org.samtf.examples.train.DeviceChoice;
import picocli.CommandLine.Option;

/** Options that say what to compute on. */
final class DeviceOptions {

  private static final int MAX_THREADS = 1024;

  @Option(
      names = "--device",
      paramLabel = "NAME",
      defaultValue = "auto",
      description = {
        "cpu, gpu, gpu:N for one of several, or auto: a GPU where TensorFlow has one, else the",
        "CPU (default: ${DEFAULT-VALUE})."
      })
  private String device;

  @Option(
      names = "--require-gpu",
      description = "Do not start without a GPU. --device gpu does not, either.")
  private boolean requireGpu;

  @Option(
      names = "--memory-growth",
      description = {
        "Take memory of a GPU as it is needed; TensorFlow takes nearly all of it at once."
      })
  private boolean memoryGrowth;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = {
        "Threads on the CPU (default: TensorFlow's choice, by processors). Another number may give",
        "other last bits."
      })
  private Integer threads;

  /** The choice; whether the device is there is not checked yet. */
  DeviceChoice choice() {
    if (threads != null) {
      Check.that(
          threads >= 1 && threads <= MAX_THREADS, "--threads", threads, "1 to " + MAX_THREADS);
    }
    return new DeviceChoice(device, requireGpu, memoryGrowth, threads == null ? 0 : threads);
  }
}
