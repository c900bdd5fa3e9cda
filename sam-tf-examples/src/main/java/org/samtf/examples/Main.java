package org.samtf.examples;

import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import org.samtf.examples.cli.BenchmarkCommand;
import org.samtf.examples.cli.CompareCommand;
import org.samtf.examples.cli.CreatedDirectories;
import org.samtf.examples.cli.DoctorCommand;
import org.samtf.examples.cli.InspectCommand;
import org.samtf.examples.cli.MSharpnessCommand;
import org.samtf.examples.cli.PredictCommand;
import org.samtf.examples.cli.PriceCommand;
import org.samtf.examples.cli.StripCommand;
import org.samtf.examples.cli.TrainCommand;
import org.samtf.examples.cli.WorkerCommand;
import org.samtf.examples.failure.ExitCode;
import org.samtf.examples.failure.InputException;
import org.samtf.examples.failure.OneLine;
import org.samtf.examples.signal.Cleanup;
import org.samtf.examples.signal.StopSignals;
import org.samtf.gpu.CudaLibraries;
import org.samtf.gpu.NativeLibrary;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

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
      WorkerCommand.class,
      PredictCommand.class,
      StripCommand.class,
      InspectCommand.class,
      BenchmarkCommand.class,
      MSharpnessCommand.class,
      PriceCommand.class,
      DoctorCommand.class
    })
public final class Main implements Runnable {

  /** Room for the longest line of a description beside the names of the options. */
  private static final int HELP_WIDTH = 120;

  @Spec private CommandSpec spec;

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
    StopSignals.endAtOnce();
    try {
      // Before TensorFlow is loaded, which looks for them then; nothing if they are not there.
      CudaLibraries.load();
    } catch (IllegalStateException e) {
      err.println(OneLine.of(String.valueOf(e.getMessage())));
      System.exit(ExitCode.NOT_WRITTEN);
    } catch (UnsatisfiedLinkError e) {
      err.println(OneLine.of(String.valueOf(e.getMessage())));
      System.exit(ExitCode.FAILED);
    }
    System.exit(run(out, err, args));
  }

  /**
   * Runs the command line.
   *
   * @param out for results; if it cannot be written, that is a failure
   * @param err for messages, one line each
   * @param args the arguments
   * @return the exit code
   */
  public static int run(PrintWriter out, PrintWriter err, String... args) {
    int exitCode = execute(out, err, args);
    // Both kinds of stream swallow failures, and flush only now what is left.
    if (!out.checkError()) {
      return exitCode;
    }
    err.println(
        "the standard output cannot be written to its end; free space or send it elsewhere");
    return exitCode == ExitCode.OK ? ExitCode.NOT_WRITTEN : exitCode;
  }

  private static int execute(PrintWriter out, PrintWriter err, String... args) {
    Cleanup cleanup = Cleanup.atSignal(CreatedDirectories::removeEmpty);
    Main main = new Main();
    try {
      return commandLine(main, out, err).execute(args);
    } catch (LinkageError e) {
      if (main.stackTrace) {
        e.printStackTrace(err);
      }
      Optional<String> notUnpacked = NativeLibrary.notUnpacked(e);
      err.println(
          OneLine.of(
              notUnpacked.orElse(
                  "TensorFlow's native library cannot be loaded ("
                      + String.valueOf(e.getMessage()).lines().findFirst().orElse("")
                      + "); the command doctor says what to do")));
      return notUnpacked.isPresent() ? ExitCode.NOT_WRITTEN : ExitCode.FAILED;
    } catch (OutOfMemoryError e) {
      err.println(
          "out of memory in Java ("
              + OneLine.of(String.valueOf(e.getMessage()))
              + "); give java a larger -Xmx");
      return ExitCode.OUT_OF_MEMORY;
    } finally {
      cleanup.close();
      CreatedDirectories.removeEmpty();
    }
  }

  private static CommandLine commandLine(Main main, PrintWriter out, PrintWriter err) {
    ErrorLine errorLine = new ErrorLine(() -> main.stackTrace);
    CommandLine commandLine =
        new CommandLine(main)
            .setUsageHelpWidth(HELP_WIDTH)
            .setOut(out)
            .setErr(err)
            .setParameterExceptionHandler(errorLine)
            .setExecutionExceptionHandler(errorLine);
    HelpTexts.addTo(commandLine);
    return commandLine;
  }

  @Override
  public void run() {
    throw new InputException(
        "no command",
        ErrorLine.either(List.copyOf(spec.subcommands().keySet())),
        "see --help for what they do");
  }
}
