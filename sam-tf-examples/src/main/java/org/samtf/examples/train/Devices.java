package org.samtf.examples.train;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.samtf.examples.failure.InputException;
import org.tensorflow.Graph;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/** Devices by name. */
public final class Devices {

  private static final Pattern NAME =
      Pattern.compile(
          "(/job:[\\w.-]+)?(/replica:\\d+)?(/task:\\d+)?/(device:)?([A-Za-z_]+):(\\d{1,9})");

  private static final String CPU = "CPU";

  /** Each has threads of its own; more would only be a slip of the finger. */
  private static final int MAX_CPU_DEVICES = 64;

  private Devices() {}

  /**
   * Returns the settings of a session that has these devices.
   *
   * <p>TensorFlow takes all processors for one device; more of them exist only if they are asked
   * for.
   *
   * @param names the devices
   * @param base what else the session is to have
   * @return the settings
   */
  static ConfigProto sessionFor(List<String> names, ConfigProto base) {
    ConfigProto.Builder config = base.toBuilder();
    int cpus = 1;
    for (String name : names) {
      Matcher matcher = NAME.matcher(name);
      if (matcher.matches() && matcher.group(5).toUpperCase(Locale.ROOT).equals(CPU)) {
        cpus = Math.max(cpus, Integer.parseInt(matcher.group(6)) + 1);
      }
    }
    if (cpus > 1) {
      config.putDeviceCount(CPU, cpus);
    }
    return config.build();
  }

  /**
   * Checks that this machine has the devices, by running an op on each.
   *
   * @param option the option that names them, for the message
   * @param names the devices
   * @param config of the session that is to use them; TensorFlow keeps what the first session of a
   *     process says of GPUs
   * @throws InputException if one is no device name or is not there
   */
  public static void check(String option, List<String> names, ConfigProto config) {
    for (String name : names) {
      Matcher matcher = NAME.matcher(name);
      if (!matcher.matches()) {
        throw new InputException(
            option + " has '" + name + "'",
            "names such as /device:GPU:0 or /device:CPU:1",
            "separate them by commas");
      }
      if (matcher.group(5).equalsIgnoreCase(CPU)
          && Integer.parseInt(matcher.group(6)) >= MAX_CPU_DEVICES) {
        throw new InputException(
            option + " has '" + name + "'",
            "/device:CPU:0 to /device:CPU:" + (MAX_CPU_DEVICES - 1),
            "name fewer");
      }
    }
    for (String name : names) {
      if (!exists(name, sessionFor(names, config))) {
        throw new InputException(
            option + " has '" + name + "', which this machine does not have",
            "devices of this machine",
            "name others, such as /device:CPU:0,/device:CPU:1");
      }
    }
  }

  /** Whether a session with this configuration has the device. */
  static boolean exists(String name, ConfigProto config) {
    try (Graph graph = new Graph();
        Session session = new Session(graph, config)) {
      NodeDef probe = NodeDef.newBuilder().setName("probe").setOp("NoOp").setDevice(name).build();
      graph.importGraphDef(GraphDef.newBuilder().addNode(probe).build());
      session.runner().addTarget("probe").run().close();
      return true;
    } catch (TensorFlowException | IllegalArgumentException e) {
      return false;
    }
  }
}
