package org.samtf.cluster;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.samtf.internal.graph.Messages;
import org.tensorflow.TensorFlow;
import org.tensorflow.exceptions.TensorFlowException;

/** Whether all tasks of a cluster are there, and which are not. The first asks the others. */
final class Attendance {

  private static final long PAUSE_MILLIS = 500;

  /** What TensorFlow says of a step in which a task was silent for a while. */
  private static final Pattern BROKEN_OFF =
      Pattern.compile(
          "Deadline Exceeded|Operation timed out|UNAVAILABLE|failed to connect|Socket closed"
              + "|Connection reset|Session handle is not found|Graph handle is not found"
              + "|different device incarnation",
          Pattern.CASE_INSENSITIVE);

  private static final String AGAIN =
      ", though all tasks answer now: one was silent for a while, or steps take longer than"
          + " stepTimeout";

  private Attendance() {}

  /**
   * Waits until all tasks answer, and have the TensorFlow of this process.
   *
   * @param patience for how long
   * @return what they say of themselves
   * @throws LostTaskException if one does not
   * @throws IllegalStateException if one has another: to try again is useless
   */
  static List<String> require(List<Task> tasks, Duration patience) {
    long end = System.nanoTime() + patience.toNanos();
    Map<Task, String> silent = TaskProbe.await(tasks, patience);
    if (!silent.isEmpty()) {
      throw lost(silent, "no answer within " + inSeconds(patience) + " from ", null);
    }
    List<String> identities = awaitIdentities(tasks, end);
    String own = TensorFlow.version();
    Map<Task, String> others = new LinkedHashMap<>();
    for (int i = 0; i < identities.size(); i++) {
      String version = TaskIdentity.version(identities.get(i));
      if (!line(version).equals(line(own))) {
        others.put(tasks.get(i), "it runs TensorFlow " + version + ", and this process " + own);
      }
    }
    if (!others.isEmpty()) {
      throw new IllegalStateException("another TensorFlow in " + inWords(others));
    }
    return identities;
  }

  /** 2.18 of 2.18.0: what differs behind it understands each other. */
  private static String line(String version) {
    return version.replaceFirst("^(\\d+\\.\\d+).*", "$1");
  }

  /** A server answers a moment before it says what it is. */
  private static List<String> awaitIdentities(List<Task> tasks, long end) {
    while (true) {
      try {
        return identities(tasks);
      } catch (LostTaskException e) {
        if (System.nanoTime() >= end) {
          throw e;
        }
      }
      try {
        Thread.sleep(PAUSE_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while waiting for all tasks", e);
      }
    }
  }

  private static List<String> identities(List<Task> tasks) {
    Task first = tasks.get(0);
    try {
      return TaskIdentity.read(tasks, first, TaskIdentity.PATIENCE);
    } catch (TensorFlowException e) {
      // One of them; to find out which, they are asked one by one.
    }
    List<String> all = new ArrayList<>();
    Map<Task, String> silent = new LinkedHashMap<>();
    Throwable cause = null;
    for (Task task : tasks) {
      try {
        all.addAll(TaskIdentity.read(List.of(task), first, TaskIdentity.PATIENCE));
      } catch (TensorFlowException e) {
        silent.put(task, "it is silent, or was not started by Cluster of this version");
        cause = e;
      }
    }
    if (!silent.isEmpty()) {
      throw lost(silent, "no word about its TensorFlow from ", cause);
    }
    return all;
  }

  /**
   * Asks why a step has failed.
   *
   * @param before what the tasks said of themselves when the session was opened
   * @param failure of the step
   * @return the tasks that do not answer or were started anew, none if all are as they were before
   *     a silence; nothing if the step has failed for another reason
   */
  static Optional<LostTaskException> missing(
      List<Task> tasks, List<String> before, TensorFlowException failure) {
    String failed = "a step failed (" + Messages.firstLine(failure) + ")";
    Map<Task, String> silent = TaskProbe.ask(tasks, TaskProbe.LONGEST);
    if (!silent.isEmpty()) {
      return Optional.of(lost(silent, failed + ", as there is no answer from ", failure));
    }
    if (before.isEmpty()) {
      return Optional.empty();
    }
    Map<Task, String> anew = new LinkedHashMap<>();
    try {
      List<String> now = identities(tasks);
      for (int i = 0; i < now.size(); i++) {
        if (!now.get(i).equals(before.get(i))) {
          anew.put(tasks.get(i), "it was started anew");
        }
      }
    } catch (LostTaskException e) {
      e.addSuppressed(failure);
      return Optional.of(e);
    }
    if (!anew.isEmpty()) {
      return Optional.of(lost(anew, failed + " for ", failure));
    }
    return BROKEN_OFF.matcher(String.valueOf(failure.getMessage())).find()
        ? Optional.of(lost(Map.of(), failed + AGAIN, failure))
        : Optional.empty();
  }

  /** Names each task, and what is wrong with it. */
  static LostTaskException lost(Map<Task, String> tasks, String text, Throwable cause) {
    return new LostTaskException(
        text + inWords(tasks),
        tasks.keySet().stream().map(Task::toString).collect(Collectors.toList()),
        cause);
  }

  private static String inWords(Map<Task, String> tasks) {
    return tasks.entrySet().stream()
        .map(task -> task.getKey() + " (" + task.getValue() + ")")
        .collect(Collectors.joining(", "));
  }

  static String inSeconds(Duration duration) {
    return duration.toMillis() % 1000 == 0
        ? duration.toSeconds() + " s"
        : duration.toMillis() / 1e3 + " s";
  }
}
