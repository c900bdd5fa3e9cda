package org.samtf.cluster;

import java.util.ArrayList;
import java.util.List;

/** Which processes a cluster has, and which of them this is. */
final class Roles {

  /** The job of the machines that train. */
  static final String WORKER = "worker";

  /** TensorFlow's name for a job that has weights and does not train. */
  static final String PARAMETER_SERVER = "ps";

  /** In the order in which they are numbered. */
  final List<Task> tasks;

  /** The number of this process; -1 if nobody has said it. */
  final int own;

  private Roles(List<Task> tasks, int own) {
    this.tasks = List.copyOf(tasks);
    this.own = own;
  }

  static Roles of(List<Task> tasks, int own) {
    return new Roles(tasks, own);
  }

  /** All are alike, and train. */
  static Roles workers(List<String> addresses, int own) {
    List<Task> tasks = new ArrayList<>();
    for (String address : addresses) {
      tasks.add(Task.of(WORKER, tasks.size(), address));
    }
    return new Roles(tasks, own);
  }
}
