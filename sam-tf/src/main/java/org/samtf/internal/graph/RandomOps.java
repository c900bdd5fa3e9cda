package org.samtf.internal.graph;

import java.util.Set;

/** Ops that draw random numbers from a generator of their own. */
public final class RandomOps {

  private static final Set<String> TYPES =
      Set.of(
          "RandomUniform",
          "RandomUniformInt",
          "RandomStandardNormal",
          "ParameterizedTruncatedNormal",
          "TruncatedNormal",
          "RandomShuffle",
          "RandomGamma",
          "RandomPoisson",
          "RandomPoissonV2",
          "Multinomial",
          "StatefulUniform",
          "StatefulUniformInt",
          "StatefulStandardNormalV2",
          "StatefulTruncatedNormal",
          "StatefulRandomBinomial");

  private RandomOps() {}

  public static boolean isRandom(String type) {
    return TYPES.contains(type);
  }
}
