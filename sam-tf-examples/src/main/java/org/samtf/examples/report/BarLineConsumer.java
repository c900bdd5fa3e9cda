package org.samtf.examples.report;

import java.io.PrintStream;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;

/**
 * Writes a line over itself and leaves the cursor at its beginning: what others write to the
 * terminal meanwhile, such as TensorFlow or a shell, then begins a line.
 */
final class BarLineConsumer extends ConsoleProgressBarConsumer {

  private static final String ERASE_LINE = "\r\u001b[K";

  private final PrintStream terminal;

  BarLineConsumer(PrintStream terminal) {
    super(terminal);
    this.terminal = terminal;
  }

  BarLineConsumer(PrintStream terminal, int columns) {
    super(terminal, columns);
    this.terminal = terminal;
  }

  @Override
  public void accept(String line) {
    terminal.print(ERASE_LINE + line + "\r");
    terminal.flush();
  }

  @Override
  public void clear() {
    terminal.print(ERASE_LINE);
    terminal.flush();
  }

  @Override
  public void close() {
    clear();
  }
}
