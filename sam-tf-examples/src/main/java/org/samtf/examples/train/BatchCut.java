package org.samtf.examples.train;

import java.util.List;
import org.samtf.SamOptimizerBuilder;
import org.samtf.examples.model.Network;

/**
 * How SAM cuts the batch of a step.
 *
 * @param microBatches how many parts of the same size have their own perturbation; 1 for the whole
 *     batch
 * @param sequential whether one part comes after the other
 * @param devices that the parts are spread over; empty to leave it to TensorFlow
 * @param ascentExamples how many examples the perturbation is computed from; 0 for all
 * @param randomAscentExamples whether they are drawn in each step; otherwise they are the first
 */
public record BatchCut(
    int microBatches,
    boolean sequential,
    List<String> devices,
    int ascentExamples,
    boolean randomAscentExamples) {

  /** The batch stays whole. */
  public static final BatchCut NONE = new BatchCut(1, false, List.of(), 0, false);

  /**
   * Returns a cut in parts that TensorFlow may compute at the same time.
   *
   * @param count how many
   * @return the cut
   */
  public static BatchCut inParts(int count) {
    return new BatchCut(count, false, List.of(), 0, false);
  }

  /**
   * Returns a cut that takes the perturbation from the first examples.
   *
   * @param examples how many
   * @return the cut
   */
  public static BatchCut ascentFrom(int examples) {
    return new BatchCut(1, false, List.of(), examples, false);
  }

  /**
   * Returns the same cut with parts that come one after the other.
   *
   * @return the cut
   */
  public BatchCut inSequence() {
    return new BatchCut(microBatches, true, devices, ascentExamples, randomAscentExamples);
  }

  /**
   * Describes the cut, to go behind other settings.
   *
   * @return empty if the batch stays whole
   */
  public String inWords() {
    StringBuilder words = new StringBuilder();
    if (microBatches > 1) {
      words.append(", ").append(microBatches).append(" micro-batches");
      words.append(sequential ? " in sequence" : "");
      words.append(devices.isEmpty() ? "" : " on " + String.join(" ", devices));
    }
    if (ascentExamples > 0) {
      words.append(", perturbation from ").append(ascentExamples);
      words.append(randomAscentExamples ? " random" : "").append(" examples");
    }
    return words.toString();
  }

  /**
   * Sets up an optimizer for this cut.
   *
   * @param builder of the optimizer
   * @param network whose batches are cut
   * @return the builder
   */
  public SamOptimizerBuilder applyTo(SamOptimizerBuilder builder, Network network) {
    if (microBatches > 1) {
      builder.microBatches(microBatches, network.batchInputs()).sequential(sequential);
      if (!devices.isEmpty()) {
        builder.devices(devices);
      }
    }
    if (ascentExamples > 0) {
      builder.ascentExamples(ascentExamples, network.batchInputs());
      if (randomAscentExamples) {
        builder.randomAscentExamples(network.drawSeed("ascent_examples"));
      }
    }
    return builder;
  }
}
