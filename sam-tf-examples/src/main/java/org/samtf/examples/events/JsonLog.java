package org.samtf.examples.events;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import org.samtf.examples.failure.OutputException;
import org.samtf.examples.files.DurableFiles;
import org.samtf.examples.train.EpochResult;
import org.samtf.examples.train.StepResult;
import org.samtf.examples.train.TrainingListener;

/**
 * A log for programs: one JSON object a line.
 *
 * <p>Each line is written at once. A resumed job first takes away what it will write again: lines
 * of steps after its checkpoint, and a line that was not finished.
 */
public final class JsonLog implements TrainingListener, AutoCloseable {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String REMEDY = "free space or choose another --log";

  /** No line of ours is longer; a file with longer ones is not read into memory. */
  private static final int MAX_LINE = 1 << 16;

  private final Path file;
  private final OutputStream out;
  private final long every;
  private final long startedAt = System.nanoTime();
  private long stepsOfProcess;

  private JsonLog(Path file, OutputStream out, long every) {
    this.file = file;
    this.out = out;
    this.every = every;
  }

  /**
   * Opens the log and says in it that the job starts.
   *
   * @param file the file; made if it is not there
   * @param stepsTaken how many steps the job has taken before
   * @param epochsDone how many epochs have ended before
   * @param every how many steps from one that is written to the next
   * @return the log, to be closed
   * @throws OutputException if it cannot be written
   */
  public static JsonLog open(Path file, long stepsTaken, int epochsDone, long every) {
    try {
      if (Files.exists(file)) {
        DurableFiles.write(file, beside -> copyUpTo(stepsTaken, epochsDone, file, beside));
      }
      OutputStream out =
          Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      JsonLog log = new JsonLog(file, out, every);
      log.append(line(stepsTaken == 0 ? "start" : "resume", stepsTaken));
      return log;
    } catch (IOException e) {
      throw new OutputException("log " + file, e, REMEDY);
    }
  }

  private static void copyUpTo(long steps, int epochs, Path from, Path to) throws IOException {
    try (BufferedReader reader =
            new BufferedReader(
                new InputStreamReader(Files.newInputStream(from), StandardCharsets.UTF_8));
        OutputStream out = new java.io.BufferedOutputStream(Files.newOutputStream(to))) {
      for (String line = readLine(reader); line != null; line = readLine(reader)) {
        if (isKept(line, steps, epochs)) {
          out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        }
      }
    }
  }

  /** A line with its end; null at the end of the file, what is unfinished there included. */
  private static String readLine(BufferedReader reader) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = reader.read(); c != '\n'; c = reader.read()) {
      if (c < 0) {
        return null;
      }
      if (line.length() < MAX_LINE) {
        line.append((char) c);
      }
    }
    return line.toString();
  }

  private static boolean isKept(String line, long steps, int epochs) {
    try {
      JsonNode node = MAPPER.readTree(line);
      boolean before = node != null && node.isObject() && node.path("step").isIntegralNumber();
      if (!before || node.path("step").asLong() > steps) {
        return false;
      }
      boolean again = node.path("event").asText().equals("epoch");
      return !again || node.path("epoch").asInt() <= epochs;
    } catch (JsonProcessingException e) {
      return false;
    }
  }

  @Override
  public boolean measures() {
    return true;
  }

  @Override
  public void step(StepResult step) {
    stepsOfProcess++;
    if (step.step() % every != 0) {
      return;
    }
    Map<String, Object> line = line("step", step.step());
    line.put("epoch", step.epoch());
    line.put("loss", step.loss());
    step.sam()
        .ifPresent(
            sam -> {
              line.put("perturbed_loss", sam.perturbedLoss());
              line.put("sharpness", sam.sharpness());
              line.put("gradient_norm", sam.gradientNorm());
              line.put("rho", sam.rho());
            });
    line.put("steps_per_second", stepsOfProcess / ((System.nanoTime() - startedAt) / 1e9));
    write(line);
  }

  @Override
  public void epoch(long step, EpochResult epoch) {
    Map<String, Object> line = line("epoch", step);
    line.put("epoch", epoch.epoch());
    line.put("batch_loss", epoch.batchLoss());
    line.put("validation_accuracy", epoch.validation().accuracy());
    line.put("validation_loss", epoch.validation().loss());
    line.put("test_accuracy", epoch.test().accuracy());
    line.put("test_loss", epoch.test().loss());
    write(line);
  }

  /**
   * Says that the process stops before the end of the job.
   *
   * @param step how many steps have been taken
   * @param why the reason
   */
  public void stop(long step, String why) {
    Map<String, Object> line = line("stop", step);
    line.put("why", why);
    write(line);
  }

  /**
   * Says that the job has come to its end.
   *
   * @param step how many steps have been taken
   * @param figures what came out
   */
  public void end(long step, Map<String, ?> figures) {
    Map<String, Object> line = line("end", step);
    line.putAll(figures);
    write(line);
  }

  private static Map<String, Object> line(String event, long step) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("event", event);
    line.put("step", step);
    line.put("time", System.currentTimeMillis() / 1000.0);
    return line;
  }

  private void write(Map<String, Object> line) {
    try {
      append(line);
    } catch (IOException e) {
      throw new OutputException("log " + file, e, REMEDY);
    }
  }

  private void append(Map<String, Object> line) throws IOException {
    out.write((MAPPER.writeValueAsString(line) + "\n").getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void close() {
    try {
      out.close();
    } catch (IOException e) {
      throw new OutputException("log " + file, e, REMEDY);
    }
  }
}
