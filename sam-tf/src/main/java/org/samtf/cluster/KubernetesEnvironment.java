package org.samtf.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The pods of an Indexed Job of Kubernetes, alone or in a JobSet, each a worker.
 *
 * <p>Kubernetes names pod i of a job {@code JOB-i}, and with a headless service as its subdomain it
 * has the name {@code JOB-i.SERVICE} in the DNS. How many there are and what the service is called
 * no variable says, so the template sets {@value #TASKS} and {@value #SERVICE}.
 */
final class KubernetesEnvironment {

  /** As in TFJob. */
  static final int PORT = 2222;

  static final String TASKS = "SAMTF_TASKS";
  static final String SERVICE = "SAMTF_SERVICE";
  private static final String INDEX = "JOB_COMPLETION_INDEX";
  private static final String HOST = "HOSTNAME";

  private static final Pattern DNS_NAME =
      Pattern.compile("[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*");

  private KubernetesEnvironment() {}

  static boolean isIn(Map<String, String> environment) {
    return Variables.has(environment, INDEX);
  }

  static Roles read(Map<String, String> environment) {
    Variables variables = new Variables(environment, "Indexed Job of Kubernetes");
    int size =
        variables.number(TASKS, 1, 1 << 16, "set it to the completions of the job in its template");
    int own = variables.number(INDEX, 0, size - 1, "");
    String service =
        variables.text(SERVICE, "set it to the name of the headless service in the template");
    if (!DNS_NAME.matcher(service).matches()) {
      throw new IllegalArgumentException(
          SERVICE + " is \"" + service + "\"; expected the name of a service, such as sam-train");
    }
    int port = variables.port(Environments.PORT, PORT);
    String job = job(variables, own);
    List<String> addresses = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      addresses.add(job + "-" + i + "." + service + ":" + port);
    }
    return Roles.workers(addresses, own);
  }

  /** The name of the job, in the name that the pod has for itself: JOB-i, or JOB-i.SERVICE.… */
  private static String job(Variables variables, int own) {
    String host = variables.text(HOST, "leave the pod the host name that Kubernetes gives it");
    Matcher matcher = Pattern.compile("([a-z0-9-]+)-" + own + "(\\..*)?").matcher(host);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          HOST
              + " is \""
              + host
              + "\" and "
              + INDEX
              + " "
              + own
              + "; expected a name that ends with -"
              + own
              + ": leave the pod the host name that Kubernetes gives it");
    }
    return matcher.group(1);
  }
}
