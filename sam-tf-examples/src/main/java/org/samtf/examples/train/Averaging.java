package org.samtf.examples.train;

import java.util.Arrays;
import java.util.Locale;
import org.samtf.examples.failure.InputException;
import org.samtf.train.WeightAverage;
import org.tensorflow.Graph;

/**
 * Which average of the weights a run evaluates and exports.
 *
 * @param kind which
 * @param decay of an exponential average; 0 for a mean
 * @param startEpoch the first epoch whose weights are in a mean; 0 for an exponential average
 * @param everyEpochs after how many epochs weights are in it again; 0 for an exponential average
 */
public record Averaging(Kind kind, double decay, int startEpoch, int everyEpochs) {

  private static final String ALLOWED =
      "ema:DECAY, ema:DECAY,warm-up, ema:DECAY,corrected, swa:EPOCH or swa:EPOCH,EVERY, with a"
          + " decay in [0, 1) and whole numbers from 1";

  /** The averages. */
  public enum Kind {
    /** Exponential, after each step. */
    EMA(""),
    /** The same, with a decay that grows. */
    EMA_WARMED_UP(",warm-up"),
    /** The same, corrected for its beginning. */
    EMA_CORRECTED(",corrected"),
    /** The mean of the weights after some epochs. */
    SWA("");

    private final String suffix;

    Kind(String suffix) {
      this.suffix = suffix;
    }
  }

  /**
   * Reads an option.
   *
   * @param option its name
   * @param text such as {@code ema:0.999} or {@code swa:15}
   * @return the average
   * @throws InputException if it is none
   */
  public static Averaging of(String option, String text) {
    String[] parts = text.toLowerCase(Locale.ROOT).split("[:,]", -1);
    try {
      if (parts[0].equals("ema") && (parts.length == 2 || parts.length == 3)) {
        String suffix = parts.length == 2 ? "" : "," + parts[2];
        double decay = Double.parseDouble(parts[1]);
        if (decay >= 0 && decay < 1) {
          return new Averaging(
              Arrays.stream(Kind.values())
                  .filter(kind -> kind != Kind.SWA && kind.suffix.equals(suffix))
                  .findFirst()
                  .orElseThrow(NumberFormatException::new),
              decay,
              0,
              0);
        }
      }
      if (parts[0].equals("swa") && (parts.length == 2 || parts.length == 3)) {
        int start = Integer.parseInt(parts[1]);
        int every = parts.length == 2 ? 1 : Integer.parseInt(parts[2]);
        if (start >= 1 && every >= 1) {
          return new Averaging(Kind.SWA, 0, start, every);
        }
      }
    } catch (NumberFormatException e) {
      // Answered below, as all that is not allowed.
    }
    throw new InputException(option + " is " + text, ALLOWED, "give one of these");
  }

  /**
   * Makes the average.
   *
   * @param graph the graph of the weights
   * @param stepsPerEpoch how many steps an epoch has
   * @return the average
   */
  WeightAverage in(Graph graph, long stepsPerEpoch) {
    return switch (kind) {
      case EMA -> WeightAverage.ema(graph, decay).build();
      case EMA_WARMED_UP -> WeightAverage.ema(graph, decay).warmedUp().build();
      case EMA_CORRECTED -> WeightAverage.ema(graph, decay).biasCorrected().build();
      case SWA ->
          WeightAverage.swa(graph)
              .startAt(startEpoch * stepsPerEpoch)
              .every(everyEpochs * stepsPerEpoch)
              .build();
    };
  }

  /**
   * Returns after how many steps there is an average.
   *
   * @param stepsPerEpoch how many steps an epoch has
   * @return the number
   */
  long firstStep(long stepsPerEpoch) {
    return kind == Kind.SWA ? startEpoch * stepsPerEpoch : 1;
  }

  @Override
  public String toString() {
    return kind == Kind.SWA
        ? "swa:" + startEpoch + (everyEpochs == 1 ? "" : "," + everyEpochs)
        : "ema:" + decay + kind.suffix;
  }
}
