package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samtf.internal.graph.Protos;
import org.tensorflow.Result;
import org.tensorflow.Session;

/**
 * The tensors that a run copies from one memory to another: from device to device, from a device to
 * the host and back.
 *
 * <p>For each TensorFlow puts a pair of ops into the graph, one that sends and one that receives.
 */
public final class Crossings {

  /** DT_INT32, DT_STRING, DT_INT64 and DT_BOOL in TensorFlow's {@code types.proto}. */
  private static final Set<Integer> COUNTS_WORDS_CONDITIONS = Set.of(3, 7, 9, 10);

  /** Also traces what the ops put out. */
  private static final int SOFTWARE_TRACE = 1;

  /**
   * A tensor that is copied.
   *
   * @param name the op that makes it, after all of TensorFlow's rewriting
   * @param from the device whose memory it is in; with "host" if in that of the host
   * @param to likewise
   * @param type its type's number in TensorFlow's {@code types.proto}
   * @param size its entries in this run; -1 if it was not computed, being on a way not taken
   */
  record Crossing(String name, String from, String to, int type, long size) {

    /** Whether it holds numbers that a model computes with. */
    boolean isOfTheModel() {
      return !COUNTS_WORDS_CONDITIONS.contains(type);
    }

    /** Whether it was computed in this run. */
    boolean isComputed() {
      return size >= 0;
    }

    /** Whether it is only computed if a gradient is not finite. */
    boolean isOfAFailure() {
      return name.contains("/notFinite/") || name.endsWith("/allFinite");
    }
  }

  private record Tensor(int type, long size) {}

  private static final Tensor NONE = new Tensor(-1, -1);

  private Crossings() {}

  /** Runs, closes what was fetched, and tells what was copied. */
  public static List<Crossing> run(Session.Runner runner) {
    var options = Protos.partitionGraphs().toBuilder().setTraceLevelValue(SOFTWARE_TRACE).build();
    try (Result result = runner.setOptions(options).runAndFetchMetadata()) {
      var metadata = result.getMetadata().orElseThrow();
      Map<String, Tensor> outputs = new HashMap<>();
      for (var device : metadata.getStepStats().getDevStatsList()) {
        for (var node : device.getNodeStatsList()) {
          for (var output : node.getOutputList()) {
            var tensor = output.getTensorDescription();
            long size = 1;
            for (var dimension : tensor.getShape().getDimList()) {
              size *= dimension.getSize();
            }
            outputs.put(
                node.getNodeName() + ":" + output.getSlot(),
                new Tensor(tensor.getDtypeValue(), size));
          }
        }
      }
      Map<String, String> targets = new HashMap<>();
      for (var partition : metadata.getPartitionGraphsList()) {
        for (var node : partition.getNodeList()) {
          if (node.getOp().endsWith("Recv")) {
            String key = node.getAttrOrThrow("tensor_name").getS().toStringUtf8();
            targets.put(key, memory(node.getDevice(), node.getOp()));
          }
        }
      }
      List<Crossing> crossings = new ArrayList<>();
      for (var partition : metadata.getPartitionGraphsList()) {
        for (var node : partition.getNodeList()) {
          if (node.getOp().endsWith("Send")) {
            String key = node.getAttrOrThrow("tensor_name").getS().toStringUtf8();
            String input = node.getInput(0);
            Tensor sent = outputs.getOrDefault(input.contains(":") ? input : input + ":0", NONE);
            String from = memory(node.getDevice(), node.getOp());
            assertThat(targets).as("who receives %s", key).containsKey(key);
            crossings.add(
                new Crossing(input.split(":")[0], from, targets.get(key), sent.type, sent.size));
          }
        }
      }
      return crossings;
    }
  }

  private static String memory(String device, String op) {
    String name = device.substring(device.indexOf("/device:"));
    return op.startsWith("_Host") ? name + " host" : name;
  }
}
