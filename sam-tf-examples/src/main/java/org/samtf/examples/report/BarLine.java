package org.samtf.examples.report;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBarRenderer;
import me.tongfei.progressbar.ProgressState;

/**
 * Draws a bar, how much is done, the time that is left, and of the message as many of its parts,
 * which have commas between, as there is room for.
 */
final class BarLine implements ProgressBarRenderer {

  private static final String COMMA = ", ";

  /** A shorter bar tells nothing; a longer one tells no more, and the message does. */
  private static final int MIN_BAR = 10;

  private static final int MAX_BAR = 30;

  @Override
  public String render(ProgressState progress, int maxLength) {
    double share = progress.getNormalizedProgress();
    String before = progress.getTaskName() + " [";
    StringBuilder after =
        new StringBuilder(String.format(Locale.ROOT, "] %3d %%", (int) (100 * share)));
    int room = maxLength - before.length() - MIN_BAR;
    String left = timeLeft(progress);
    if (after.length() + left.length() <= room) {
      after.append(left);
    }
    for (String part : parts(progress.getExtraMessage())) {
      if (after.length() + COMMA.length() + part.length() > room) {
        break;
      }
      after.append(COMMA).append(part);
    }
    int length = maxLength - before.length() - after.length();
    if (length < MIN_BAR) {
      String line = progress.getTaskName() + after.substring(1);
      return line.substring(0, Math.min(line.length(), Math.max(0, maxLength)));
    }
    return before + bar(share, Math.min(length, MAX_BAR)) + after;
  }

  private static List<String> parts(String message) {
    return message == null || message.isEmpty() ? List.of() : List.of(message.split(COMMA));
  }

  private static String timeLeft(ProgressState progress) {
    long done = progress.getCurrent() - progress.getStart();
    if (done <= 0) {
      return "";
    }
    Duration elapsed = progress.getElapsedAfterStart();
    double seconds = elapsed.toMillis() / 1e3 / done * (progress.getMax() - progress.getCurrent());
    return COMMA + Format.time(seconds) + " left";
  }

  private static String bar(double share, int length) {
    int done = (int) Math.round(share * length);
    if (done == length) {
      return "=".repeat(length);
    }
    return "=".repeat(done) + ">" + " ".repeat(length - done - 1);
  }
}
