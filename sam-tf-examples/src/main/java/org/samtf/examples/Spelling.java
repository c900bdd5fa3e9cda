package org.samtf.examples;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Finds what somebody meant to type. */
final class Spelling {

  private static final int MOST_SLIPS = 2;

  private Spelling() {}

  /** The word that begins so, or else the nearest one; empty if none is near. */
  static Optional<String> nearest(String typed, Collection<String> words) {
    Optional<String> begun = words.stream().filter(word -> word.startsWith(typed)).findFirst();
    if (begun.isPresent() && !typed.isEmpty()) {
      return begun;
    }
    return words.stream()
        .filter(word -> slips(typed, word) <= Math.min(MOST_SLIPS, typed.length() / 2))
        .min(Comparator.comparingInt(word -> slips(typed, word)));
  }

  /** How many letters were changed, left out, added or swapped with their neighbour. */
  private static int slips(String typed, String word) {
    int[][] slips = new int[typed.length() + 1][word.length() + 1];
    for (int i = 0; i <= typed.length(); i++) {
      for (int j = 0; j <= word.length(); j++) {
        if (i == 0 || j == 0) {
          slips[i][j] = i + j;
          continue;
        }
        int changed = typed.charAt(i - 1) == word.charAt(j - 1) ? 0 : 1;
        slips[i][j] =
            Math.min(slips[i - 1][j - 1] + changed, 1 + Math.min(slips[i - 1][j], slips[i][j - 1]));
        if (i > 1
            && j > 1
            && typed.charAt(i - 1) == word.charAt(j - 2)
            && typed.charAt(i - 2) == word.charAt(j - 1)) {
          slips[i][j] = Math.min(slips[i][j], slips[i - 2][j - 2] + 1);
        }
      }
    }
    return slips[typed.length()][word.length()];
  }
}
