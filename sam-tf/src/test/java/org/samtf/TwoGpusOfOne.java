package org.samtf;

import java.util.List;
import org.samtf.internal.graph.Protos;
import org.tensorflow.Session;

/**
 * Trains with the parts of a batch on two GPUs that TensorFlow makes of one, and prints the weights
 * as the bits of doubles.
 *
 * <p>A program, since a process has a GPU whole or in parts from its first session on.
 */
final class TwoGpusOfOne {

  private static final float MEGABYTES = 1024;

  private TwoGpusOfOne() {}

  /** The arguments are the devices; {@code sequential} before them runs one part after another. */
  public static void main(String[] arguments) {
    boolean sequential = arguments[0].equals("sequential");
    List<String> devices = List.of(arguments).subList(sequential ? 1 : 0, arguments.length);
    var config = Protos.config();
    config
        .getGpuOptionsBuilder()
        .getExperimentalBuilder()
        .addVirtualDevicesBuilder()
        .addMemoryLimitMb(MEGABYTES)
        .addMemoryLimitMb(MEGABYTES);
    config.putDeviceCount("CPU", 2);
    try (TwoLayersInParts net =
        new TwoLayersInParts(graph -> new Session(graph, config.build()), devices, sequential, 1)) {
      for (int step = 0; step < 3; step++) {
        net.step();
      }
      for (double[] weight : net.weights()) {
        for (double value : weight) {
          System.out.println("weight " + Long.toHexString(Double.doubleToRawLongBits(value)));
        }
      }
    }
  }
}
