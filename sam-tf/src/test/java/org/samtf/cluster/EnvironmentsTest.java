package org.samtf.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Roles from the environment; what TensorFlow's resolvers say comes from cluster_resolvers.py. */
class EnvironmentsTest {

  private static JsonNode resolvers() throws IOException {
    try (InputStream in = EnvironmentsTest.class.getResourceAsStream("cluster-resolvers.json")) {
      return new ObjectMapper().readTree(in);
    }
  }

  private static Map<String, String> map(JsonNode node) {
    Map<String, String> map = new HashMap<>();
    node.fields().forEachRemaining(field -> map.put(field.getKey(), field.getValue().asText()));
    return map;
  }

  private static Map<String, String> map(String assignments) {
    Map<String, String> map = new HashMap<>();
    for (String assignment : assignments.strip().split("\\s+")) {
      map.put(assignment.split("=", 2)[0], assignment.split("=", 2)[1]);
    }
    return map;
  }

  private static List<String> texts(JsonNode list) {
    List<String> texts = new ArrayList<>();
    list.forEach(text -> texts.add(text.asText()));
    return texts;
  }

  @Test
  void listsOfSlurmAsTensorFlowReadsThem() throws IOException {
    for (JsonNode pair : resolvers().get("hosts")) {
      assertThat(SlurmLists.hosts(pair.get(0).asText())).isEqualTo(texts(pair.get(1)));
    }
    for (JsonNode pair : resolvers().get("counts")) {
      assertThat(SlurmLists.counts(pair.get(0).asText()))
          .map(String::valueOf)
          .isEqualTo(texts(pair.get(1)));
    }
  }

  @Test
  void environmentsAsTensorFlowReadsThem() throws IOException {
    JsonNode environments = resolvers().get("environments");
    assertThat(environments.size()).isGreaterThan(10);
    for (JsonNode environment : environments) {
      Roles roles = Environments.read(map(environment.get("environment")));
      Set<String> expected = new HashSet<>();
      environment
          .get("cluster")
          .fields()
          .forEachRemaining(
              job -> {
                List<String> addresses = texts(job.getValue());
                for (int i = 0; i < addresses.size(); i++) {
                  expected.add(job.getKey() + " " + i + " at " + addresses.get(i));
                }
              });
      // An evaluator is in TensorFlow's list, and in no step.
      expected.removeIf(task -> task.startsWith("evaluator"));
      assertThat(roles.tasks).map(Task::toString).containsExactlyInAnyOrderElementsOf(expected);
      Task own = roles.tasks.get(roles.own);
      assertThat(own.job).isEqualTo(environment.get("job").asText());
      assertThat(own.index).isEqualTo(environment.get("index").asInt());
    }
  }

  @Test
  void theChiefIsTaskZeroAndServersComeLast() {
    Roles roles =
        Environments.read(
            Map.of(
                "TF_CONFIG",
                "{\"cluster\": {\"ps\": [\"p:1\"], \"worker\": [\"w:1\"], \"chief\": [\"c:1\"]},"
                    + " \"task\": {\"type\": \"ps\"}}"));
    assertThat(roles.tasks)
        .map(Task::toString)
        .containsExactly("chief 0 at c:1", "worker 0 at w:1", "ps 0 at p:1");
    assertThat(roles.own).isEqualTo(2);
  }

