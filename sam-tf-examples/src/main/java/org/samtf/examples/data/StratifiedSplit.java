package org.samtf.examples.data;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Cuts a labelled set in parts that have the classes in equal shares. */
final class StratifiedSplit {

  private StratifiedSplit() {}

  /**
   * Cuts off parts of every class; what is left over is the first part.
   *
   * @param labels the class of each example
   * @param classes how many classes
   * @param random what the cut depends on
   * @param fractions the share of each class in the second part, the third, ...
   * @return the indices of each part in ascending order: one part more than fractions
   */
  static int[][] split(int[] labels, int classes, Random random, double... fractions) {
    List<List<Integer>> byClass = new ArrayList<>();
    for (int c = 0; c < classes; c++) {
      byClass.add(new ArrayList<>());
    }
    for (int i = 0; i < labels.length; i++) {
      byClass.get(labels[i]).add(i);
    }
    List<List<Integer>> parts = new ArrayList<>();
    for (int p = 0; p <= fractions.length; p++) {
      parts.add(new ArrayList<>());
    }
    for (List<Integer> members : byClass) {
      Collections.shuffle(members, random);
      int from = 0;
      for (int p = 0; p < fractions.length; p++) {
        int share = (int) Math.round(fractions[p] * members.size());
        int to = Math.min(from + share, members.size());
        parts.get(p + 1).addAll(members.subList(from, to));
        from = to;
      }
      parts.get(0).addAll(members.subList(from, members.size()));
    }
    return parts.stream()
        .map(part -> part.stream().mapToInt(Integer::intValue).sorted().toArray())
        .toArray(int[][]::new);
  }
}
