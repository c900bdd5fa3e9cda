package org.samtf.examples.signal;

import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;

/** Something to put right before a signal ends the process, such as a half-written line. */
public final class Cleanup implements AutoCloseable {

  private static final Deque<Cleanup> ALL = new ConcurrentLinkedDeque<>();

  private final Runnable action;

  private Cleanup(Runnable action) {
    this.action = action;
  }

  /**
   * Has something done then.
   *
   * @param action runs in another thread, in the middle of whatever is done; it must not wait
   * @return to be closed when it is no longer needed
   */
  public static Cleanup atSignal(Runnable action) {
    Cleanup cleanup = new Cleanup(action);
    ALL.push(cleanup);
    return cleanup;
  }

  /** Does everything, the newest first. */
  static void doAll() {
    for (Cleanup cleanup = ALL.poll(); cleanup != null; cleanup = ALL.poll()) {
      try {
        cleanup.action.run();
      } catch (RuntimeException e) {
        // The process ends in any case; the others still have their turn.
      }
    }
  }

  @Override
  public void close() {
    ALL.remove(this);
  }
}
