package org.samtf;

import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.samtf.internal.graph.Arguments;
import org.samtf.internal.graph.NamePatterns;

/** Some of the variables of a model, chosen by name: by patterns, or by a predicate. */
abstract class VariableChoice {

  private static final VariableChoice NONE = byPatterns("none", List.of());

  private final String setting;

  private VariableChoice(String setting) {
    this.setting = setting;
  }

  /** Chooses nothing. */
  static VariableChoice none() {
    return NONE;
  }

  /**
   * Chooses by patterns.
   *
   * @param setting what they are given to, for messages
   * @throws IllegalArgumentException if one is no regular expression
   */
  static VariableChoice matching(String setting, String... patterns) {
    List<String> list = Arrays.asList(Arguments.given(patterns, setting));
    Arguments.notEmpty(list, setting, "name at least one pattern, or leave it out");
    list.forEach(pattern -> NamePatterns.compile(setting, pattern));
    return byPatterns(setting, List.copyOf(list));
  }

  private static VariableChoice byPatterns(String setting, List<String> patterns) {
    return new VariableChoice(setting) {
      @Override
      Set<String> of(Collection<String> names) {
        return NamePatterns.matching(setting, patterns, names);
      }

      @Override
      public String toString() {
        return patterns.toString();
      }
    };
  }

  /** Chooses by a predicate on names. */
  static VariableChoice where(String setting, Predicate<String> byName) {
    Arguments.given(byName, setting);
    return new VariableChoice(setting) {
      @Override
      Set<String> of(Collection<String> names) {
        Set<String> chosen = new LinkedHashSet<>();
        names.stream().filter(byName).forEach(chosen::add);
        if (chosen.isEmpty()) {
          throw new IllegalArgumentException(
              setting + " takes none of the variables " + NamePatterns.list(names));
        }
        return chosen;
      }

      @Override
      public String toString() {
        return "[by predicate]";
      }
    };
  }

  /**
   * Those of {@code names} that are chosen.
   *
   * @throws IllegalArgumentException if a pattern, or the predicate, takes none
   */
  abstract Set<String> of(Collection<String> names);

  /** What the choice was given to. */
  String setting() {
    return setting;
  }

  /** Whether it is {@link #none}. */
  boolean isNone() {
    return this == NONE;
  }
}
