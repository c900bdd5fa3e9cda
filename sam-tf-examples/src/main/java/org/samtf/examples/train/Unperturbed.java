package org.samtf.examples.train;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.samtf.SamOptimizer;

/**
 * The variables that are trained, but not perturbed, by patterns of their names: globs, or regular
 * expressions after {@code regex:}.
 */
final class Unperturbed {

  private static final String REGEX = "regex:";

  private final List<String> patterns;
  private final Set<String> unused = new TreeSet<>();
  private final Set<String> names = new TreeSet<>();

  Unperturbed(List<String> patterns) {
    this.patterns = patterns;
    unused.addAll(patterns);
  }

  /**
   * Tells an optimizer.
   *
   * @throws IllegalArgumentException if a pattern is no regular expression
   */
  void applyTo(SamOptimizer.Builder builder) {
    if (!patterns.isEmpty()) {
      List<Pattern> compiled = patterns.stream().map(Unperturbed::compile).toList();
      builder.exclude(name -> matches(name, compiled));
    }
  }

  private boolean matches(String name, List<Pattern> compiled) {
    names.add(name);
    boolean any = false;
    for (int i = 0; i < compiled.size(); i++) {
      if (compiled.get(i).matcher(name).matches()) {
        unused.remove(patterns.get(i));
        any = true;
      }
    }
    return any;
  }

  private static Pattern compile(String text) {
    try {
      if (text.startsWith(REGEX)) {
        return Pattern.compile(text.substring(REGEX.length()));
      }
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "doNotPerturb has \"" + text + "\", which is no regular expression", e);
    }
    StringBuilder regex = new StringBuilder();
    for (char c : text.toCharArray()) {
      regex.append(c == '*' ? ".*" : c == '?' ? "." : Pattern.quote(String.valueOf(c)));
    }
    return Pattern.compile(regex.toString());
  }

  /**
   * Checks, once the step is written, that each pattern has been of use.
   *
   * @throws IllegalArgumentException if one has matched no variable
   */
  void requireAllUsed() {
    for (String pattern : unused) {
      throw new IllegalArgumentException(
          "doNotPerturb has \""
              + pattern
              + "\", which matches no variable; there are "
              + String.join(", ", names));
    }
  }
}
