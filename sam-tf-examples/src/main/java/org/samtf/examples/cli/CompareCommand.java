package org.samtf.examples.cli;

import picocli.CommandLine.Command;

/** Stub. */
@Command(name = "compare")
public final class CompareCommand implements Runnable {
  @Override
  public void run() {}
}
