package org.samtf.cluster;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Asks a task whether it is there, without TensorFlow, which would wait for an answer without end.
 *
 * <p>gRPC speaks HTTP/2, in which both sides begin with their settings. So a server that lives
 * answers the client's beginning at once; the kernel still accepts connections for a process that
 * is frozen, but that says nothing.
 */
final class TaskProbe {

  private static final byte[] BEGINNING =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  /** A frame without content: length 0, type SETTINGS, no flags, stream 0. */
  private static final byte[] SETTINGS = {0, 0, 0, 4, 0, 0, 0, 0, 0};

  private static final int TYPE = 3;

  /** A live server answers in a round trip; a machine that swaps may take a while. */
  static final Duration LONGEST = Duration.ofSeconds(5);

  /** Less would call a live server silent. */
  private static final Duration SHORTEST = Duration.ofMillis(500);

  private static final Duration PAUSE = Duration.ofMillis(200);

  private static final String BROKEN_OFF =
      "it takes a connection and breaks it off: ending, or no server of TensorFlow";

  private TaskProbe() {}

  /** Why a task does not answer in time; nothing if it does. */
  static Optional<String> ask(Task task, Duration timeout) {
    int millis = (int) Math.max(1, Math.min(timeout.toMillis(), Integer.MAX_VALUE));
    InetAddress host;
    try {
      host = InetAddress.getByName(task.host);
    } catch (UnknownHostException e) {
      return Optional.of("its name does not resolve");
    }
    boolean isConnected = false;
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(host, task.port), millis);
      isConnected = true;
      socket.setSoTimeout(millis);
      socket.getOutputStream().write(BEGINNING);
      socket.getOutputStream().write(SETTINGS);
      socket.getOutputStream().flush();
      InputStream in = socket.getInputStream();
      byte[] frame = in.readNBytes(SETTINGS.length);
      if (frame.length == 0) {
        return Optional.of(BROKEN_OFF);
      }
      return frame.length == SETTINGS.length && frame[TYPE] == SETTINGS[TYPE]
          ? Optional.empty()
          : Optional.of("what answers there is no server of TensorFlow");
    } catch (SocketTimeoutException e) {
      return Optional.of(
          isConnected
              ? "it takes a connection and says nothing: frozen, or no server of TensorFlow"
              : "no connection: " + e.getMessage());
    } catch (IOException e) {
      // A reset also takes with it what the other side had said before.
      return Optional.of(isConnected ? BROKEN_OFF : "no connection: " + e.getMessage());
    }
  }

  /** Asks all at the same time; those that do not answer, in the order of the tasks, and why. */
  static Map<Task, String> ask(Collection<Task> tasks, Duration timeout) {
    List<CompletableFuture<Optional<String>>> answers = new ArrayList<>();
    for (Task task : tasks) {
      CompletableFuture<Optional<String>> answer = new CompletableFuture<>();
      // A thread of its own each: a name may take long to resolve.
      Thread thread = new Thread(() -> answer.complete(ask(task, timeout)), "ask " + task);
      thread.setDaemon(true);
      thread.start();
      answers.add(
          answer.completeOnTimeout(
              Optional.of("its name does not resolve in time"),
              // A connection and an answer have the timeout each.
              3 * timeout.toMillis(),
              TimeUnit.MILLISECONDS));
    }
    Map<Task, String> silent = new LinkedHashMap<>();
    int i = 0;
    for (Task task : tasks) {
      answers.get(i++).join().ifPresent(why -> silent.put(task, why));
    }
    return silent;
  }

  /**
   * Asks again until all answer.
   *
   * @param patience for how long
   * @return those that do not answer then, and why
   */
  static Map<Task, String> await(Collection<Task> tasks, Duration patience) {
    long end = System.nanoTime() + patience.toNanos();
    Collection<Task> missing = tasks;
    while (true) {
      Duration left = Duration.ofNanos(Math.max(SHORTEST.toNanos(), end - System.nanoTime()));
      Map<Task, String> silent = ask(missing, left.compareTo(LONGEST) < 0 ? left : LONGEST);
      if (silent.isEmpty() || System.nanoTime() >= end) {
        return silent;
      }
      missing = new ArrayList<>(silent.keySet());
      try {
        Thread.sleep(PAUSE.toMillis());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return silent;
      }
    }
  }
}
