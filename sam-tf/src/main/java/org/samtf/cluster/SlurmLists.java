package org.samtf.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Slurm's short forms of lists: hosts in brackets, numbers with a factor. */
final class SlurmLists {

  /** More than any machine has; a range that is longer is a mistake. */
  private static final int MOST = 1 << 16;

  private static final Pattern PIECE = Pattern.compile("([^\\[\\]]*)(?:\\[([^\\[\\]]*)])?");
  private static final Pattern RANGE = Pattern.compile("(\\d{1,9})(?:-(\\d{1,9}))?");
  private static final Pattern HOST = Pattern.compile("[A-Za-z0-9._-]+");
  private static final Pattern TIMES = Pattern.compile("(\\d{1,9})(?:\\(x(\\d{1,9})\\))?");

  private SlurmLists() {}

  /**
   * The hosts of a list such as {@code n[08-10,12],m[1-2]x[1-2],login}: each bracket stands for its
   * numbers, as wide as they are written, and of several brackets the last counts fastest.
   *
   * @throws IllegalArgumentException if that is no such list
   */
  static List<String> hosts(String list) {
    List<String> hosts = new ArrayList<>();
    for (String part : parts(list)) {
      List<String> ofPart = List.of("");
      Matcher piece = PIECE.matcher(part);
      int end = 0;
      while (end < part.length() && piece.find(end) && piece.start() == end && piece.end() > end) {
        ofPart = product(list, ofPart, piece.group(1), piece.group(2));
        end = piece.end();
      }
      if (part.isEmpty() || end < part.length()) {
        throw noHosts(list);
      }
      hosts.addAll(ofPart);
      requireSize(list, hosts.size());
    }
    for (String host : hosts) {
      if (!HOST.matcher(host).matches()) {
        throw noHosts(list);
      }
    }
    return hosts;
  }

  /** Splits at the commas outside of brackets. */
  private static List<String> parts(String list) {
    List<String> parts = new ArrayList<>();
    int from = 0;
    boolean inside = false;
    for (int i = 0; i < list.length(); i++) {
      char c = list.charAt(i);
      if (c == ',' && !inside) {
        parts.add(list.substring(from, i));
        from = i + 1;
      }
      inside = c == '[' || inside && c != ']';
    }
    parts.add(list.substring(from));
    return parts;
  }

  /** Every beginning, followed by a prefix and every number of a bracket, if there is one. */
  private static List<String> product(
      String list, List<String> beginnings, String prefix, String bracket) {
    List<String> numbers = bracket == null ? List.of("") : numbers(list, bracket);
    requireSize(list, (long) beginnings.size() * numbers.size());
    List<String> all = new ArrayList<>();
    for (String beginning : beginnings) {
      for (String number : numbers) {
        all.add(beginning + prefix + number);
      }
    }
    return all;
  }

  private static List<String> numbers(String list, String bracket) {
    List<String> numbers = new ArrayList<>();
    for (String part : bracket.split(",", -1)) {
      Matcher range = RANGE.matcher(part);
      if (!range.matches()) {
        throw noHosts(list);
      }
      String first = range.group(1);
      int from = Integer.parseInt(first);
      int to = range.group(2) == null ? from : Integer.parseInt(range.group(2));
      if (to < from) {
        throw noHosts(list);
      }
      requireSize(list, numbers.size() + (to - from + 1L));
      for (int i = from; i <= to; i++) {
        String digits = String.valueOf(i);
        numbers.add("0".repeat(Math.max(0, first.length() - digits.length())) + digits);
      }
    }
    return numbers;
  }

  /**
   * The numbers of a list such as {@code 2(x3),1}: 2, 2, 2, 1.
   *
   * @throws IllegalArgumentException if that is no such list
   */
  static List<Integer> counts(String list) {
    List<Integer> counts = new ArrayList<>();
    for (String part : list.split(",", -1)) {
      Matcher matcher = TIMES.matcher(part);
      if (!matcher.matches()) {
        throw new IllegalArgumentException(
            "SLURM_STEP_TASKS_PER_NODE is \""
                + list
                + "\"; expected numbers with commas between, such as 2(x3),1");
      }
      int times = matcher.group(2) == null ? 1 : Integer.parseInt(matcher.group(2));
      requireSize(list, (long) counts.size() + times);
      for (int i = 0; i < times; i++) {
        counts.add(Integer.parseInt(matcher.group(1)));
      }
    }
    return counts;
  }

  private static void requireSize(String list, long size) {
    if (size > MOST) {
      throw new IllegalArgumentException(
          "\""
              + list
              + "\" has more than "
              + MOST
              + " entries; expected a list of this job's nodes");
    }
  }

  private static IllegalArgumentException noHosts(String list) {
    return new IllegalArgumentException(
        "SLURM_STEP_NODELIST is \""
            + list
            + "\"; expected hosts with commas between, such as n[08-10,12],login");
  }
}