  /** TensorFlow sorts hosts as texts: it gives 10 the ranks of 9. */
  @Test
  void slurmsOrderOfHostsIsKept() {
    Roles roles =
        Environments.read(
            map(
                "SLURM_PROCID=2 SLURM_STEP_NUM_TASKS=3 SLURM_STEP_NODELIST=n[9-11]"
                    + " SLURM_STEP_TASKS_PER_NODE=1(x3) SLURMD_NODENAME=n11"));
    assertThat(roles.tasks).map(Task::address).containsExactly("n9:8888", "n10:8888", "n11:8888");
    assertThat(roles.own).isEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource({
    "sam-train-1, sam-train-0.sam:2222",
    "sam-train-1.sam.team.svc.cluster.local, sam-train-0.sam:2222",
    "set-workers-0-1, set-workers-0-0.sam:2222"
  })
  void podsOfAnIndexedJob(String host, String first) {
    Map<String, String> environment = map("JOB_COMPLETION_INDEX=1 SAMTF_TASKS=3 SAMTF_SERVICE=sam");
    environment.put("HOSTNAME", host);
    Roles roles = Environments.read(environment);
    assertThat(roles.tasks).hasSize(3).map(Task::address).first().isEqualTo(first);
    assertThat(roles.own).isEqualTo(1);
    environment.put("SAMTF_PORT", "2300");
    assertThat(Environments.read(environment).tasks.get(2).port).isEqualTo(2300);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "A=b | no launcher has named the tasks",
        "SLURM_PROCID=0 JOB_COMPLETION_INDEX=0 | both SLURM_PROCID and JOB_COMPLETION_INDEX",
        "SLURM_PROCID=0 | SLURM_STEP_NUM_TASKS is not set (Slurm); start each process by srun",
        "SLURM_PROCID=3 SLURM_STEP_NUM_TASKS=3 | SLURM_PROCID is \"3\" (Slurm); expected a whole"
            + " number from 0 to 2",
        "SLURM_PROCID=x SLURM_STEP_NUM_TASKS=3 | SLURM_PROCID is \"x\"",
        "SLURM_PROCID=0 SLURM_STEP_NUM_TASKS=3 SLURM_STEP_NODELIST=n[1-2]"
            + " SLURM_STEP_TASKS_PER_NODE=1(x3) | 2 hosts and SLURM_STEP_TASKS_PER_NODE counts for"
            + " 3",
        "SLURM_PROCID=0 SLURM_STEP_NUM_TASKS=4 SLURM_STEP_NODELIST=n[1-3]"
            + " SLURM_STEP_TASKS_PER_NODE=1(x3) | SLURM_STEP_NUM_TASKS is 4, but"
            + " SLURM_STEP_TASKS_PER_NODE (1(x3)) has another sum",
        "SLURM_PROCID=1 SLURM_STEP_NUM_TASKS=4 SLURM_STEP_NODELIST=n[1-2]"
            + " SLURM_STEP_TASKS_PER_NODE=2(x2) SLURMD_NODENAME=n2 | runs on n2, but would be on"
            + " n1",
        "SLURM_PROCID=0 SLURM_STEP_NUM_TASKS=1 SLURM_STEP_NODELIST=n1 SLURM_STEP_TASKS_PER_NODE=1"
            + " SAMTF_PORT=0 | SAMTF_PORT is \"0\"",
        "JOB_COMPLETION_INDEX=0 | SAMTF_TASKS is not set",
        "JOB_COMPLETION_INDEX=2 SAMTF_TASKS=2 | JOB_COMPLETION_INDEX is \"2\"",
        "JOB_COMPLETION_INDEX=0 SAMTF_TASKS=2 | SAMTF_SERVICE is not set",
        "JOB_COMPLETION_INDEX=0 SAMTF_TASKS=2 SAMTF_SERVICE=a_b | SAMTF_SERVICE is \"a_b\"",
        "JOB_COMPLETION_INDEX=0 SAMTF_TASKS=2 SAMTF_SERVICE=s HOSTNAME=x-1 | HOSTNAME is \"x-1\"",
        "TF_CONFIG=nonsense | TF_CONFIG is no JSON",
        "TF_CONFIG={} | TF_CONFIG cannot be used: it has no object cluster; expected {",
        "TF_CONFIG=[] | it is not an object",
        "TF_CONFIG={}{} | there is more behind its object",
        "TF_CONFIG={\"cluster\":{},\"cluster\":{}} | TF_CONFIG is no JSON: Duplicate field",
        "TF_CONFIG={\"cluster\":{}} | it has no object task",
        "TF_CONFIG={\"cluster\":{},\"task\":{}} | its task has no type",
        "TF_CONFIG={\"cluster\":{},\"task\":{\"type\":\"worker\"}} | neither a chief nor a worker",
        "TF_CONFIG={\"cluster\":{\"worker\":[\"a:1\"]},\"task\":{\"type\":\"worker\",\"index\":1}}"
            + " | its task is worker 1, which its cluster has not",
        "TF_CONFIG={\"cluster\":{\"worker\":[\"a:1\"]},\"task\":{\"type\":\"worker\",\"index\":-1}}"
            + " | the index of its task is \"-1\"",
        "TF_CONFIG={\"cluster\":{\"worker\":[\"a\"]},\"task\":{\"type\":\"worker\"}} | TF_CONFIG:"
            + " worker is \"a\"; write it as host:port",
        "TF_CONFIG={\"cluster\":{\"worker\":[\"a:1\",\"a:1\"]},\"task\":{\"type\":\"worker\"}} |"
            + " one of them twice",
        "TF_CONFIG={\"cluster\":{\"worker\":[1]},\"task\":{\"type\":\"worker\"}} | no text",
        "TF_CONFIG={\"cluster\":{\"worker\":\"a:1\"},\"task\":{\"type\":\"worker\"}} | not a list",
        "TF_CONFIG={\"cluster\":{\"tpu\":[]},\"task\":{\"type\":\"worker\"}} | the job \"tpu\"",
        "TF_CONFIG={\"cluster\":{\"chief\":[\"a:1\"],\"master\":[\"b:1\"]},\"task\":{\"type\":"
            + "\"chief\"}} | 2 chiefs",
        "TF_CONFIG={\"cluster\":{\"worker\":[\"a:1\"]},\"task\":{\"type\":\"evaluator\"}} | makes"
            + " this an evaluator",
        "TF_CONFIG={\"rpc_layer\":\"grpc+verbs\"} | its rpc_layer is \"grpc+verbs\"",
      })
  void environmentsThatCannotBeUsed(String environment, String message) {
    assertThatThrownBy(() -> Cluster.fromEnvironment(map(environment)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message)
        .message()
        .hasLineCount(1);
  }
}
