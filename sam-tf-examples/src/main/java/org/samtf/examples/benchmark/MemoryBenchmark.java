package org.samtf.examples.benchmark;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.samtf.examples.report.Format;
import org.samtf.examples.report.Progress;
import org.samtf.examples.report.Table;

/** Measures the peak memory of a step; each kind of step has a process of its own. */
public final class MemoryBenchmark {

  /** The batch size must be a multiple of this. */
  public static final int PARTS = MemoryVariant.PART_COUNT;

  private static final double MIB = 1024.0 * 1024.0;

  /** So that glibc gives back what is freed and the peak is that of what is in use. */
  private static final Map<String, String> ALLOCATOR =
      Map.of(
          "MALLOC_ARENA_MAX", "1",
          "MALLOC_MMAP_THRESHOLD_", "65536",
          "MALLOC_TRIM_THRESHOLD_", "65536");

  /** A Java heap that is resident from the start, and little compiled code. */
  private static final List<String> HEAP =
      List.of(
          "-Xms128m",
          "-Xmx128m",
          "-XX:+AlwaysPreTouch",
          "-XX:+UseSerialGC",
          "-XX:TieredStopAtLevel=1",
          // JavaCPP ends a process that has four times the heap.
          "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0");

  private MemoryBenchmark() {}

  /**
   * Measures and prints a table.
   *
   * @param batchSize images in a batch, a multiple of {@link #PARTS}
   * @param channels of each convolution
   * @param hidden units of each of two layers behind them, or 0 for none
   * @param steps how many steps of each kind
   * @param out where to print
   */
  public static void run(int batchSize, int channels, int hidden, int steps, PrintWriter out) {
    Resident.require(Resident.STATUS);
    out.println(Machine.describe());
    out.printf(
        "3 convolutions of %d channels on 32x32 without pooling%s, batch %d, momentum%n",
        channels, hidden == 0 ? "" : ", 2 layers of " + hidden + " units", batchSize);
    out.printf(
        "each in its own process, %d steps after one with %d images; glibc with %s%n%n",
        steps, PARTS, environment());
    Table table =
        Table.ofNumbers().row("peak of a step", "resident", "of k = 1", "live tensors", "of k = 1");
    Map<MemoryVariant, long[]> results = new EnumMap<>(MemoryVariant.class);
    try (Progress progress = Progress.of("memory", MemoryVariant.values().length)) {
      for (MemoryVariant variant : MemoryVariant.values()) {
        results.put(variant, probe(variant, batchSize, channels, hidden, steps));
        progress.step("");
      }
    }
    long[] one = results.get(MemoryVariant.SAM);
    results.forEach(
        (variant, bytes) ->
            table.row(
                variant.toString(),
                mebibytes(bytes[0]),
                ratio(bytes[0], one[0]),
                mebibytes(bytes[1]),
                ratio(bytes[1], one[1])));
    out.print(table);
  }

  private static String environment() {
    List<String> settings = new ArrayList<>();
    ALLOCATOR.forEach((name, value) -> settings.add(name + "=" + value));
    settings.sort(null);
    return String.join(" ", settings);
  }

  /** Resident and live bytes. */
  private static long[] probe(
      MemoryVariant variant, int batchSize, int channels, int hidden, int steps) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(HEAP);
    // Should one crash, its log goes where that of this process would.
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> argument.startsWith("-XX:ErrorFile="))
        .forEach(command::add);
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(MemoryProbe.class.getName());
    command.addAll(
        List.of(
            variant.name(),
            Integer.toString(batchSize),
            Integer.toString(channels),
            Integer.toString(hidden),
            Integer.toString(steps)));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(ALLOCATOR);
    String last = "no output";
    try {
      Process process = builder.start();
      try (var lines = process.inputReader(StandardCharsets.UTF_8)) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          if (line.startsWith(MemoryProbe.RESULT)) {
            String[] bytes = line.substring(MemoryProbe.RESULT.length()).strip().split(" ");
            return new long[] {Long.parseLong(bytes[0]), Long.parseLong(bytes[1])};
          }
          last = line;
        }
      } finally {
        process.destroy();
      }
      throw new IllegalStateException(
          variant + " ended with " + process.waitFor() + " and without a result: " + last);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(variant + " was interrupted", e);
    }
  }

  private static String mebibytes(long bytes) {
    return bytes == 0 ? "-" : String.format(Locale.ROOT, "%.1f MiB", bytes / MIB);
  }

  private static String ratio(long bytes, long one) {
    return one == 0 ? "-" : Format.ratio((double) bytes / one);
  }
}
