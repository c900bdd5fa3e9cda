package org.samtf.examples;

import java.io.PrintWriter;
import org.samtf.examples.cli.BenchmarkCommand;
import org.samtf.examples.cli.CompareCommand;
import org.samtf.examples.cli.DoctorCommand;
import org.samtf.examples.cli.MSharpnessCommand;
import org.samtf.examples.cli.PredictCommand;
import org.samtf.examples.cli.StripCommand;
import org.samtf.examples.cli.TrainCommand;
import org.samtf.examples.job.StoppedException;
import org.samtf.examples.train.DeviceMemoryException;
import org.samtf.examples.train.DivergenceException;
import org.samtf.gpu.CudaLibraries;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command line of the examples. */
@Command(
    name = "sam-tf-examples",
    description = "Sharpness-Aware Minimization for TensorFlow Java: examples and measurements.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      CompareCommand.class,
      TrainCommand.class,
      PredictCommand.class,
      StripCommand.class,
      BenchmarkCommand.class,
      MSharpnessCommand.class,
      DoctorCommand.class
    })
public final class Main implements Runnable {

  /** Exit code when all went well. */
  public static final int OK = 0;

  /** Exit code of a failure that the user's input does not explain. */
  public static final int FAILED = 1;

  /** Exit code when an option, a file or a directory cannot be used. */
  public static final int BAD_INPUT = 2;

  /** Exit code when something cannot be written, such as on a full disk. */
  public static final int NOT_WRITTEN = 3;

  /** Exit code when a device or the JVM has too little memory. */
  public static final int OUT_OF_MEMORY = 4;

  /** Room for the longest line of a description beside the names of the options. */
  private static final int HELP_WIDTH = 120;

  @Option(
      names = "--stacktrace",
      description = "Print the stack trace of a failure.",
      scope = CommandLine.ScopeType.INHERIT)
  private boolean stackTrace;

  private Main() {}

  /**
   * Runs the command line and exits with its code.
   *
   * @param args the arguments
   */
  public static void main(String[] args) {
    // Charts are drawn to files; no display is needed, and none may be looked for.
    System.setProperty("java.awt.headless", "true");
    PrintWriter out = new PrintWriter(System.out, true);
    PrintWriter err = new PrintWriter(System.err, true);
    try {
      // Before TensorFlow is loaded, which looks for them then; nothing if they are not there.
      CudaLibraries.load();
    } catch (IllegalStateException | UnsatisfiedLinkError e) {
      err.println(OneLine.of(String.valueOf(e.getMessage())));
      System.exit(FAILED);
    }
    System.exit(run(out, err, args));
  }

  /**
   * Runs the command line.
   *
   * @param out for results
   * @param err for messages, one line each
   * @param args the arguments
   * @return the exit code
   */
  public static int run(PrintWriter out, PrintWriter err, String... args) {
    Main main = new Main();
    try {
      return commandLine(main, out, err).execute(args);
    } catch (OutOfMemoryError e) {
      err.println(
          "out of memory in Java ("
              + OneLine.of(String.valueOf(e.getMessage()))
              + "); give java a larger -Xmx");
      return OUT_OF_MEMORY;
    }
  }

  private static CommandLine commandLine(Main main, PrintWriter out, PrintWriter err) {
    return new CommandLine(main)
        .setUsageHelpWidth(HELP_WIDTH)
        .setOut(out)
        .setErr(err)
        .setParameterExceptionHandler((e, arguments) -> main.badOption(e))
        .setExecutionExceptionHandler((e, commandLine, parsed) -> main.failed(e, commandLine));
  }

  @Override
  public void run() {
    throw new InputException(
        "no command",
        "compare, train, predict, strip, benchmark, m-sharpness or doctor",
        "see --help for what they do");
  }

  private int badOption(CommandLine.ParameterException e) {
    CommandLine commandLine = e.getCommandLine();
    String help = commandLine.getCommandSpec().qualifiedName() + " --help";
    commandLine.getErr().println(OneLine.of(e.getMessage()) + "; see " + help);
    return BAD_INPUT;
  }

  private int failed(Exception e, CommandLine commandLine) {
    PrintWriter err = commandLine.getErr();
    if (stackTrace) {
      e.printStackTrace(err);
    }
    if (e instanceof StoppedException stopped) {
      err.println(e.getMessage());
      return stopped.signal().exitCode();
    }
    if (e instanceof InputException) {
      err.println(e.getMessage());
      return BAD_INPUT;
    }
    if (e instanceof OutputException) {
      err.println(e.getMessage());
      return NOT_WRITTEN;
    }
    if (e instanceof DeviceMemoryException) {
      err.println(e.getMessage());
      return OUT_OF_MEMORY;
    }
    String what = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    String prefix = e instanceof DivergenceException ? "" : "unexpected failure: ";
    err.println(prefix + OneLine.of(what) + (stackTrace ? "" : "; --stacktrace shows where"));
    return FAILED;
  }
}
