package org.samtf.examples.train;

import java.util.Random;

/**
 * The generator of {@link Random}, as its documentation specifies it, with a state that can be read
 * and set. It draws the same numbers for the same seed.
 */
final class ShuffleRandom extends Random {

  private static final long serialVersionUID = 1L;
  private static final long MULTIPLIER = 0x5DEECE66DL;
  private static final long INCREMENT = 0xBL;
  private static final long MASK = (1L << 48) - 1;

  private long state;

  ShuffleRandom(long seed) {
    super(seed);
    setSeed(seed);
  }

  long state() {
    return state;
  }

  void setState(long state) {
    this.state = state & MASK;
  }

  @Override
  public synchronized void setSeed(long seed) {
    state = (seed ^ MULTIPLIER) & MASK;
  }

  @Override
  protected int next(int bits) {
    state = (state * MULTIPLIER + INCREMENT) & MASK;
    return (int) (state >>> (48 - bits));
  }
}
