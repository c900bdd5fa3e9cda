package org.samtf.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Finds the launcher that has started this process, in the variables that it has set. */
final class Environments {

  /** Sets the port, or the first of several on a host, where the launcher has none. */
  static final String PORT = "SAMTF_PORT";

  private Environments() {}

  /**
   * Reads the roles. {@code TF_CONFIG} comes before the others: nobody sets it but for TensorFlow.
   *
   * @throws IllegalArgumentException if there are none, or they contradict each other
   */
  static Roles read(Map<String, String> environment) {
    if (Variables.has(environment, TfConfig.NAME)) {
      return TfConfig.read(environment.get(TfConfig.NAME));
    }
    List<String> found = new ArrayList<>();
    if (SlurmEnvironment.isIn(environment)) {
      found.add("SLURM_PROCID");
    }
    if (KubernetesEnvironment.isIn(environment)) {
      found.add("JOB_COMPLETION_INDEX");
    }
    if (found.size() > 1) {
      throw new IllegalArgumentException(
          "the environment has both "
              + String.join(" and ", found)
              + ", of two launchers; take one away, or set TF_CONFIG, which comes before them");
    }
    if (found.isEmpty()) {
      throw new IllegalArgumentException(
          "no launcher has named the tasks: neither TF_CONFIG (TFJob), SLURM_PROCID (srun) nor"
              + " JOB_COMPLETION_INDEX (Indexed Job of Kubernetes) is set; start the processes by"
              + " one of them, or name the tasks yourself");
    }
    return SlurmEnvironment.isIn(environment)
        ? SlurmEnvironment.read(environment)
        : KubernetesEnvironment.read(environment);
  }
}
