package org.samtf.examples.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.samtf.examples.Main;

/** Runs the command line inside the test. */
final class CommandLineFixture {

  /** What came out. */
  record Run(int exitCode, String out, String err) {}

  private CommandLineFixture() {}

  static Run run(String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exitCode = Main.run(new PrintWriter(out), new PrintWriter(err), args);
    return new Run(exitCode, out.toString(), err.toString());
  }
}
