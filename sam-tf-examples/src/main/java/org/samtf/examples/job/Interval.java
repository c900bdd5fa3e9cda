package org.samtf.examples.job;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How often something is done: every so many steps, or every so much time.
 *
 * @param steps how many steps; 0 for a time
 * @param time how much time; zero for steps
 */
public record Interval(long steps, Duration time) {

  /** What {@link #parse} takes. */
  public static final String ALLOWED =
      "a number of steps, or of seconds, minutes or hours with s, m or h behind it";

  private static final Pattern TEXT = Pattern.compile("(\\d{1,9})([smh]?)");

  /**
   * Reads an interval: {@code 200} steps, {@code 30s}, {@code 5m}, {@code 2h}.
   *
   * @param text the text
   * @return the interval
   * @throws IllegalArgumentException if it is none, or 0
   */
  public static Interval parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    long number = matcher.matches() ? Long.parseLong(matcher.group(1)) : 0;
    if (number == 0) {
      throw new IllegalArgumentException("'" + text + "' is no interval");
    }
    return switch (matcher.group(2)) {
      case "s" -> new Interval(0, Duration.ofSeconds(number));
      case "m" -> new Interval(0, Duration.ofMinutes(number));
      case "h" -> new Interval(0, Duration.ofHours(number));
      default -> new Interval(number, Duration.ZERO);
    };
  }

  /**
   * Says whether it is time again.
   *
   * @param step how many steps have been taken
   * @param nanos how much time has passed since the last time
   * @return whether it is
   */
  boolean isOver(long step, long nanos) {
    return steps > 0 ? step % steps == 0 : nanos >= time.toNanos();
  }

  @Override
  public String toString() {
    return steps > 0 ? steps + " steps" : time.toSeconds() + " s";
  }
}
