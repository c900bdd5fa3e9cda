package org.samtf.examples.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.samtf.examples.failure.InputException;

/** What a process has in memory, as Linux tells it. */
final class Resident {

  /** The file of this process. */
  static final Path STATUS = Path.of("/proc/self/status");

  private Resident() {}

  static void require(Path status) {
    if (!Files.isReadable(status)) {
      throw new InputException(
          "there is no " + status, "a system that tells resident memory there", "use Linux");
    }
  }

  /** KiB now. */
  static long now() throws IOException {
    return kib("VmRSS:");
  }

  /** KiB at the peak since the process began. */
  static long peak() throws IOException {
    return kib("VmHWM:");
  }

  private static long kib(String key) throws IOException {
    try (Stream<String> lines = Files.lines(STATUS)) {
      String line = lines.filter(l -> l.startsWith(key)).findFirst().orElseThrow();
      return Long.parseLong(line.replaceAll("\\D", ""));
    }
  }
}
