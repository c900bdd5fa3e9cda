package org.samtf.examples.cli;

import java.util.List;
import java.util.Locale;
import org.samtf.examples.failure.InputException;
import org.samtf.examples.model.Architecture;
import org.samtf.examples.model.Cnn;
import org.samtf.examples.model.Mlp;
import org.samtf.examples.model.Pretrained;
import picocli.CommandLine.Option;

/** Options that say what the network is made of. */
final class NetworkOptions {

  private static final int MAX_UNITS = 1 << 14;
  private static final float AVERAGING = 0.9f;
  private static final List<String> NAMES = List.of("mlp", "cnn");

  @Option(
      names = "--model",
      paramLabel = "NAME",
      defaultValue = "mlp",
      description = {
        "mlp or cnn; for train also the path of a SavedModel or of a frozen graph, which is trained",
        "on (default: ${DEFAULT-VALUE})."
      })
  private String model;

  @Option(
      names = "--hidden",
      paramLabel = "N",
      split = ",",
      description = "Units of each hidden layer of an mlp; 0 for none (default: 128,128).")
  private List<Integer> hidden;

  @Option(
      names = "--channels",
      paramLabel = "N",
      split = ",",
      description = "Channels of each block of a cnn (default: 16,32).")
  private List<Integer> channels;

  @Option(
      names = "--dropout",
      paramLabel = "SHARE",
      description = "Dropout before the last layer of a cnn, in [0, 1) (default: 0.25).")
  private Float dropout;

  /** The network of this name, or else the model of this path. */
  Architecture architecture(PretrainedOptions pretrained) {
    if (NAMES.contains(model.toLowerCase(Locale.ROOT))) {
      pretrained.refuseFor(model);
      return architecture();
    }
    Pretrained loaded = pretrained.at(model);
    refuse(hidden, "--hidden", model);
    refuse(channels, "--channels", model);
    refuse(dropout, "--dropout", model);
    return loaded;
  }

  /** The network of this name. */
  Architecture architecture() {
    return switch (model.toLowerCase(Locale.ROOT)) {
      case "mlp" -> {
        refuse(channels, "--channels", "mlp");
        refuse(dropout, "--dropout", "mlp");
        boolean linear = List.of(0).equals(hidden);
        yield new Mlp(linear ? List.of() : sizes("--hidden", hidden, List.of(128, 128)));
      }
      case "cnn" -> {
        refuse(hidden, "--hidden", "cnn");
        float share = dropout == null ? 0.25f : dropout;
        Check.that(share >= 0 && share < 1, "--dropout", share, "a share in [0, 1)");
        yield new Cnn(sizes("--channels", channels, List.of(16, 32)), share, AVERAGING);
      }
      default ->
          throw new InputException("no model '" + model + "'", "mlp or cnn", "choose one of them");
    };
  }

  /** The share that is dropped, 0 for none. */
  float dropoutShare() {
    return !model.equalsIgnoreCase("cnn") ? 0 : dropout == null ? 0.25f : dropout;
  }

  private static List<Integer> sizes(String option, List<Integer> given, List<Integer> standard) {
    if (given == null) {
      return standard;
    }
    for (int size : given) {
      Check.that(size >= 1 && size <= MAX_UNITS, option, size, "numbers from 1 to " + MAX_UNITS);
    }
    return List.copyOf(given);
  }

  private static void refuse(Object value, String option, String model) {
    if (value != null) {
      throw new InputException(
          option + " is given for model " + model,
          "an option of that model",
          "leave it out or choose the other --model");
    }
  }
}
