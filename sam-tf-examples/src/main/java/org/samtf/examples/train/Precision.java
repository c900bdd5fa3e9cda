package org.samtf.examples.train;

import java.util.Locale;
import java.util.Optional;
import org.samtf.examples.failure.InputException;
import org.samtf.train.MixedPrecision;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.types.TBfloat16;
import org.tensorflow.types.TFloat16;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TNumber;

/** In which type products and convolutions are computed; weights are float32. */
public enum Precision {
  /** All in float32. */
  FLOAT32(null),
  /** Products and convolutions in float16. */
  FLOAT16(TFloat16.class),
  /** Products and convolutions in bfloat16. */
  BFLOAT16(TBfloat16.class);

  private final Class<? extends TNumber> type;

  Precision(Class<? extends TNumber> type) {
    this.type = type;
  }

  /**
   * Finds a precision by its name.
   *
   * @param name float32, float16 or bfloat16
   * @return the precision
   * @throws InputException if there is none of that name
   */
  public static Precision of(String name) {
    for (Precision precision : values()) {
      if (precision.toString().equals(name)) {
        return precision;
      }
    }
    throw new InputException(
        "--precision is \"" + name + "\"", "float32, float16 or bfloat16", "give one of them");
  }

  /** What a loss is computed by in this precision; empty if by its own ops. */
  Optional<MixedPrecision> of(Graph graph, Operand<TFloat32> loss) {
    return type == null ? Optional.empty() : Optional.of(MixedPrecision.of(graph, loss, type));
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
