package org.samtf;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.samtf.internal.graph.Arguments;

/**
 * Why a step failed, if it was for a gradient with a NaN or an infinity: training has diverged, and
 * nothing was changed.
 *
 * <pre>{@code
 * try {
 *   session.run(train);
 * } catch (RuntimeException e) {
 *   NonFiniteGradient found = NonFiniteGradient.in(e).orElseThrow(() -> e);
 *   System.err.println(found.kind() + " of " + found.variables());
 * }
 * }</pre>
 */
public final class NonFiniteGradient {

  private static final String BEFORE = ": the ";
  private static final String VARIABLE = " of variable";
  private static final String AFTER = " is not finite, no variable was changed";

  private static final Pattern MESSAGE =
      Pattern.compile(
          Pattern.quote(BEFORE)
              + "([^:\n]*?)"
              + Pattern.quote(VARIABLE)
              + "((?: \\S+)*?)"
              + Pattern.quote(AFTER));

  private final String kind;
  private final List<String> variables;

  private NonFiniteGradient(String kind, List<String> variables) {
    this.kind = kind;
    this.variables = variables;
  }

  /**
   * What a step that failed says.
   *
   * @param failure what {@code session.run} threw
   * @return the gradients that are not finite; nothing if the step failed for another reason
   */
  public static Optional<NonFiniteGradient> in(RuntimeException failure) {
    Arguments.given(failure, "failure");
    Matcher matcher = MESSAGE.matcher(String.valueOf(failure.getMessage()));
    if (!matcher.find()) {
      return Optional.empty();
    }
    String names = matcher.group(2).strip();
    return Optional.of(
        new NonFiniteGradient(
            matcher.group(1), names.isEmpty() ? List.of() : List.of(names.split(" "))));
  }

  /** What the op that fails a step says before the names of the variables. */
  static String messageBefore(String optimizer, String kind) {
    return optimizer + BEFORE + kind + VARIABLE;
  }

  /** What it says after them. */
  static String messageAfter() {
    return AFTER;
  }

  /**
   * Which gradient it is.
   *
   * @return such as {@code gradient at w}, {@code gradient at w+epsilon} or {@code gradient}
   */
  public String kind() {
    return kind;
  }

  /**
   * The variables whose gradients are not finite.
   *
   * @return their names, at least one
   */
  public List<String> variables() {
    return variables;
  }

  @Override
  public String toString() {
    return "the " + kind + " of variable " + String.join(" ", variables) + " is not finite";
  }
}
