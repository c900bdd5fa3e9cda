package org.samtf.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The processes of a job step of Slurm, each a worker.
 *
 * <p>Ports count up from {@value #PORT} on each host, as in TensorFlow's {@code
 * SlurmClusterResolver}. Unlike there, hosts keep the order that Slurm gives them, in which it also
 * numbers the processes: {@code n2} comes before {@code n10}.
 */
final class SlurmEnvironment {

  /** As in TensorFlow. */
  static final int PORT = 8888;

  private static final String RANK = "SLURM_PROCID";
  private static final String NODES = "SLURM_STEP_NODELIST";
  private static final String TASKS = "SLURM_STEP_NUM_TASKS";
  private static final String TASKS_PER_NODE = "SLURM_STEP_TASKS_PER_NODE";
  private static final String OWN_NODE = "SLURMD_NODENAME";
  private static final String REMEDY = "start each process by srun, in a job of Slurm";

  private SlurmEnvironment() {}

  static boolean isIn(Map<String, String> environment) {
    return Variables.has(environment, RANK);
  }

  static Roles read(Map<String, String> environment) {
    Variables variables = new Variables(environment, "Slurm");
    int size = variables.number(TASKS, 1, 1 << 16, REMEDY);
    int rank = variables.number(RANK, 0, size - 1, REMEDY);
    int port = variables.port(Environments.PORT, PORT);
    List<String> hosts = SlurmLists.hosts(variables.text(NODES, REMEDY));
    List<Integer> counts = SlurmLists.counts(variables.text(TASKS_PER_NODE, REMEDY));
    if (hosts.size() != counts.size()) {
      throw new IllegalArgumentException(
          NODES
              + " has "
              + hosts.size()
              + " hosts and "
              + TASKS_PER_NODE
              + " counts for "
              + counts.size()
              + "; "
              + REMEDY);
    }
    List<String> addresses = new ArrayList<>();
    for (int i = 0; i < hosts.size(); i++) {
      for (int k = 0; k < counts.get(i) && addresses.size() <= size; k++) {
        addresses.add(hosts.get(i) + ":" + (port + k));
      }
    }
    if (addresses.size() != size) {
      throw new IllegalArgumentException(
          TASKS
              + " is "
              + size
              + ", but "
              + TASKS_PER_NODE
              + " ("
              + environment.get(TASKS_PER_NODE).strip()
              + ") has another sum; "
              + REMEDY);
    }
    Roles roles = Roles.workers(addresses, rank);
    requireOwnNode(variables, roles.tasks.get(rank));
    return roles;
  }

  /** With {@code --distribution=cyclic} the ranks go round the nodes, and no variable says it. */
  private static void requireOwnNode(Variables variables, Task own) {
    if (variables.has(OWN_NODE) && !variables.text(OWN_NODE, "").equals(own.host)) {
      throw new IllegalArgumentException(
          RANK
              + " "
              + own.index
              + " runs on "
              + variables.text(OWN_NODE, "")
              + ", but would be on "
              + own.host
              + " if each node had its processes one after the other; give srun"
              + " --distribution=block");
    }
  }
}
