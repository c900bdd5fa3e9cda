package org.samtf.examples.checkpoint;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A part of the state of a job, which a checkpoint has to keep so that a resumed job goes on as if
 * it had never stopped.
 */
public interface Checkpointed {

  /**
   * Names the part, and the files that it writes: {@code NAME.json}, {@code NAME.index}, ...
   *
   * @return lower-case letters; no other part has the name
   */
  String name();

  /**
   * Writes the state as it is now.
   *
   * @param directory where files can be written
   * @throws IOException if they cannot
   */
  void save(Path directory) throws IOException;

  /**
   * Goes back to the state that {@link #save} has written.
   *
   * @param directory where the files are; their bytes are those that were written
   * @throws IOException if they cannot be read
   */
  void restore(Path directory) throws IOException;

  /**
   * Checks what was restored against the place that the checkpoint is from.
   *
   * @param position the place
   * @throws IOException if it is from elsewhere
   */
  default void checkRestored(Position position) throws IOException {}
}
