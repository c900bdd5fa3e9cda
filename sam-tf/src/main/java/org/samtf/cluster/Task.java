package org.samtf.cluster;

import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One process of a cluster: what TensorFlow calls it, and where its server listens. */
final class Task {

  private static final Pattern ADDRESS = Pattern.compile("([^\\s,:/\\[\\]]+):(\\d{1,5})");

  private static final Pattern LOOPBACK =
      Pattern.compile("localhost|127\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}");

  final String job;
  final int index;
  final String host;
  final int port;

  private Task(String job, int index, String host, int port) {
    this.job = job;
    this.index = index;
    this.host = host;
    this.port = port;
  }

  /**
   * Names a process.
   *
   * @param job TensorFlow's name for a group of tasks that are alike
   * @param index its number in the group
   * @param address host:port
   * @throws IllegalArgumentException if that is no address
   */
  static Task of(String job, int index, String address) {
    Matcher matcher = ADDRESS.matcher(String.valueOf(address));
    int port = matcher.matches() ? Integer.parseInt(matcher.group(2)) : 0;
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException(
          job + " is \"" + address + "\"; write it as host:port, with a port from 1 to 65535");
    }
    return new Task(job, index, matcher.group(1), port);
  }

  String address() {
    return host + ":" + port;
  }

  /** What TensorFlow calls it; its devices' names begin so. */
  String name() {
    return "/job:" + job + "/replica:0/task:" + index;
  }

  /** Whether its address is of the machine that asks. */
  boolean isLoopback() {
    return LOOPBACK.matcher(host).matches();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Task
        && ((Task) other).name().equals(name())
        && ((Task) other).address().equals(address());
  }

  @Override
  public int hashCode() {
    return Objects.hash(name(), address());
  }

  @Override
  public String toString() {
    return job + " " + index + " at " + address();
  }
}
