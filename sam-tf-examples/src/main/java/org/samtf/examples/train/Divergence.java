package org.samtf.examples.train;

import java.util.Optional;
import java.util.regex.Pattern;
import org.samtf.NonFiniteGradient;
import org.tensorflow.exceptions.TFInvalidArgumentException;

/**
 * Tells a step that has left the range of numbers from any other failure.
 *
 * <p>The optimizers of sam-tf fail a step whose gradient is not finite, before they update, and say
 * of which variable it is; so does the op CheckNumerics, in words of its own.
 */
final class Divergence {

  private static final Pattern FOUND_BY_THE_OP = Pattern.compile("Tensor had (-?Inf|NaN)");

  private Divergence() {}

  /** Returns what to throw for a failed step. */
  static RuntimeException of(int epoch, TFInvalidArgumentException failure) {
    Optional<NonFiniteGradient> found = NonFiniteGradient.in(failure);
    if (found.isPresent()) {
      return new DivergenceException(epoch, found.get().toString(), failure);
    }
    if (FOUND_BY_THE_OP.matcher(String.valueOf(failure.getMessage())).find()) {
      return new DivergenceException(epoch, "a gradient is not finite", failure);
    }
    return failure;
  }
}
