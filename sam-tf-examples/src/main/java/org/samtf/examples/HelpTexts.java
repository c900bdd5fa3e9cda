package org.samtf.examples;

import java.util.LinkedHashMap;
import java.util.Map;
import org.samtf.examples.failure.ExitCode;
import picocli.CommandLine;
import picocli.CommandLine.Model.UsageMessageSpec;

/** What the help of every command says in the end, where it does not say more itself. */
final class HelpTexts {

  private HelpTexts() {}

  /** Adds it to a command and all that are below it. */
  static void addTo(CommandLine commandLine) {
    UsageMessageSpec usage = commandLine.getCommandSpec().usageMessage();
    if (usage.exitCodeList().isEmpty()) {
      usage.exitCodeListHeading("%nExit codes:%n").exitCodeList(exitCodes());
    }
    usage
        .footerHeading("%n")
        .footer(
            "TF_CPP_MIN_LOG_LEVEL=3 in the environment keeps TensorFlow's own lines off the"
                + " screen.");
    commandLine.getSubcommands().values().forEach(HelpTexts::addTo);
  }

  private static Map<String, String> exitCodes() {
    Map<String, String> codes = new LinkedHashMap<>();
    codes.put("" + ExitCode.OK, "All went well.");
    codes.put("" + ExitCode.FAILED, "It failed: the line on the error stream says why.");
    codes.put("" + ExitCode.BAD_INPUT, "An option or a file cannot be used.");
    codes.put("" + ExitCode.NOT_WRITTEN, "A file or the standard output cannot be written.");
    codes.put("" + ExitCode.OUT_OF_MEMORY, "Out of memory.");
    codes.put("129, 130, 143", "Ended by SIGHUP, SIGINT or SIGTERM.");
    return codes;
  }
}
