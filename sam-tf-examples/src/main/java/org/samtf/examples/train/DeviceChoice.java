package org.samtf.examples.train;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.samtf.examples.failure.InputException;
import org.samtf.examples.failure.OneLine;
import org.tensorflow.Graph;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.proto.ConfigProto;

/**
 * Which device a job computes on.
 *
 * @param name {@code auto} for TensorFlow's choice, {@code cpu}, {@code gpu}, or {@code gpu:N} for
 *     one of several as the driver counts them
 * @param requireGpu whether to refuse to start where TensorFlow has no GPU
 * @param memoryGrowth whether to take memory of a GPU as it is needed, and not all of it at once
 * @param threads how many threads an op may use; 0 for TensorFlow's choice
 */
public record DeviceChoice(String name, boolean requireGpu, boolean memoryGrowth, int threads) {

  private static final Pattern GPU = Pattern.compile("gpu(?::(\\d{1,3}))?");

  /** Of the GPUs that the session is allowed to see. */
  private static final String FIRST_GPU = "/device:GPU:0";

  /**
   * Checks the name.
   *
   * @param name of the device
   * @param requireGpu whether a GPU is demanded
   * @param memoryGrowth whether to take memory as it is needed
   * @param threads how many threads; 0 for TensorFlow's choice
   * @throws InputException if there is no such name, or it contradicts the demand
   */
  public DeviceChoice {
    if (!name.equals("auto") && !name.equals("cpu") && !GPU.matcher(name).matches()) {
      throw new InputException(
          "--device is '" + name + "'", "auto, cpu, gpu or gpu:0, gpu:1, ...", "give one of them");
    }
    if (name.equals("cpu") && requireGpu) {
      throw new InputException(
          "--require-gpu is given with --device cpu", "one of the two", "leave one of them out");
    }
  }

  /**
   * Returns the configuration of a session.
   *
   * @return the configuration
   */
  public ConfigProto config() {
    ConfigProto.Builder config = ConfigProto.newBuilder();
    Matcher gpu = GPU.matcher(name);
    if (name.equals("cpu")) {
      config.putDeviceCount("GPU", 0);
    } else if (gpu.matches() && gpu.group(1) != null) {
      config.getGpuOptionsBuilder().setVisibleDeviceList(gpu.group(1));
    }
    if (memoryGrowth) {
      config.getGpuOptionsBuilder().setAllowGrowth(true);
    }
    if (threads > 0) {
      config.setIntraOpParallelismThreads(threads).setInterOpParallelismThreads(threads);
    }
    return config.build();
  }

  /**
   * Checks that the GPU is there, if one is demanded: a build of TensorFlow without GPUs, a driver
   * that is missing or too old, and a machine without a GPU would all go on with the CPU.
   *
   * @throws InputException if not
   */
  public void check() {
    boolean demanded = requireGpu || GPU.matcher(name).matches();
    if (!demanded) {
      return;
    }
    String option = requireGpu ? "--require-gpu" : "--device " + name;
    try (Graph graph = new Graph();
        Session session = new Session(graph, config())) {
      assert session.graph() == graph;
    } catch (TensorFlowException | IllegalArgumentException e) {
      throw new InputException(
          option + " is given, and TensorFlow says: " + OneLine.of(e.getMessage()),
          "a GPU of this machine",
          "see which there are with nvidia-smi");
    }
    if (!Devices.exists(FIRST_GPU, config())) {
      throw new InputException(
          option + " is given, and TensorFlow has no GPU here",
          "a GPU, its driver and the build of TensorFlow for it",
          "see nvidia-smi, build with -Pgpu, or leave the option out to compute on the CPU");
    }
  }
}
