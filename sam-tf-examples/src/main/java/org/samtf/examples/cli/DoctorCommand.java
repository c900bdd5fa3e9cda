package org.samtf.examples.cli;

import java.util.concurrent.Callable;
import org.samtf.GpuCheck;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Says whether TensorFlow computes on a GPU here, and if not, what to do. */
@Command(
    name = "doctor",
    description = "Find out whether TensorFlow computes on a GPU here and, if not, what to do.",
    mixinStandardHelpOptions = true,
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      " 0:the GPU is used",
      " 2:an option cannot be used",
      " 3:the standard output cannot be written",
      "10:TensorFlow's native library cannot be loaded",
      "11:TensorFlow is a build for the CPU",
      "12:there is no NVIDIA driver",
      "13:the NVIDIA driver is too old",
      "14:a CUDA library is missing",
      "15:sessions have no GPU",
      "16:heavy ops of a SAM step run on the CPU",
      "17:the GPU is not faster than the CPU"
    })
public final class DoctorCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    GpuCheck check = GpuCheck.run();
    spec.commandLine().getOut().print(check);
    spec.commandLine().getOut().flush();
    return check.verdict().exitCode();
  }
}
