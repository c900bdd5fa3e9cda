package org.samtf.internal.graph;

import java.util.Set;

/**
 * The ops whose C++ gradient fails if an input is a variable itself and not its value.
 *
 * <p>Found by asking for the gradient of each op that has one, on a {@code VariableV2}. Most end
 * with «AttrValue must not have reference type», but some end the process with a segmentation fault
 * (TensorFlow 2.16.2), and which of the two can differ from run to run.
 */
public final class RefHostileGradients {

  public static final Set<String> TYPES =
      Set.of(
          "Square",
          "Pow",
          "Log1p",
          "Sign",
          "Asin",
          "Acos",
          "Atan",
          "Atanh",
          "BatchMatMul",
          "BatchMatMulV2",
          "BatchMatMulV3");

  private RefHostileGradients() {}
}
