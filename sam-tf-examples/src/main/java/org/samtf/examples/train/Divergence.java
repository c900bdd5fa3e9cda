package org.samtf.examples.train;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tensorflow.exceptions.TFInvalidArgumentException;

/**
 * Tells a step that has left the range of numbers from any other failure.
 *
 * <p>The optimizers of sam-tf fail a step whose gradient is not finite, before they update, and say
 * of which variable it is; so does the op CheckNumerics, in words of its own.
 */
final class Divergence {

  private static final Pattern FOUND_BY_THE_OP = Pattern.compile("Tensor had (-?Inf|NaN)");

  /** What the optimizers say; without it the message is less precise, and still right. */
  private static final Pattern WHAT =
      Pattern.compile("\\bthe [^:\\n]*? (of variable \\S+ )?is not finite");

  private Divergence() {}

  /** Returns what to throw for a failed step. */
  static RuntimeException of(int epoch, TFInvalidArgumentException failure) {
    String message = String.valueOf(failure.getMessage());
    Matcher what = WHAT.matcher(message);
    if (what.find()) {
      return new DivergenceException(epoch, what.group(), failure);
    }
    if (FOUND_BY_THE_OP.matcher(message).find()) {
      return new DivergenceException(epoch, "a gradient is not finite", failure);
    }
    return failure;
  }
}
