package org.samtf.examples.checkpoint;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How far a job is; a checkpoint is named after it.
 *
 * @param step how many steps have been taken
 * @param epochs how many epochs have ended: with the last step of an epoch it has not, until it has
 *     been evaluated
 */
public record Position(long step, int epochs) implements Comparable<Position> {

  private static final Pattern NAME = Pattern.compile("step-(\\d{12,18})-epochs-(\\d{1,9})");

  /** The name of a checkpoint's directory. */
  String directoryName() {
    return String.format("step-%012d-epochs-%d", step, epochs);
  }

  /** The position that a directory is named after; empty if it is no checkpoint's. */
  static Optional<Position> of(Path directory) {
    Matcher matcher = NAME.matcher(directory.getFileName().toString());
    if (!matcher.matches()) {
      return Optional.empty();
    }
    Position position =
        new Position(Long.parseLong(matcher.group(1)), Integer.parseInt(matcher.group(2)));
    boolean written = position.directoryName().equals(matcher.group());
    return written ? Optional.of(position) : Optional.empty();
  }

  @Override
  public int compareTo(Position other) {
    return Comparator.comparingLong(Position::step)
        .thenComparingInt(Position::epochs)
        .compare(this, other);
  }

  @Override
  public String toString() {
    return "step " + step;
  }
}
