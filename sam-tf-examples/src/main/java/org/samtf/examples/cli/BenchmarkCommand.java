package org.samtf.examples.cli;

import picocli.CommandLine.Command;

/** Stub. */
@Command(name = "benchmark")
public final class BenchmarkCommand implements Runnable {
  @Override
  public void run() {}
}
