package org.samtf.examples.data;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;
import org.samtf.examples.failure.InputException;

/** Between which numbers a network takes the pixels of an image, from black to white. */
public enum PixelRange {
  /** From 0 to 1. */
  UNIT("0..1", 1, 0),
  /** From 0 to 255. */
  BYTES("0..255", 255, 0),
  /** From -1 to 1. */
  SYMMETRIC("-1..1", 2, -1);

  private final String name;
  private final float factor;
  private final float offset;

  PixelRange(String name, float factor, float offset) {
    this.name = name;
    this.factor = factor;
    this.offset = offset;
  }

  /**
   * Finds a range by its name.
   *
   * @param name such as {@code 0..255}
   * @return the range
   * @throws InputException if there is none
   */
  public static PixelRange of(String name) {
    Optional<PixelRange> found =
        Arrays.stream(values()).filter(range -> range.name.equals(name.trim())).findFirst();
    return found.orElseThrow(
        () ->
            new InputException(
                "no range of pixels '" + name + "'",
                Arrays.stream(values()).map(PixelRange::toString).collect(Collectors.joining(", ")),
                "choose one of them"));
  }

  /** The number for a pixel in [0, 1]. */
  float of(float pixel) {
    return pixel * factor + offset;
  }

  @Override
  public String toString() {
    return name;
  }
}
