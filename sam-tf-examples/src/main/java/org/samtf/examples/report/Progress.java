package org.samtf.examples.report;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import org.samtf.examples.signal.Cleanup;

/** Shows how far a long job is: a bar on a terminal, nothing where the output is not one. */
public final class Progress implements AutoCloseable {

  private static volatile Progress shown;

  private final ProgressBar bar;
  private final BarLineConsumer consumer;
  private final Cleanup cleanup;
  private final AtomicBoolean closed = new AtomicBoolean();

  private Progress() {
    bar = null;
    consumer = null;
    cleanup = null;
  }

  private Progress(String task, long done, long steps) {
    // The output is known to be a terminal; the error stream may be a file.
    consumer = new BarLineConsumer(System.out);
    bar = bar(task, done, steps, consumer);
    cleanup = Cleanup.atSignal(this::close);
    shown = this;
  }

  /**
   * Starts to show progress.
   *
   * @param task what is done
   * @param steps how many steps there are
   * @return the progress, to be closed
   */
  public static Progress of(String task, long steps) {
    return of(task, 0, steps);
  }

  /**
   * Goes on to show progress.
   *
   * @param task what is done
   * @param done how many steps have been done before
   * @param steps how many steps there are
   * @return the progress, to be closed
   */
  public static Progress of(String task, long done, long steps) {
    return onTerminal() ? new Progress(task, done, steps) : new Progress();
  }

  /**
   * Returns whether there is a terminal to show it on.
   *
   * @return whether there is
   */
  public boolean isShown() {
    return bar != null;
  }

  private static boolean onTerminal() {
    return System.console() != null && !"dumb".equals(System.getenv("TERM"));
  }

  private static ProgressBar bar(
      String task, long done, long steps, ConsoleProgressBarConsumer consumer) {
    return new ProgressBarBuilder()
        .setTaskName(task)
        .setInitialMax(steps)
        .startsFrom(done, Duration.ZERO)
        .setRenderer(new BarLine())
        .setUpdateIntervalMillis(200)
        .clearDisplayOnFinish()
        .setConsumer(consumer)
        .build();
  }

  /**
   * Has a line written to the terminal, on the place of the bar if there is one; it comes again
   * below.
   *
   * @param lines what writes it
   * @param line the line
   */
  public static void writeLine(Consumer<String> lines, String line) {
    Progress progress = shown;
    if (progress != null) {
      progress.consumer.clear();
    }
    lines.accept(line);
  }

  /**
   * Counts a step.
   *
   * @param message what has just been done: parts with a comma and a blank between, the most
   *     important first; those that a narrow terminal has no room for are left out
   */
  public void step(String message) {
    if (bar != null) {
      bar.setExtraMessage(message);
      bar.step();
    }
  }

  @Override
  public void close() {
    if (bar != null && !closed.getAndSet(true)) {
      shown = null;
      cleanup.close();
      bar.close();
    }
  }
}
