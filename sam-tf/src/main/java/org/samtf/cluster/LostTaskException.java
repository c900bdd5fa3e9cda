package org.samtf.cluster;

import java.util.List;

/**
 * A task of the cluster that is not there: it never started, it ended, it is frozen, or it cannot
 * be reached.
 *
 * <p>The message is one line that names each task, its address and what is wrong with it. Thrown in
 * a step before the update, no variable has changed: the update waits for the gradients of all
 * tasks.
 */
public final class LostTaskException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final transient List<String> tasks;

  LostTaskException(String message, List<String> tasks, Throwable cause) {
    super(message, cause);
    this.tasks = List.copyOf(tasks);
  }

  /**
   * The tasks that are lost.
   *
   * @return such as {@code worker 1 at host1:2222}; none if a task was silent in a step and all
   *     answer again, so that nobody can say which it was
   */
  public List<String> tasks() {
    return tasks == null ? List.of() : tasks;
  }
}
