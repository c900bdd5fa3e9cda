package org.samtf.examples.train;

import java.util.Optional;
import org.samtf.examples.failure.ExitCode;
import org.samtf.examples.failure.Failure;

/** A device has too little memory. The exit code is 4. */
public final class DeviceMemoryException extends Failure {

  private static final long serialVersionUID = 1L;

  DeviceMemoryException(String what, int batchSize, Optional<SamSettings> sam, Throwable cause) {
    super(ExitCode.OUT_OF_MEMORY, message(what, batchSize, sam, cause), cause);
  }

  private static String message(
      String what, int batchSize, Optional<SamSettings> sam, Throwable cause) {
    StringBuilder message = new StringBuilder("out of memory in ").append(what);
    message.append(" with ").append(batchSize).append(" images (");
    message.append(String.valueOf(cause.getMessage()).split("\n")[0].strip());
    message.append("); use a smaller network");
    if (what.equals("a step")) {
      message.append(" or a smaller --batch-size");
      if (sam.isPresent() && sam.get().cut().ascentExamples() == 0) {
        boolean cut = sam.get().cut().microBatches() > 1;
        message.append(
            cut
                ? ", more --micro-batches with --sequential"
                : ", or --micro-batches with --sequential");
      }
    }
    return message.append(", or free the device of other processes").toString();
  }
}
