package org.samtf.examples.train;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.samtf.examples.failure.InputException;
import org.samtf.train.Schedule;
import org.samtf.train.Schedules;

/**
 * How a learning rate or rho changes in a run, as an option says it: a name, and numbers after a
 * colon.
 *
 * @param kind which schedule
 * @param numbers what it takes: epochs, a power, a factor
 */
public record RateSchedule(Kind kind, List<Double> numbers) {

  /** The same in each step. */
  public static final RateSchedule CONSTANT = new RateSchedule(Kind.CONSTANT, List.of());

  /** What is left after each boundary of stairs, as in PyTorch's MultiStepLR. */
  private static final double STAIR = 0.1;

  /** The schedules, by name. */
  public enum Kind {
    /** The same in each step. */
    CONSTANT(false, 0, 0),
    /** To 0 in a straight line. */
    LINEAR(true, 0, 0),
    /** To 0 by half a cosine. */
    COSINE(true, 0, 0),
    /** The same every few epochs, or each time longer by a factor. */
    COSINE_RESTARTS(false, 1, 2),
    /** To 0 by a power of what is left. */
    POLYNOMIAL(true, 1, 1),
    /** By a factor an epoch. */
    EXPONENTIAL(false, 1, 1),
    /** Up and down. */
    ONE_CYCLE(true, 0, 0),
    /** To a tenth after some epochs. */
    PIECEWISE(false, 1, Integer.MAX_VALUE);

    private final boolean dependsOnLength;
    private final int fewest;
    private final int most;

    Kind(boolean dependsOnLength, int fewest, int most) {
      this.dependsOnLength = dependsOnLength;
      this.fewest = fewest;
      this.most = most;
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /**
   * Reads an option.
   *
   * @param option its name
   * @param text such as {@code cosine} or {@code piecewise:10,15}
   * @return the schedule
   * @throws InputException if there is no such schedule, or its numbers are others
   */
  public static RateSchedule of(String option, String text) {
    String name = text.contains(":") ? text.substring(0, text.indexOf(':')) : text;
    Kind kind =
        Arrays.stream(Kind.values())
            .filter(k -> k.toString().equals(name.toLowerCase(Locale.ROOT)))
            .findFirst()
            .orElseThrow(
                () ->
                    new InputException(
                        option + " is " + text,
                        Arrays.stream(Kind.values())
                            .map(Kind::toString)
                            .collect(Collectors.joining(", ")),
                        "choose one of them"));
    List<Double> numbers = new ArrayList<>();
    if (text.length() > name.length()) {
      for (String number : text.substring(name.length() + 1).split(",", -1)) {
        numbers.add(number(option, text, number));
      }
    }
    RateSchedule schedule = new RateSchedule(kind, numbers);
    if (numbers.size() < kind.fewest || numbers.size() > kind.most || !schedule.isValid()) {
      throw new InputException(option + " is " + text, allowed(kind), "write it so");
    }
    return schedule;
  }

  private static double number(String option, String text, String number) {
    try {
      return Double.parseDouble(number);
    } catch (NumberFormatException e) {
      throw new InputException(
          option + " is " + text, "numbers with commas after the colon", "write them so");
    }
  }

  private boolean isValid() {
    boolean whole = numbers.stream().allMatch(n -> n >= 1 && n <= 1e6 && n == Math.rint(n));
    return switch (kind) {
      case CONSTANT, LINEAR, COSINE, ONE_CYCLE -> true;
      case POLYNOMIAL -> numbers.get(0) > 0 && Double.isFinite(numbers.get(0));
      case EXPONENTIAL -> numbers.get(0) > 0 && numbers.get(0) <= 1;
      case COSINE_RESTARTS -> whole;
      case PIECEWISE -> whole && numbers.stream().distinct().sorted().toList().equals(numbers);
    };
  }

  private static String allowed(Kind kind) {
    return switch (kind) {
      case CONSTANT, LINEAR, COSINE, ONE_CYCLE -> kind + " without numbers";
      case POLYNOMIAL -> "polynomial:POWER, above 0";
      case EXPONENTIAL -> "exponential:FACTOR, what is left after an epoch, in (0, 1]";
      case COSINE_RESTARTS -> "cosine-restarts:EPOCHS or cosine-restarts:EPOCHS,FACTOR, from 1";
      case PIECEWISE -> "piecewise:EPOCH,EPOCH,..., rising, from 1";
    };
  }

  /**
   * Returns whether a step depends on how many the run has.
   *
   * @return whether it does
   */
  public boolean dependsOnLength() {
    return kind.dependsOnLength;
  }

  /**
   * Returns the schedule.
   *
   * @param peak what it begins with, or comes to after a warm-up
   * @param steps how many steps it has
   * @param stepsPerEpoch how many an epoch has
   * @return the schedule
   */
  Schedule from(double peak, long steps, long stepsPerEpoch) {
    return switch (kind) {
      case CONSTANT -> Schedules.constant(peak);
      case LINEAR -> Schedules.linear(peak, 0, steps);
      case COSINE -> Schedules.cosine(peak, 0, steps);
      case COSINE_RESTARTS ->
          Schedules.cosineRestarts(
              peak,
              0,
              Math.round(numbers.get(0)) * stepsPerEpoch,
              numbers.size() == 1 ? 1 : (int) Math.round(numbers.get(1)));
      case POLYNOMIAL -> Schedules.polynomial(peak, 0, steps, numbers.get(0));
      case EXPONENTIAL -> Schedules.exponential(peak, numbers.get(0), stepsPerEpoch);
      case ONE_CYCLE -> Schedules.oneCycle(peak, Math.max(2, steps));
      case PIECEWISE -> stairs(peak, stepsPerEpoch);
    };
  }

  private Schedule stairs(double peak, long stepsPerEpoch) {
    long[] boundaries =
        numbers.stream().mapToLong(epoch -> Math.round(epoch) * stepsPerEpoch).toArray();
    double[] values = new double[boundaries.length + 1];
    for (int i = 0; i < values.length; i++) {
      values[i] = peak * Math.pow(STAIR, i);
    }
    return Schedules.piecewise(boundaries, values);
  }

  @Override
  public String toString() {
    return numbers.isEmpty()
        ? kind.toString()
        : kind
            + ":"
            + numbers.stream()
                .map(n -> n == Math.rint(n) ? String.valueOf(Math.round(n)) : String.valueOf(n))
                .collect(Collectors.joining(","));
  }
}
