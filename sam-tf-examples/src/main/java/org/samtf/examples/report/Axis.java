package org.samtf.examples.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * An axis of a chart.
 *
 * @param title what it shows
 * @param min value at its beginning
 * @param max value at its end
 * @param logarithmic whether equal ratios are equally long
 * @param ticks where it has marks, with what stands there
 */
record Axis(String title, double min, double max, boolean logarithmic, Map<Double, String> ticks) {

  private static final int MOST_INTERVALS = 6;

  /** An axis on which equal differences are equally long; it is extended to whole ticks. */
  static Axis linear(String title, double min, double max) {
    double range = max > min ? max - min : Math.max(1e-6, Math.abs(max));
    double step = Math.pow(10, Math.floor(Math.log10(range / MOST_INTERVALS)));
    for (double factor : new double[] {1, 2, 5, 10}) {
      if (range / (step * factor) <= MOST_INTERVALS) {
        step *= factor;
        break;
      }
    }
    long first = (long) Math.floor(min / step + 1e-9);
    long last = Math.max(first + 1, (long) Math.ceil(max / step - 1e-9));
    Map<Double, String> ticks = new LinkedHashMap<>();
    for (long i = first; i <= last; i++) {
      ticks.put(i * step, number(i * step, step));
    }
    return new Axis(title, first * step, last * step, false, ticks);
  }

  /** The greatest 1, 2 or 5 of a power of ten that is not above a value. */
  static double tickBelow(double value) {
    double power = Math.pow(10, Math.floor(Math.log10(value)));
    double below = power;
    for (int factor : new int[] {2, 5}) {
      below = factor * power <= value ? factor * power : below;
    }
    return below;
  }

  /** An axis from above 0, with ticks at 1, 2 and 5 of each power of ten. */
  static Axis logarithmic(String title, double min, double max) {
    Map<Double, String> ticks = new LinkedHashMap<>();
    double power = Math.pow(10, Math.floor(Math.log10(min)));
    for (; power <= max; power *= 10) {
      for (int factor : new int[] {1, 2, 5}) {
        double value = factor * power;
        if (value >= min * (1 - 1e-9) && value <= max * (1 + 1e-9)) {
          ticks.put(value, number(value, power));
        }
      }
    }
    return new Axis(title, min, max, true, ticks);
  }

  /** An axis with named places at 1, 2, 3, ... */
  static Axis places(String title, List<String> names) {
    Map<Double, String> ticks = new LinkedHashMap<>();
    for (int i = 0; i < names.size(); i++) {
      ticks.put(i + 1.0, names.get(i));
    }
    return new Axis(title, 0.5, names.size() + 0.5, false, ticks);
  }

  /** Where a value is: 0 at the beginning, 1 at the end, no further. */
  double share(double value) {
    double share =
        logarithmic
            ? Math.log(Math.max(value, min) / min) / Math.log(max / min)
            : (value - min) / (max - min);
    return Math.min(1, Math.max(0, share));
  }

  private static String number(double value, double step) {
    int decimals = Math.max(0, (int) -Math.floor(Math.log10(step) + 1e-9));
    String text = String.format(Locale.ROOT, "%." + decimals + "f", value);
    return text.matches("-0(\\.0+)?") ? text.substring(1) : text;
  }
}
