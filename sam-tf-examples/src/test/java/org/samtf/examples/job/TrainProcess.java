package org.samtf.examples.job;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.samtf.examples.Main;

/** The command {@code train} in a JVM of its own. */
final class TrainProcess implements AutoCloseable {

  private static final long LIMIT_SECONDS = 120;

  private final Process process;
  private final Path err;

  private TrainProcess(Process process, Path err) {
    this.process = process;
    this.err = err;
  }

  /** Starts it. What it says on the error stream goes to a file. */
  static TrainProcess start(Path err, List<String> arguments) throws IOException {
    return start(err, ProcessBuilder.Redirect.DISCARD, List.of("-Xmx1g"), arguments);
  }

  /** Starts it in an environment with more variables. */
  static TrainProcess start(Path err, Map<String, String> environment, List<String> arguments)
      throws IOException {
    return start(err, ProcessBuilder.Redirect.DISCARD, List.of("-Xmx1g"), environment, arguments);
  }

  /** Starts it with options of the JVM, and its results going elsewhere. */
  static TrainProcess start(
      Path err, ProcessBuilder.Redirect out, List<String> jvm, List<String> arguments)
      throws IOException {
    return start(err, out, jvm, Map.of(), arguments);
  }

  private static TrainProcess start(
      Path err,
      ProcessBuilder.Redirect out,
      List<String> jvm,
      Map<String, String> environment,
      List<String> arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    // A shell may have made the tests ignore SIGINT, and a child would inherit that.
    command.addAll(List.of("env", "--default-signal=INT,TERM,HUP,USR1"));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    command.addAll(jvm);
    // Where the build looks for it.
    command.add("-XX:ErrorFile=" + Path.of("target", "hs_err_pid%p.log").toAbsolutePath());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.add("train");
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("TF_CPP_MIN_LOG_LEVEL", "3");
    builder.environment().putAll(environment);
    builder.redirectOutput(out);
    builder.redirectError(err.toFile());
    return new TrainProcess(builder.start(), err);
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Waits until something has happened, or the process has ended. */
  void await(BooleanSupplier happened) throws InterruptedException {
    long start = System.nanoTime();
    while (process.isAlive() && !happened.getAsBoolean()) {
      Thread.sleep(2);
      if (System.nanoTime() - start > TimeUnit.SECONDS.toNanos(LIMIT_SECONDS)) {
        throw new AssertionError("nothing happened; it said: " + err());
      }
    }
  }

  /** Sends a signal, such as INT. */
  void signal(String name) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid())).start().waitFor();
  }

  /** SIGKILL: no handler runs. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  int exitCode() throws InterruptedException {
    if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError("it does not end; it said: " + err());
    }
    return process.exitValue();
  }

  String err() {
    try {
      return Files.readString(err);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
