package org.samtf.examples.data;

import java.util.Arrays;

/**
 * The training images of each of several machines: every n-th, so that all have about as many of
 * each kind.
 */
public final class Shards {

  private Shards() {}

  /**
   * Returns how many images a machine has.
   *
   * @param images how many there are in all
   * @param machine its number, from 0
   * @param machines how many machines there are
   * @return the number
   */
  public static int size(int images, int machine, int machines) {
    return (images - machine + machines - 1) / machines;
  }

  /**
   * Returns the place among all images of one that a machine has.
   *
   * @param row the place among those of the machine
   * @param machine its number, from 0
   * @param machines how many machines there are
   * @return the place
   */
  public static int place(int row, int machine, int machines) {
    return row * machines + machine;
  }

  /**
   * Returns the images of a machine.
   *
   * @param images all of them
   * @param machine its number, from 0
   * @param machines how many machines there are
   * @return its part
   */
  public static LabeledImages of(LabeledImages images, int machine, int machines) {
    int[] places = new int[size(images.size(), machine, machines)];
    Arrays.setAll(places, row -> place(row, machine, machines));
    return images.select(places);
  }
}
