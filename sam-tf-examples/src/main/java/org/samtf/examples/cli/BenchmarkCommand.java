package org.samtf.examples.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.samtf.examples.InputException;
import org.samtf.examples.Main;
import org.samtf.examples.benchmark.BuildBenchmark;
import org.samtf.examples.benchmark.StepBenchmark;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Times what SAM costs. */
@Command(
    name = "benchmark",
    description = {
      "Time a step of momentum with and without SAM, in turn, on two networks at batch 128.",
      "Leave the machine alone while it runs."
    },
    mixinStandardHelpOptions = true)
public final class BenchmarkCommand implements Callable<Integer> {

  private static final int MAX = 1_000_000;

  /** Two ops for each of the 100 variables. */
  private static final int MIN_OPS = 200;

  @Spec private CommandSpec spec;

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "Timed steps of each kind (default: 200).")
  private Integer steps;

  @Option(
      names = "--warm-up",
      paramLabel = "N",
      description = "Untimed steps of each kind before them (default: 20).")
  private Integer warmUp;

  @Option(
      names = "--build",
      description = {
        "Time instead what happens once: minimize and the first run, against the number of",
        "variables, and minimize against the size of the graph."
      })
  private boolean build;

  @Option(
      names = "--variables",
      paramLabel = "N",
      split = ",",
      description = "With --build: numbers of variables (default: 10,100,250).")
  private List<Integer> variables;

  @Option(
      names = "--ops",
      paramLabel = "N",
      split = ",",
      description = "With --build: numbers of forward ops, from 200 (default: 500,2000,8000).")
  private List<Integer> ops;

  @Option(
      names = "--repeats",
      paramLabel = "N",
      description = "With --build: how often each is measured (default: 3).")
  private Integer repeats;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    if (build) {
      refuse(steps, "--steps", "is given with --build", "leave it out");
      refuse(warmUp, "--warm-up", "is given with --build", "leave it out");
      BuildBenchmark.run(
          orElse(variables, List.of(10, 100, 250), "--variables", 1),
          orElse(ops, List.of(500, 2000, 8000), "--ops", MIN_OPS),
          orElse(repeats, 3, "--repeats", 1),
          out);
    } else {
      String remedy = "add --build or leave it out";
      refuse(variables, "--variables", "is given without --build", remedy);
      refuse(ops, "--ops", "is given without --build", remedy);
      refuse(repeats, "--repeats", "is given without --build", remedy);
      StepBenchmark.run(orElse(steps, 200, "--steps", 1), orElse(warmUp, 20, "--warm-up", 0), out);
    }
    out.flush();
    return Main.OK;
  }

  private static int orElse(Integer given, int standard, String option, int min) {
    if (given == null) {
      return standard;
    }
    Check.that(given >= min && given <= MAX, option, given, min + " to " + MAX);
    return given;
  }

  private static List<Integer> orElse(
      List<Integer> given, List<Integer> standard, String option, int min) {
    if (given == null) {
      return standard;
    }
    given.forEach(count -> orElse(count, min, option, min));
    return given;
  }

  private static void refuse(Object given, String option, String what, String remedy) {
    if (given != null) {
      throw new InputException(option + " " + what, "an option that has an effect", remedy);
    }
  }
}
