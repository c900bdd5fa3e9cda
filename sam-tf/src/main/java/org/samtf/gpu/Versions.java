package org.samtf.gpu;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Version numbers: of drivers, of libraries, of TensorFlow. */
final class Versions {

  private static final Pattern NUMBER = Pattern.compile("\\d+(\\.\\d+)*");
  private static final Pattern AFTER_SO = Pattern.compile("\\.so\\.(\\d+(\\.\\d+)*)$");

  private Versions() {}

  /** Compares by the numbers between the dots; what is not there counts as 0. */
  static int compare(String left, String right) {
    String[] a = numbers(left);
    String[] b = numbers(right);
    for (int i = 0; i < Math.max(a.length, b.length); i++) {
      int order =
          Long.compare(
              i < a.length ? Long.parseLong(a[i]) : 0, i < b.length ? Long.parseLong(b[i]) : 0);
      if (order != 0) {
        return order;
      }
    }
    return 0;
  }

  /** The version at the end of a file name such as {@code libcudnn.so.8.9.7}; empty if none. */
  static String ofFile(String path) {
    Matcher matcher = AFTER_SO.matcher(path);
    return matcher.find() ? matcher.group(1) : "";
  }

  private static String[] numbers(String version) {
    Matcher matcher = NUMBER.matcher(version);
    return matcher.find() ? matcher.group().split("\\.") : new String[0];
  }
}
