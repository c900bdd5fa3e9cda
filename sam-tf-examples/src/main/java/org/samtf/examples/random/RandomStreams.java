package org.samtf.examples.random;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.samtf.examples.files.Sha256;

/**
 * Random numbers of a run: a stream for each purpose, all from one seed and independent of each
 * other.
 *
 * <p>Without this, two things that shuffle with the same seed shuffle alike. The generator is
 * {@link Random}, because every Java draws the same numbers with it.
 */
public final class RandomStreams {

  private static final int HEXADECIMAL = 16;
  private static final int DIGITS_OF_LONG = 16;

  private RandomStreams() {}

  /**
   * Starts the stream of a purpose.
   *
   * @param seed of the run
   * @param purpose what is drawn
   * @return the stream, from its beginning
   */
  public static Random of(long seed, String purpose) {
    return new Random(key(seed, purpose));
  }

  /**
   * Derives a number that seeds a purpose; those of other purposes and seeds tell nothing about it.
   *
   * @param seed of the run
   * @param purpose what is drawn
   * @return any number
   */
  public static long key(long seed, String purpose) {
    String digest = Sha256.of((seed + " " + purpose).getBytes(StandardCharsets.UTF_8));
    return Long.parseUnsignedLong(digest.substring(0, DIGITS_OF_LONG), HEXADECIMAL);
  }
}
