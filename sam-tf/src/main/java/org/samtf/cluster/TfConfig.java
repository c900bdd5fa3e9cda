package org.samtf.cluster;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samtf.internal.graph.Messages;

/**
 * The processes that {@code TF_CONFIG} names, which TensorFlow's own programs read and the operator
 * of TFJob sets.
 *
 * <p>Tasks are numbered in this order: the chief, which some call master, the workers, the
 * parameter servers. Evaluators are in no step and left out.
 */
final class TfConfig {

  static final String NAME = "TF_CONFIG";

  private static final Set<String> CHIEF = Set.of("chief", "master");
  private static final String EVALUATOR = "evaluator";

  private static final String FORM =
      "; expected {\"cluster\": {\"chief\": [\"host:port\"], \"worker\": [...], \"ps\": [...]},"
          + " \"task\": {\"type\": \"worker\", \"index\": 0}}";

  private TfConfig() {}

  static Roles read(String json) {
    Object config = parse(json);
    Map<?, ?> top = map(config, "it is not an object");
    Object layer = top.get("rpc_layer");
    if (layer != null && !layer.equals("grpc")) {
      throw wrong("its rpc_layer is \"" + layer + "\", and only grpc is served");
    }
    Map<?, ?> cluster = map(top.get("cluster"), "it has no object cluster");
    Map<?, ?> task = map(top.get("task"), "it has no object task");
    if (!(task.get("type") instanceof String)) {
      throw wrong("its task has no type");
    }
    String type = (String) task.get("type");
    if (type.equals(EVALUATOR)) {
      throw new IllegalArgumentException(
          NAME
              + " makes this an evaluator, which has no part in a step; let it read the models that"
              + " the chief writes, or leave it out");
    }
    List<Task> tasks = tasks(cluster);
    int index = index(task.get("index"));
    for (int i = 0; i < tasks.size(); i++) {
      if (tasks.get(i).job.equals(type) && tasks.get(i).index == index) {
        return Roles.of(tasks, i);
      }
    }
    throw wrong("its task is " + type + " " + index + ", which its cluster has not");
  }

  private static List<Task> tasks(Map<?, ?> cluster) {
    List<Task> chiefs = new ArrayList<>();
    List<Task> workers = new ArrayList<>();
    List<Task> servers = new ArrayList<>();
    for (Map.Entry<?, ?> job : cluster.entrySet()) {
      String name = (String) job.getKey();
      List<Task> group;
      if (CHIEF.contains(name)) {
        group = chiefs;
      } else if (name.equals(Roles.WORKER)) {
        group = workers;
      } else if (name.equals(Roles.PARAMETER_SERVER)) {
        group = servers;
      } else if (name.equals(EVALUATOR)) {
        continue;
      } else {
        throw wrong("its cluster has the job \"" + Messages.oneLine(name) + "\"");
      }
      group.addAll(tasks(name, job.getValue()));
    }
    if (chiefs.size() > 1) {
      throw wrong("its cluster has " + chiefs.size() + " chiefs");
    }
    List<Task> all = new ArrayList<>(chiefs);
    all.addAll(workers);
    if (all.isEmpty()) {
      throw wrong("its cluster has neither a chief nor a worker");
    }
    all.addAll(servers);
    return all;
  }

  private static List<Task> tasks(String job, Object addresses) {
    if (!(addresses instanceof List)) {
      throw wrong("the " + job + " of its cluster is not a list");
    }
    List<Task> tasks = new ArrayList<>();
    for (Object address : (List<?>) addresses) {
      if (!(address instanceof String)) {
        throw wrong("the " + job + " of its cluster has an entry that is no text");
      }
      try {
        tasks.add(Task.of(job, tasks.size(), (String) address));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(NAME + ": " + e.getMessage(), e);
      }
    }
    return tasks;
  }

  /** A number; some write it as a text, which TensorFlow's reader takes too. No index means 0. */
  private static int index(Object index) {
    if (index == null) {
      return 0;
    }
    String text = String.valueOf(index);
    if (!text.matches("\\d{1,9}")) {
      throw wrong("the index of its task is \"" + Messages.oneLine(text) + "\"");
    }
    return Integer.parseInt(text);
  }

  private static Map<?, ?> map(Object value, String otherwise) {
    if (value instanceof Map) {
      return (Map<?, ?>) value;
    }
    throw wrong(otherwise);
  }

  private static IllegalArgumentException wrong(String what) {
    return new IllegalArgumentException(NAME + " cannot be used: " + what + FORM);
  }

  private static Object parse(String json) {
    try {
      return parseWithJackson(json);
    } catch (NoClassDefFoundError e) {
      throw new IllegalStateException(
          NAME
              + " is set, and to read it com.fasterxml.jackson.core:jackson-core has to be on the"
              + " class path; add it, or name the tasks by Cluster.of",
          e);
    }
  }

  private static Object parseWithJackson(String json) {
    JsonFactory factory =
        JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
    try (JsonParser parser = factory.createParser(json)) {
      Object value = value(parser, parser.nextToken());
      if (parser.nextToken() != null) {
        throw wrong("there is more behind its object");
      }
      return value;
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          NAME + " is no JSON: " + Messages.oneLine(e.getOriginalMessage()) + FORM, e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Objects become maps and arrays lists; the depth is limited by Jackson. */
  private static Object value(JsonParser parser, JsonToken token) throws IOException {
    if (token == JsonToken.START_OBJECT) {
      Map<String, Object> map = new LinkedHashMap<>();
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String name = parser.currentName();
        map.put(name, value(parser, parser.nextToken()));
      }
      return map;
    }
    if (token == JsonToken.START_ARRAY) {
      List<Object> list = new ArrayList<>();
      for (JsonToken t = parser.nextToken(); t != JsonToken.END_ARRAY; t = parser.nextToken()) {
        list.add(value(parser, t));
      }
      return list;
    }
    if (token == JsonToken.VALUE_STRING) {
      return parser.getText();
    }
    // Of numbers one may be an index; the rest is not asked for.
    return token == JsonToken.VALUE_NUMBER_INT ? (Object) parser.getNumberValue() : token;
  }
}
