package org.samtf.examples.report;

import java.time.Duration;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Shows how far a long job is: a bar on a terminal, nothing where the output is not one. */
public final class Progress implements AutoCloseable {

  private final ProgressBar bar;

  private Progress(ProgressBar bar) {
    this.bar = bar;
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
    return new Progress(onTerminal() ? bar(task, done, steps) : null);
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

  private static ProgressBar bar(String task, long done, long steps) {
    return new ProgressBarBuilder()
        .setTaskName(task)
        .setInitialMax(steps)
        .startsFrom(done, Duration.ZERO)
        .setStyle(ProgressBarStyle.ASCII)
        .setUpdateIntervalMillis(200)
        .clearDisplayOnFinish()
        // The output is known to be a terminal; the error stream may be a file.
        .setConsumer(new ConsoleProgressBarConsumer(System.out))
        .build();
  }

  /**
   * Counts a step.
   *
   * @param message what has just been done
   */
  public void step(String message) {
    if (bar != null) {
      bar.setExtraMessage(message);
      bar.step();
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
