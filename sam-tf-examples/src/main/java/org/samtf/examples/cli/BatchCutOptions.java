package org.samtf.examples.cli;

import java.util.List;
import org.samtf.examples.failure.InputException;
import org.samtf.examples.train.BatchCut;
import org.samtf.examples.train.Devices;
import org.tensorflow.proto.ConfigProto;
import picocli.CommandLine.Option;

/** Options that say how SAM cuts the batch of a step. */
final class BatchCutOptions {

  private static final String MICRO_BATCHES = "--micro-batches";
  private static final String ASCENT_EXAMPLES = "--ascent-examples";
  private static final String DEVICES = "--devices";

  @Option(
      names = MICRO_BATCHES,
      paramLabel = "K",
      description = {
        "m-sharpness: cut the batch in K parts of the same size, each with its own perturbation;",
        "K divides the batch size (default: 1, the whole batch)."
      })
  private Integer microBatches;

  @Option(
      names = "--sequential",
      description = "With --micro-batches: one part after the other, which takes less memory.")
  private boolean sequential;

  @Option(
      names = DEVICES,
      paramLabel = "D",
      split = ",",
      description = {
        "With --micro-batches: spread the parts over these devices, in turn, such as",
        "/device:GPU:0,/device:GPU:1 (default: TensorFlow's choice)."
      })
  private List<String> devices;

  @Option(
      names = ASCENT_EXAMPLES,
      paramLabel = "M",
      description = {
        "Compute the perturbation from the first M images of the batch only, and the gradient at",
        "the perturbed weights from all of them (default: all)."
      })
  private Integer ascentExamples;

  @Option(
      names = "--random-ascent-examples",
      description = "With --ascent-examples: draw them in each step.")
  private boolean randomAscentExamples;

  /** The first option that was given, or null. */
  String given() {
    if (microBatches != null) {
      return MICRO_BATCHES;
    }
    if (ascentExamples != null) {
      return ASCENT_EXAMPLES;
    }
    if (devices != null) {
      return DEVICES;
    }
    if (sequential) {
      return "--sequential";
    }
    return randomAscentExamples ? "--random-ascent-examples" : null;
  }

  /** The cut of a batch of this size, on the devices that TensorFlow has by default. */
  BatchCut of(int batchSize) {
    return of(batchSize, ConfigProto.getDefaultInstance());
  }

  /** The cut of a batch of this size, on the devices of sessions with this configuration. */
  BatchCut of(int batchSize, ConfigProto config) {
    int parts = microBatches == null ? 1 : microBatches;
    int examples = ascentExamples == null ? 0 : ascentExamples;
    Check.that(
        parts >= 1 && batchSize % parts == 0,
        MICRO_BATCHES,
        parts,
        "a divisor of the batch size " + batchSize);
    if (ascentExamples != null) {
      Check.that(
          examples >= 1 && examples <= batchSize,
          ASCENT_EXAMPLES,
          examples,
          "1 to the batch size " + batchSize);
      if (microBatches != null) {
        throw new InputException(
            ASCENT_EXAMPLES + " is given with " + MICRO_BATCHES,
            "one of the two",
            "leave one of them out");
      }
    }
    require(!sequential || microBatches != null, "--sequential", MICRO_BATCHES);
    require(
        !randomAscentExamples || ascentExamples != null,
        "--random-ascent-examples",
        ASCENT_EXAMPLES);
    return new BatchCut(parts, sequential, devices(parts, config), examples, randomAscentExamples);
  }

  private List<String> devices(int parts, ConfigProto config) {
    if (devices == null) {
      return List.of();
    }
    require(parts > 1, DEVICES, MICRO_BATCHES + " above 1");
    if (devices.size() > parts) {
      throw new InputException(
          DEVICES + " has " + devices.size() + " devices",
          "no more than the " + parts + " parts of the batch",
          "name fewer or raise " + MICRO_BATCHES);
    }
    Devices.check(DEVICES, devices, config);
    return List.copyOf(devices);
  }

  private static void require(boolean valid, String option, String other) {
    if (!valid) {
      throw new InputException(
          option + " is given without " + other, "both", "add the one or leave the other out");
    }
  }
}
